"""The Evolis codec: any pieces, any noise, any length; nothing raises, nothing grows, no spoiled panel is printed."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printer import Fault
from drivers.printer.evolis.codec import (
    BITS,
    LONGEST_COMMAND,
    LONGEST_REPLY,
    Ask,
    Command,
    CommandParser,
    Do,
    Download,
    Errors,
    Foreign,
    Garbage,
    Panel,
    ReplyParser,
    SetRibbon,
    encode,
    encode_reply,
    fault_of,
    panel_size,
    understood,
)


def a_panel(seed: int, panel: Panel = Panel.BLACK, levels: int = 2) -> Download:
    """Data full of the bytes that mean something outside a panel."""
    chance = random.Random(seed)
    data = bytearray(chance.randbytes(panel_size(levels)))
    for at in chance.sample(range(len(data)), 500):
        data[at : at + 4] = chance.choice((b"\r\r\r\r", b"\x1bSs\r", b"\x00\x00\r\x1b", b"Db;y"))
    return Download(panel, levels, bytes(data[: panel_size(levels)]))


plain = st.sampled_from([*Ask, *Do, *Errors, SetRibbon(), Foreign("Pc;k;=;10")])
downloads = st.builds(a_panel, st.integers(0, 9))
commands = st.lists(st.one_of(plain, plain, plain, downloads), max_size=6)


def in_pieces(data: bytes, cuts: list[float]) -> list[bytes]:
    edges = [0, *sorted(int(cut * len(data)) for cut in cuts), len(data)]
    return [data[begin:end] for begin, end in pairwise(edges)]


@settings(max_examples=60, deadline=None)
@given(commands, st.lists(st.floats(0, 1), max_size=8), st.integers(0, 70))
def test_what_is_sent_is_understood_however_it_is_cut(sent: list[Command], cuts: list[float], padding: int) -> None:
    stream = b"".join(encode(command) + bytes(padding) for command in sent)
    parser = CommandParser()
    assert [found for piece in in_pieces(stream, cuts) for found in parser.feed(piece)] == sent


def test_single_bytes_are_enough() -> None:
    stream = encode(Do.START) + encode(SetRibbon()) + encode(Ask.CARDS_LEFT)
    parser = CommandParser()
    assert [c for byte in stream for c in parser.feed(bytes((byte,)))] == [Do.START, SetRibbon(), Ask.CARDS_LEFT]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.one_of(st.binary(max_size=300), st.sampled_from([b"\x1bDb;y;32;", b"Db;", b";;;;", b"\r", b"\x1b"])))
)
def test_any_bytes_are_taken_without_raising_or_growing(pieces: list[bytes]) -> None:
    parser = CommandParser()
    for piece in pieces:
        parser.feed(piece)
        assert parser.held <= panel_size(128) if parser.inside_panel else parser.held < LONGEST_COMMAND


@given(st.binary(max_size=200).filter(lambda noise: b"Db;" not in noise))
def test_after_noise_the_next_line_is_understood(noise: bytes) -> None:
    parser = CommandParser()
    assert parser.feed(noise + b"\r" + encode(Ask.MODEL))[-1] is Ask.MODEL


@pytest.mark.parametrize(
    "header",
    [b"Db;y;999999999;", b"Db;y;-32;", b"Db;q;32;", b"Db;y;2;", b"Db;k;32;", b"Db;;;", b"Db;\xff;32;", b"Db;y;3\xff;"],
)
def test_an_impossible_panel_is_refused_and_the_next_command_understood(header: bytes) -> None:
    parser = CommandParser()
    *refused, last = parser.feed(b"\x1b" + header + b"\x01\x02\x03\r" + encode(Ask.MODEL))
    assert not parser.inside_panel
    assert refused
    assert all(isinstance(found, Garbage) for found in refused)
    assert last is Ask.MODEL


@pytest.mark.parametrize("change", [-1, 1])
def test_a_panel_that_lost_or_gained_a_byte_is_not_printed(change: int) -> None:
    frame = encode(Download(Panel.OVERLAY, 2, b"\xff" * panel_size(2)))
    frame = frame[:-2] + frame[-1:] if change < 0 else frame[:-1] + b"\xff\r"
    parser = CommandParser()
    found = parser.feed(frame + encode(Ask.MODEL))
    assert not any(isinstance(command, Download) for command in found)
    assert found[-1] is Ask.MODEL


def test_a_dropped_panel_leaves_nothing_behind() -> None:
    parser = CommandParser()
    parser.feed(encode(a_panel(1))[:5000])
    assert parser.inside_panel
    parser.drop()
    assert parser.feed(encode(Do.END)) == [Do.END]


@pytest.mark.parametrize(("levels", "size"), [(2, 82_296), (32, 411_480), (64, 493_776), (128, 576_072)])
def test_panel_sizes_follow_the_formula_of_the_guide(levels: int, size: int) -> None:
    assert panel_size(levels) == size
    assert levels == 2 ** BITS[levels]


def test_commands_are_written_as_in_the_guide() -> None:
    assert encode(SetRibbon()) == b"\x1bPr;ymcko\r"
    assert encode(Do.START) == b"\x1bSs\r"
    assert encode(Errors.BY_HOST) == b"\x1bPem;2\r"
    assert encode(Download(Panel.OVERLAY, 2, b"\xff" * 82_296)) == b"\x1bDb;o;2;" + b"\xff" * 82_296 + b"\r"


def test_a_panel_of_the_wrong_length_is_not_written() -> None:
    with pytest.raises(ValueError, match="411480 bytes, not 4"):
        encode(Download(Panel.CYAN, 32, bytes(4)))


def test_a_panel_cannot_show_in_a_log() -> None:
    assert "data" not in repr(Download(Panel.CYAN, 32, b"face"))


texts = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)


@given(st.lists(texts, max_size=8), st.lists(st.floats(0, 1), max_size=8))
def test_answers_arrive_however_they_are_cut(answers: list[str], cuts: list[float]) -> None:
    stream = b"".join(map(encode_reply, answers))
    parser = ReplyParser()
    assert [found for piece in in_pieces(stream, cuts) for found in parser.feed(piece)] == answers
    assert not parser.partial


@given(st.lists(st.binary(max_size=600)))
def test_any_bytes_make_short_printable_answers(pieces: list[bytes]) -> None:
    parser = ReplyParser()
    for piece in pieces:
        for answer in parser.feed(piece):
            assert 0 < len(answer) <= LONGEST_REPLY
            assert answer.isprintable()
            assert answer.isascii()


def test_a_spoiled_answer_is_not_understood() -> None:
    parser = ReplyParser()
    (answer,) = parser.feed(b"\xf0\x07OK\x00")
    assert not understood(answer)
    assert not understood("xOK")
    assert not understood("?COVER OPEN")
    assert understood("OK")


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("FEEDER EMPTY", Fault.FEEDER_EMPTY),
        ("ERROR RIBBON", Fault.RIBBON_OUT),
        ("COVER OPEN", Fault.COVER_OPEN),
        ("CARD JAM", Fault.JAM),
        ("ERR HEAD TEMP", Fault.OVERHEATED),
        ("ERR NEED CLEANING", Fault.CLEANING_DUE),
        ("HOPPER FULL", Fault.OTHER),
        ("ERROR CDE", None),
        ("OK", None),
    ],
)
def test_answers_name_faults(answer: str, fault: Fault | None) -> None:
    assert fault_of(answer) is fault
