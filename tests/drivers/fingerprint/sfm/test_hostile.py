"""A module that says anything at all: the driver ends in an answer or a named error, in time, and holds little."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.errors import DeviceError
from drivers.fingerprint import Template
from drivers.fingerprint.sfm.codec import END, Command, Decoder, Flag, Packet, total, write_image
from drivers.fingerprint.sfm.reader import SfmReader

flags = st.one_of(st.sampled_from(list(Flag)), st.integers(0, 255))
sizes = st.one_of(st.integers(0, 5_000), st.integers(0, 0xFFFFFFFF), st.just(28 + 64 * 64))
commands = st.one_of(st.none(), st.sampled_from(list(Command)), st.integers(0, 255))
tails = st.one_of(
    st.binary(max_size=60),
    st.binary(max_size=300).map(lambda data: data + total(data) + bytes([END])),
    st.just(write_image(np.zeros((64, 64), np.uint8))),
)
said = st.tuples(commands, st.integers(0, 0xFFFFFFFF), sizes, flags, tails)


LONGEST = 2 * (2 + 2.4 + 3) + 2 * (1 + 2 * 640 * 480 * 10 / 115_200) + 5
"""Seconds: two scans and what settles them, and an image of the greatest length there is, twice."""


class AnythingWire:
    """Answers what is sent with packets of a script: right command or not, with lengths and data of any kind."""

    def __init__(self, script: list[tuple[int | None, int, int, int, bytes]], *, kind: bool) -> None:
        self.baud, self.clock, self.longest = 115_200, 0.0, 0
        self._script, self._kind, self._turn, self._told = script, kind, 0, b""
        self._decoder = Decoder()

    def set_baud(self, baud: int) -> bool:
        self.baud = baud
        return True

    def now(self) -> float:
        return self.clock

    def sleep(self, seconds: float) -> None:
        self.clock += seconds

    def drop(self) -> None:
        self._told = b""

    def close(self) -> None:
        pass

    def write(self, data: bytes, *, by: float) -> bool:
        self.clock += 0.001
        self._decoder.feed(data)
        while (item := self._decoder.next()) is not None:
            if not isinstance(item, Packet):
                continue
            if self._kind and item.command in (Command.CHECK_STATUS, Command.CANCEL, Command.WRITE_PARAMETER):
                self._told += Packet(item.command, flag=Flag.SUCCESS).write()
            else:
                self._speak(item.command)
        return True

    def read(self, *, by: float) -> bytes:
        if not self._told:
            self.clock = max(self.clock, by)
            return b""
        self.clock += 0.002
        told, self._told = self._told[:512], self._told[512:]
        return told

    def _speak(self, command: int) -> None:
        for _ in range(3):
            other, param, size, flag, tail = self._script[self._turn % len(self._script)]
            self._turn += 1
            self._told += Packet(command if other is None else other, param, size, flag).write() + tail


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(said, min_size=1, max_size=12), st.booleans())
def test_a_module_that_says_anything_neither_hangs_nor_breaks_the_driver(
    script: list[tuple[int | None, int, int, int, bytes]], kind: bool
) -> None:
    wire, told = AnythingWire(script, kind=kind), []
    with suppress(DeviceError):
        reader = SfmReader(wire)
        for call in (
            lambda: reader.light(True, within=1),
            lambda: reader.scan(within=0),
            lambda: reader.lifted(within=0),
            lambda: reader.match(Template(reader.model.template_family, b"x" * 768), within=1),
            lambda: reader.scan(within=1),
        ):
            begun = wire.now()
            try:
                call()
            except DeviceError as error:
                told.append(str(error))
            assert wire.now() - begun < LONGEST
    assert all(sentence.endswith(".") for sentence in told)


def test_the_scripts_reach_the_driver() -> None:
    wire = AnythingWire([(None, 0, 0, Flag.SUCCESS, b"")], kind=True)
    reader = SfmReader(wire)
    with pytest.raises(DeviceError):
        reader.scan(within=0)
