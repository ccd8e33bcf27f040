"""The bytes of Suprema's SFM modules: packets and data in and out, no port, no clock.

Sources: "UniFinger SFM Series Packet Protocol Manual" (Suprema; public as UF_Protocol_Manual of supremainc/sfmdev),
"Packet Protocol", "System Parameter Summary", "Command Summary"; "SFM SDK Reference Manual" v3.3.0 (supremainc/sfm-sdk)
§3.1 return codes, §3.4 packets and the Extended Data Transfer Protocol, §3.9 UFImage, and its headers UF_Packet.h,
UF_Error.h and UF_SysParameter.h. On the wire, little-endian:
``40 | command (1) | param (4) | size (4) | flag (1) | sum (1) | 0A``; the sum is that of the eleven bytes before it,
modulo 256. Data may follow a packet: which, and how many bytes of it, only the conversation tells. It ends in ``0A``.
"""

import struct
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

START, END = 0x40, 0x0A
LENGTH = 13
"""Bytes of a packet, whatever it says."""
ADD_CHECKSUM = 0x70
"""Flag of SCAN_TEMPLATE: let the sum of the template's bytes (4 bytes) follow it."""
AUTO_ID = 0x79
"""Flag of ENROLL_TEMPLATE: the module finds a free identity and tells it as ``param``."""
_PACKET = struct.Struct("<BBIIBBB")


class Command(IntEnum):
    """Command codes, "Command Summary"; in brackets the manual's name."""

    WRITE_PARAMETER = 0x01  # SW: flag = parameter, size = value; forgotten without power
    READ_PARAMETER = 0x03  # SR: flag = parameter; answered with size = value
    CHECK_STATUS = 0x04  # SS: answered even while a scan waits for its finger
    ENROLL_TEMPLATE = 0x07  # ET: data follows
    VERIFY_TEMPLATE = 0x10  # VT: data follows, compared with what is enrolled as ``param``
    SCAN_IMAGE = 0x15  # SI: waits for a finger; answered with an image
    READ_IMAGE = 0x20  # RI: the image that was scanned last
    SCAN_TEMPLATE = 0x21  # ST: waits for a finger; answered with its template, param = quality
    DELETE_PROVISIONAL = 0x24  # DP: forget all that was enrolled while PROVISIONAL_ENROLL was on
    CANCEL = 0x60  # CA
    SCAN_IMAGE_IN_BLOCKS = 0x83  # SIX
    READ_IMAGE_IN_BLOCKS = 0x84  # RIX


class Parameter(IntEnum):
    """System parameters, "System Parameter Summary"."""

    ENCRYPTION = 0x67
    SENSOR_TYPE = 0x68
    IMAGE_FORMAT = 0x6C
    FIRMWARE = 0x6E
    BAUD = 0x71
    SEND_SCAN_SUCCESS = 0x75
    FREE_SCAN = 0x84
    PROVISIONAL_ENROLL = 0x85
    TEMPLATE_TYPE = 0x96


OFF, ON = 0x30, 0x31
"""Values of the parameters that can be one or the other."""
GREY = 0x30
"""Value of IMAGE_FORMAT for 8 bits a pixel; modules come set to 1 bit."""
SPEEDS = {
    9_600: 0x31,
    19_200: 0x32,
    38_400: 0x33,
    57_600: 0x34,
    115_200: 0x35,
    230_400: 0x36,
    460_800: 0x37,
    921_600: 0x38,
}
"""Values of BAUD by bits a second."""


class Flag(IntEnum):
    """What an answer's flag means, SDK §3.1 and UF_Error.h; what is not listed is a refusal of the device's own."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> "Flag":
        """One flag: its code, and what it means as the end of a sentence."""
        flag = int.__new__(cls, code)
        flag._value_ = code
        flag.meaning = meaning
        return flag

    COMMAND_FAILED = 0x60, "it failed"
    SUCCESS = 0x61, "it was done"
    SCAN_SUCCESS = 0x62, "a finger was scanned, the rest follows"
    SCAN_FAIL = 0x63, "the sensor failed"
    NOT_FOUND = 0x69, "it knows no such thing"
    NOT_MATCH = 0x6A, "the fingers differ"
    TRY_AGAIN = 0x6B, "the print was not good enough"
    TIME_OUT = 0x6C, "no finger came"
    MEM_FULL = 0x6D, "its memory is full"
    EXIST_ID = 0x6E, "this identity is taken"
    FINGER_LIMIT = 0x72, "this identity has as many fingers as it may"
    CONTINUE = 0x74, "the finger is to be put on again"
    UNSUPPORTED = 0x75, "it does not know the command"
    INVALID_ID = 0x76, "the identity makes no sense"
    TIMEOUT_MATCH = 0x7A, "matching took too long"
    BUSY = 0x80, "it is busy with another command"
    CANCELED = 0x81, "it was called off"
    DATA_ERROR = 0x82, "the data came damaged"
    DATA_OK = 0x83, "the block came well"
    EXIST_FINGER = 0x86, "this finger is enrolled already"
    REJECTED_ID = 0x90, "this identity is blocked"
    DURESS_FINGER = 0x91, "the finger is marked as under duress"
    ACCESS_NOT_GRANTED = 0x93, "access is not granted now"
    EXCEED_ENTRANCE_LIMIT = 0x94, "the limit of entries is reached"
    CARD_ERROR = 0xA0, "the smart card cannot be read"
    LOCKED = 0xA1, "it is locked with a password"
    NO_SERIAL_NUMBER = 0xA2, "it has no serial number"
    RECOVERY_MODE = 0xA3, "it is in recovery mode"
    FAKE_DETECTED = 0xB0, "the finger was judged not to be alive"
    INVALID_DATABASE_FORMAT = 0xB2, "its memory is damaged"


def meaning(flag: int) -> str:
    """What ``flag`` means, as the end of a sentence; its code where it is not listed."""
    known = next((known for known in Flag if known == flag), None)
    return f"code {flag:#04x}" if known is None else f"{known.meaning}, code {flag:#04x}"


@dataclass(frozen=True, slots=True)
class Packet:
    """One whole packet whose sum is right. The meaning of ``param`` and ``size`` varies with the command."""

    command: int
    param: int = 0
    size: int = 0
    flag: int = 0

    def write(self) -> bytes:
        """The thirteen bytes. Raises struct.error for what does not fit."""
        begun = _PACKET.pack(START, self.command, self.param, self.size, self.flag, 0, END)
        return begun[:-2] + bytes([sum(begun[:-2]) & 0xFF, END])


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes of the data that was expected, as they came; ``left`` more are to come."""

    content: bytes = field(repr=False)
    left: int = 0


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that are no packet; their number, since what they hold may have been part of a print."""

    count: int


class Decoder:
    """Bytes in; packets, data or garbage out, one after the other. Never raises.

    Whoever takes a packet that data follows says so with ``expect`` before taking the next item. A start code whose sum
    or end code is wrong is given up as one byte of garbage, and the search goes on right behind it: so one stray, lost
    or flipped byte costs one packet and never the next. When all items are taken, less than one packet is held.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._left = 0

    def feed(self, data: bytes) -> None:
        """Take ``data`` in."""
        self._held += data

    def expect(self, length: int) -> None:
        """Take the next ``length`` bytes for data, whatever they look like."""
        self._left = max(0, length)

    def next(self) -> Packet | Data | Garbage | None:
        """The next item; None when more bytes must come."""
        held = self._held
        if self._left:
            return self._data() if held else None
        garbage = 0
        while True:
            at = held.find(START)
            skipped = len(held) if at < 0 else at
            del held[:skipped]
            garbage += skipped
            if len(held) < LENGTH or _is_packet(held):
                break
            del held[0]
            garbage += 1
        if garbage:
            return Garbage(garbage)
        return self._packet() if len(held) >= LENGTH else None

    def reset(self) -> None:
        """Forget what is held and expected: the line has been quiet, or was flushed."""
        self._held.clear()
        self._left = 0

    def _data(self) -> Data:
        content = bytes(self._held[: self._left])
        del self._held[: len(content)]
        self._left -= len(content)
        return Data(content, self._left)

    def _packet(self) -> Packet:
        _, command, param, size, flag, _, _ = _PACKET.unpack(self._held[:LENGTH])
        del self._held[:LENGTH]
        return Packet(command, param, size, flag)


def _is_packet(held: bytearray) -> bool:
    return held[LENGTH - 1] == END and sum(held[: LENGTH - 2]) & 0xFF == held[LENGTH - 2]


def total(data: bytes) -> bytes:
    """The sum of all bytes, modulo 2³², as the four bytes that follow a template and each block of an image."""
    return (int(np.frombuffer(data, np.uint8).sum(dtype=np.uint64)) & 0xFFFFFFFF).to_bytes(4, "little")


_HEADER = struct.Struct("<7I")
_SIDES = range(64, 641)
"""Pixels to a side that a single-finger module may have; UF_Image.h allows images of up to 640 × 480."""
LONGEST_IMAGE = _HEADER.size + 640 * 480
_GREY_FORMAT = 0


def write_image(image: npt.NDArray[np.uint8]) -> bytes:
    """``image``, uint8 (height, width), as a module sends it: SDK §3.9, a header of 28 bytes and one byte a pixel."""
    height, width = image.shape
    # Width, height, compressed, encrypted, format, length, template's length; the second two and the last are not used.
    return _HEADER.pack(width, height, 0, 0, _GREY_FORMAT, width * height, 0) + image.tobytes()


def read_image(raw: bytes) -> npt.NDArray[np.uint8]:
    """The image in ``raw``: uint8 (height, width), 0 = black, as the SDK draws it (§3.9.1).

    Raises ValueError when it is no 8-bit image, or header and length contradict each other.
    """
    if len(raw) < _HEADER.size:
        raise ValueError("an image has a header of twenty-eight bytes")
    width, height, _, _, kind, length, _ = _HEADER.unpack_from(raw)
    if kind != _GREY_FORMAT:
        raise ValueError("the image is not in 8-bit grey")
    if width not in _SIDES or height not in _SIDES or not width * height == length == len(raw) - _HEADER.size:
        raise ValueError("no module has an image of this size")
    return np.frombuffer(raw, np.uint8, length, _HEADER.size).reshape(height, width)
