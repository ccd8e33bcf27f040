"""What an SFM module does with a packet: replies out, no port and no clock. The inside of the simulated module.

It holds what a module holds (the last image, enrolled templates, system parameters) and judges pixels alone: never a
label. Its templates are the simulator's own, not Suprema's, and it says so: its template type is none of Suprema's.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from drivers.fingerprint.sfm.codec import (
    ADD_CHECKSUM,
    AUTO_ID,
    END,
    GREY,
    OFF,
    ON,
    SPEEDS,
    Command,
    Flag,
    Packet,
    Parameter,
    total,
    write_image,
)
from drivers.fingerprint.sfm.reader import Sensor
from drivers.fingerprint.synthetic import features

Image = npt.NDArray[np.uint8]
EMPTY = 250
"""Mean grey above which nothing lies on the glass."""
PATIENCE = 10.0
"""Seconds a scan waits for its finger, as modules come set."""
TEMPLATE_TYPE = 0x7E
FIRMWARE = int.from_bytes(b"SIM1", "big")
_SCANS = frozenset({Command.SCAN_TEMPLATE, Command.SCAN_IMAGE, Command.SCAN_IMAGE_IN_BLOCKS})
_BINARY = 0x31
"""Value of IMAGE_FORMAT that modules come set to."""
LONGEST = 4_096
"""Bytes of the longest template it takes."""


@dataclass
class _Volatile:
    """What is lost without power."""

    parameters: dict[int, int]
    last: Image | None = None
    provisional: dict[int, bytes] = field(default_factory=dict)
    pending: Packet | None = None
    until: float = 0.0
    blocks: list[bytes] = field(default_factory=list)
    sending: int | None = None
    number: int = 0
    receiving: Packet | None = None
    received: bytearray = field(default_factory=bytearray)


class Module:
    """One module, from power-up on.

    Args:
        sensor, sensor_type: what the glass sees, and what is said of it.
        baud: as the module was left; what else is set holds until the power goes.
        blocks: whether it knows the Extended Data Transfer Protocol, as later ones do.
        resends: whether it sends a block again that came damaged; else it gives the transfer up.
        forgets: whether it knows provisional enrolment.
        encrypts: whether it was set to encrypt its templates.
    """

    def __init__(
        self,
        sensor: Sensor,
        *,
        sensor_type: int,
        baud: int,
        blocks: bool,
        resends: bool,
        forgets: bool,
        encrypts: bool,
    ) -> None:
        self.glass: Image | None = None
        self.kept: dict[int, bytes] = {}
        self._sensor, self._in_blocks, self._resends = sensor, blocks, resends
        self._flash: dict[int, int] = {
            Parameter.ENCRYPTION: ON if encrypts else OFF,
            Parameter.SENSOR_TYPE: sensor_type,
            Parameter.IMAGE_FORMAT: _BINARY,
            Parameter.FIRMWARE: FIRMWARE,
            Parameter.BAUD: SPEEDS[baud],
            Parameter.SEND_SCAN_SUCCESS: OFF,
            Parameter.FREE_SCAN: OFF,
            Parameter.TEMPLATE_TYPE: TEMPLATE_TYPE,
        }
        if forgets:
            self._flash[Parameter.PROVISIONAL_ENROLL] = OFF
        self._now = _Volatile(dict(self._flash))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of its images, in pixels."""
        return self._sensor.height, self._sensor.width

    @property
    def baud(self) -> int:
        """Bits a second at which it listens."""
        return next(baud for baud, value in SPEEDS.items() if value == self._now.parameters[Parameter.BAUD])

    @property
    def taught(self) -> int:
        """How many templates it holds, for good or not."""
        return len(self._now.provisional) + len(self.kept)

    @property
    def expects(self) -> int:
        """How many bytes of data it waits for."""
        receiving = self._now.receiving
        return 0 if receiving is None else receiving.size + 1 - len(self._now.received)

    @property
    def patient_until(self) -> float | None:
        """The instant at which a scan gives up; None when none waits."""
        return None if self._now.pending is None else self._now.until

    def power_up(self) -> None:
        """Begin again with what flash memory holds."""
        self._now = _Volatile(dict(self._flash))

    def hear(self, packet: Packet, now: float) -> list[bytes]:
        """What the module replies to ``packet`` at the instant ``now``."""
        state = self._now
        try:
            command = Command(packet.command)
        except ValueError:
            return [_say(packet, Flag.UNSUPPORTED)]
        if state.sending == command and packet.flag in (Flag.DATA_OK, Flag.DATA_ERROR):
            if packet.flag == Flag.DATA_ERROR and not self._resends:
                state.sending = None
                return []
            return self._block(packet, again=packet.flag == Flag.DATA_ERROR)
        match command:
            case Command.CHECK_STATUS:
                return [_say(packet, Flag.SUCCESS)]
            case Command.CANCEL:
                called_off, state.pending, state.sending = state.pending, None, None
                over = [] if called_off is None else [_say(called_off, Flag.CANCELED)]
                return [*over, _say(packet, Flag.SUCCESS)]
        if state.pending is not None:
            return [_say(packet, Flag.BUSY)]
        state.sending = None
        if command in _SCANS:
            if command is Command.SCAN_IMAGE_IN_BLOCKS and not self._in_blocks:
                return [_say(packet, Flag.UNSUPPORTED)]
            state.pending, state.until = packet, now + PATIENCE
            return self.look(now)
        return self._obey(command, packet)

    def look(self, now: float) -> list[bytes]:
        """What a scan that waits for its finger says at the instant ``now``."""
        state, asked = self._now, self._now.pending
        if asked is None:
            return []
        # Looked at once: whoever lifts the finger does so at any moment, on another thread.
        glass = self.glass
        if glass is None or glass.mean() > EMPTY:
            if now < state.until:
                return []
            state.pending = None
            return [_say(asked, Flag.TIME_OUT)]
        state.pending, state.last = None, glass.copy()
        news = [_say(asked, Flag.SCAN_SUCCESS)] if state.parameters[Parameter.SEND_SCAN_SUCCESS] == ON else []
        scan = self._template if asked.command == Command.SCAN_TEMPLATE else self._image
        return news + scan(asked, state.last)

    def take(self, data: bytes) -> list[bytes]:
        """Take some of the data that was expected in; what it replies when it is whole."""
        state = self._now
        state.received += data
        if state.receiving is None or self.expects:
            return []
        asked, template = state.receiving, bytes(state.received)
        self.give_up()
        if template[-1] != END:
            return [_say(asked, Flag.DATA_ERROR)]
        enrols = asked.command == Command.ENROLL_TEMPLATE
        news = [_say(asked, Flag.SCAN_SUCCESS)] if state.parameters[Parameter.SEND_SCAN_SUCCESS] == ON else []
        return [*news, self._enrol(asked, template[:-1]) if enrols else self._verify(asked, template[:-1])]

    def give_up(self) -> None:
        """Wait for no more data."""
        self._now.receiving, self._now.received = None, bytearray()

    def _obey(self, command: Command, packet: Packet) -> list[bytes]:
        state = self._now
        match command:
            case Command.READ_PARAMETER:
                value = state.parameters.get(packet.flag)
                return [_say(packet, Flag.NOT_FOUND) if value is None else _say(packet, Flag.SUCCESS, size=value)]
            case Command.WRITE_PARAMETER:
                known = packet.flag in state.parameters
                if known and (packet.flag != Parameter.BAUD or packet.size in SPEEDS.values()):
                    state.parameters[packet.flag] = packet.size
                    return [_say(packet, Flag.SUCCESS, size=packet.size)]
                return [_say(packet, Flag.UNSUPPORTED if known else Flag.NOT_FOUND)]
            case Command.READ_IMAGE | Command.READ_IMAGE_IN_BLOCKS:
                if command is Command.READ_IMAGE_IN_BLOCKS and not self._in_blocks:
                    return [_say(packet, Flag.UNSUPPORTED)]
                return [_say(packet, Flag.NOT_FOUND)] if state.last is None else self._image(packet, state.last)
            case Command.ENROLL_TEMPLATE | Command.VERIFY_TEMPLATE:
                if not 0 < packet.size <= LONGEST:
                    return [_say(packet, Flag.DATA_ERROR)]
                state.receiving, state.received = packet, bytearray()
                return []
            case Command.DELETE_PROVISIONAL:
                if not state.provisional:
                    return [_say(packet, Flag.NOT_FOUND)]
                state.provisional.clear()
                return [_say(packet, Flag.SUCCESS)]
        return [_say(packet, Flag.UNSUPPORTED)]

    def _template(self, asked: Packet, image: Image) -> list[bytes]:
        found = features.extract(image, ppi=self._sensor.ppi)
        if found is None:
            return [_say(asked, Flag.TRY_AGAIN)]
        data = found + (total(found) if asked.flag == ADD_CHECKSUM else b"") + bytes([END])
        return [_say(asked, Flag.SUCCESS, param=80, size=len(found)) + data]

    def _image(self, asked: Packet, image: Image) -> list[bytes]:
        state = self._now
        if state.parameters[Parameter.IMAGE_FORMAT] != GREY:
            # Of its formats the simulated module has one.
            return [_say(asked, Flag.UNSUPPORTED)]
        data = write_image(image)
        if asked.command in (Command.SCAN_IMAGE, Command.READ_IMAGE):
            return [_say(asked, Flag.SUCCESS, size=len(data)) + data + bytes([END])]
        size = max(1, asked.size)
        state.blocks = [data[at : at + size] for at in range(0, len(data), size)]
        state.sending, state.number = asked.command, 0
        return [_say(asked, Flag.SUCCESS, size=len(data)), *self._block(asked, again=True)]

    def _block(self, packet: Packet, *, again: bool) -> list[bytes]:
        """The block that is due, or due once more, as UF_ReceiveDataPacket of the SDK sources takes it."""
        state = self._now
        state.number += not again
        if state.number >= len(state.blocks):
            state.sending = None
            return []
        block = state.blocks[state.number]
        head = Packet(packet.command, param=state.number << 16 | len(state.blocks), size=len(block))
        return [head.write() + block + total(block)]

    def _enrol(self, asked: Packet, template: bytes) -> bytes:
        state = self._now
        forgets = state.parameters.get(Parameter.PROVISIONAL_ENROLL) == ON
        place = state.provisional if forgets else self.kept
        number = asked.param if asked.flag != AUTO_ID else max((*state.provisional, *self.kept), default=0) + 1
        place[number] = template
        return _say(asked, Flag.SUCCESS, param=number)

    def _verify(self, asked: Packet, template: bytes) -> bytes:
        enrolled = (self.kept | self._now.provisional).get(asked.param)
        if enrolled is None:
            return _say(asked, Flag.NOT_FOUND)
        alike = features.compare(enrolled, template) >= features.THRESHOLD
        return _say(asked, Flag.SUCCESS if alike else Flag.NOT_MATCH, param=asked.param)


def _say(asked: Packet, flag: Flag, *, param: int = 0, size: int = 0) -> bytes:
    return Packet(asked.command, param, size, flag).write()
