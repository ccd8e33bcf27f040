"""Any bytes at all into a codec, guided by what code they reach; run by hand, as it never ends by itself.

    pip install atheris          # wheels for x86-64, Python 3.11 to 3.13; not part of the test extra
    python tests/bench/fuzz_codecs.py grow -max_total_time=150

What follows the codec's name goes to libFuzzer. It starts from packets that the codec itself has written, alone and in
rows; most mutations keep to packets: one is put in, taken out, cut, doubled, or given a length field of any size.
Looked for: an exception, more held than the codec promises, and another result when the bytes come in other pieces.
"""

import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import atheris
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

SIZES = (0, 1, 2, 5, 255, 256, 258, 259, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
"""Lengths that a field may claim."""
VECTORS = Path(__file__).resolve().parents[1] / "capture" / "iso" / "vectors"
Take = Callable[[ModuleType, Sequence[bytes]], tuple[list[Any], int]]
"""Feeds the pieces to a new decoder of the codec; what it found, and how many bytes it holds at the end."""


@dataclass(frozen=True)
class Target:
    """One codec: its module, how it is fed, some packets by its own encoder, and the most that it may hold in bytes."""

    module: str
    take: Take
    packets: Callable[[ModuleType], list[bytes]]
    most: int


def fed(decoder: str, held: Callable[[Any], int]) -> Take:
    """A decoder class with ``feed(bytes) -> list``."""

    def take(codec: ModuleType, pieces: Sequence[bytes]) -> tuple[list[Any], int]:
        ear = getattr(codec, decoder)()
        found: list[Any] = []
        for piece in pieces:
            found += ear.feed(piece)
        return found, held(ear)

    return take


def pulled(codec: ModuleType, pieces: Sequence[bytes]) -> tuple[list[Any], int]:
    """SFM: items are taken one by one, and a packet that announces data has it expected, however much it says."""
    ear = codec.Decoder()
    found: list[Any] = []
    for piece in pieces:
        ear.feed(piece)
        while (item := ear.next()) is not None:
            found.append(item)
            if isinstance(item, codec.Packet):
                ear.expect(item.size)
    return found, len(ear._held)


def whole(codec: ModuleType, pieces: Sequence[bytes]) -> tuple[list[Any], int]:
    """IPP: a message comes as a whole, and ends in one named error when it is none."""
    data = b"".join(pieces)
    try:
        message, document = codec.decode(data)
    except codec.NotIpp:
        return [], 0
    if len(document) > len(data):
        raise AssertionError("more behind the message than came")
    return [message], 0


def pages(codec: ModuleType, pieces: Sequence[bytes]) -> tuple[list[Any], int]:
    """PWG Raster: a document comes as a whole, and ends in one named error when it is none."""
    try:
        found = codec.decode(b"".join(pieces))
    except codec.NotRaster:
        return [], 0
    return [(page.dots.shape, page.dots.tobytes(), page.dpi) for page in found], 0


def record(reader: str, files: str) -> tuple[Take, Callable[[ModuleType], list[bytes]]]:
    """A record of ISO/IEC 19794 comes as a whole, and ends in one named error when it is none."""

    def take(codec: ModuleType, pieces: Sequence[bytes]) -> tuple[list[Any], int]:
        try:
            return [getattr(codec, reader)(b"".join(pieces))], 0
        except codec.MalformedRecord:
            return [], 0

    return take, lambda _: [path.read_bytes() for path in sorted(VECTORS.glob(files))]


def grow(codec: ModuleType) -> list[bytes]:
    kinds = [codec.encode(kind, bytes(size)) for kind in codec.Kind for size in (0, 1, 17, 32, 256)]
    # Whole in all but their length, which says anything.
    bodies = [bytes((codec.Kind.DATA,)) + (size & 0xFFFF).to_bytes(2, "big") + bytes(40) for size in SIZES]
    kinds += [codec.START + b"\xff" * 4 + body + (sum(body) & 0xFFFF).to_bytes(2, "big") for body in bodies]
    return [*kinds, *(codec.command(instruction, b"\x01") for instruction in codec.Instruction)]


def sfm(codec: ModuleType) -> list[bytes]:
    asked = [codec.Packet(command, size=size).write() for command in codec.Command for size in SIZES]
    return [*asked, *(codec.Packet(0x15, flag=flag).write() for flag in codec.Flag), b"\x00" * 5 + b"\x0a"]


def evolis(codec: ModuleType) -> list[bytes]:
    plain = [codec.encode(command) for command in codec.PLAIN.values()]
    panel = codec.encode(codec.Download(codec.Panel.BLACK, 2, bytes(codec.panel_size(2))))
    return [*plain, codec.encode(codec.SetRibbon()), codec.encode(codec.Foreign("Rsn")), panel, panel[:40]]


def replies(codec: ModuleType) -> list[bytes]:
    return [codec.encode_reply(text) for text in (codec.OK, *codec.FAULTS, *codec.MISUNDERSTOOD, "R2000-0001")]


def ipp(codec: ModuleType) -> list[bytes]:
    value, tag = codec.Value, codec.Tag
    plain = {
        "copies": (value(tag.INTEGER, 1), value(tag.ENUM, 3)),
        "media": (value(tag.KEYWORD, "om_cr80_53.98x85.6mm"), value(tag.BOOLEAN, True), value(tag.NO_VALUE, None)),
        "range": (value(tag.RANGE, codec.Range(1, 2)), value(tag.RESOLUTION, codec.Resolution(300, 300))),
        "named": (value(tag.NAME_IN_LANGUAGE, b"\x00\x02en\x00\x02hi"), value(tag.OCTETS, b"\x00\xff")),
    }
    nested = {"media-col": (value(tag.COLLECTION, {"media-size": (value(tag.COLLECTION, plain),)}),)}
    groups = ((codec.Group.OPERATION, plain), (codec.Group.PRINTER, nested))
    return [codec.encode(codec.Message(code, 7, groups[:count])) for code, count in ((0x0B, 0), (0, 1), (0x0502, 2))]


def raster(codec: ModuleType) -> list[bytes]:
    dots = np.arange(12 * 20 * 3, dtype=np.uint8).reshape(12, 20, 3)
    dots[3:9] = 255
    one = codec.encode([codec.Page(dots, 300)])
    # Whole in all but one number of the header, which says anything.
    places = (codec.WIDTH, codec.HEIGHT, codec.BYTES_PER_LINE, codec.BITS_PER_DOT, codec.PAGES)
    at = len(codec.SYNC)
    lying = [
        one[: at + place] + (size & 0xFFFFFFFF).to_bytes(4, "big") + one[at + place + 4 :]
        for place in places
        for size in SIZES
    ]
    return [one, codec.encode([codec.Page(dots, 300, duplex=True)] * 2), *lying]


CODECS = {
    "grow": Target("drivers.fingerprint.grow.codec", fed("Decoder", lambda ear: len(ear._held)), grow, 266),
    "sfm": Target("drivers.fingerprint.sfm.codec", pulled, sfm, 12),
    "evolis": Target("drivers.printer.evolis.codec", fed("CommandParser", lambda ear: ear.held), evolis, 576_073),
    "replies": Target("drivers.printer.evolis.codec", fed("ReplyParser", lambda ear: len(ear._buffer)), replies, 4_096),
    "ipp": Target("drivers.printer.ipp.codec", whole, ipp, 0),
    "raster": Target("drivers.printer.ipp.raster", pages, raster, 0),
    "finger": Target("kiosk.capture.iso.finger", *record("read_finger_record", "*.fir"), 0),
    "face": Target("kiosk.capture.iso.face", *record("read_face_record", "*.fac"), 0),
    "iris": Target("kiosk.capture.iso.iris", *record("read_iris_record", "*.iir"), 0),
    "signature": Target("kiosk.capture.iso.signature", *record("read_signature_record", "*.sdi"), 0),
    "cbeff": Target("kiosk.capture.iso.cbeff", *record("read_bir_document", "*.xml"), 0),
}


def settled(found: Sequence[Any]) -> list[Any]:
    """What was found, with garbage in a row as one, and data that came in pieces in one: pieces may part them."""
    merged: list[Any] = []
    for item in found:
        kind, last = type(item).__name__, merged[-1] if merged else None
        if kind == "Garbage":
            count = getattr(item, "count", None) or item.length
            if isinstance(last, int):
                merged[-1] = last + count
            else:
                merged.append(count)
        elif kind == "Data" and isinstance(last, bytearray):
            last += item.content
        else:
            merged.append(bytearray(item.content) if kind == "Data" else item)
    return merged


def mutator(packets: list[bytes]) -> Callable[[bytes, int, int], bytes]:
    """Mutate a row of packets as a cable or an enemy would; every third time leave it to libFuzzer."""

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        packet, at = bytearray(chance.choice(packets)), chance.randrange(len(data) + 1)
        match chance.randrange(6):
            case 0 | 1:
                return bytes(atheris.Mutate(data, most))
            case 2:
                # A length field, wherever it is, of any size: two or four bytes of an otherwise good packet.
                field, width = chance.randrange(len(packet)), chance.choice((1, 2, 4))
                size = chance.choice((*SIZES, chance.randrange(1 << 32)))
                order = chance.choice(("big", "little"))
                packet[field : field + width] = (size % (1 << 8 * width)).to_bytes(width, order)
            case 3:
                packet = packet[: chance.randrange(len(packet) + 1)]
            case 4:
                packet[chance.randrange(len(packet))] ^= chance.randrange(1, 256)
        return (data[:at] + bytes(packet) + data[chance.choice((at, at, chance.randrange(at, len(data) + 1))) :])[:most]

    return mutate


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in CODECS:
        raise SystemExit(f"{__doc__}\nCodecs: {', '.join(CODECS)}")
    target = CODECS[sys.argv[1]]
    with atheris.instrument_imports(include=[target.module]):
        codec = import_module(target.module)
    packets = target.packets(codec)

    def once(data: bytes) -> None:
        found, held = target.take(codec, [data])
        if held > target.most:
            raise AssertionError(f"{held} bytes are held, more than {target.most}")
        step = data[0] % 37 + 1 if data else 1
        pieces = [data[at : at + step] for at in range(0, len(data), step)]
        again, _ = target.take(codec, pieces)
        if settled(found) != settled(again):
            raise AssertionError(f"other packets when the bytes come {step} at a time")

    # Kept, and gone on from the next time; what crashed lies beside it.
    place = Path(tempfile.gettempdir()) / "rekam-fuzz" / sys.argv[1]
    (corpus := place / "corpus").mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate([*packets, b"".join(packets[:12]), b"".join(packets)]):
        (corpus / f"seed-{number:03}").write_bytes(seed)
    longest = max(len(b"".join(packets)), 4_096)
    options = [sys.argv[0], str(corpus), f"-max_len={longest}", f"-artifact_prefix={place}/", "-print_final_stats=1"]
    atheris.Setup([*options, *sys.argv[2:]], once, custom_mutator=mutator(packets))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
