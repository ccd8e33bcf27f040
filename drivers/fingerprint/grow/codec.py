"""The bytes of the GROW/ZFM family (R307, R503, AS608 …): packets in and out, no port, no clock.

Source: "R307 Fingerprint Module User Manual", §2.1 data package format and §3 instructions; "R503 Fingerprint Module
User Manual" v1.2.2 for what came later (AuraLedConfig, ReadProdInfo). On the wire:
``EF01 | address (4) | kind (1) | length (2) | payload | sum (2)``, big-endian; the length counts payload and sum; the
sum is that of kind, length bytes and payload, modulo 65536.
"""

import struct
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

START = b"\xef\x01"
EVERYBODY = 0xFFFFFFFF
"""The default address; a module answers to it unless it was given another one."""
LONGEST = 256
"""Payload bytes of the largest packet that SetSysPara can choose."""
_HEAD = 9
_SUM = 2


class Kind(IntEnum):
    """Package identifiers, §2.1."""

    COMMAND = 0x01
    DATA = 0x02
    ACK = 0x07
    LAST_DATA = 0x08


class Instruction(IntEnum):
    """Instruction codes, §3."""

    GET_IMAGE = 0x01
    EXTRACT = 0x02
    MATCH = 0x03
    SEARCH = 0x04
    MERGE = 0x05
    STORE = 0x06
    LOAD = 0x07
    UPLOAD_FEATURES = 0x08
    DOWNLOAD_FEATURES = 0x09
    UPLOAD_IMAGE = 0x0A
    DELETE = 0x0C
    EMPTY = 0x0D
    SET_PARAMETER = 0x0E
    READ_PARAMETERS = 0x0F
    VERIFY_PASSWORD = 0x13
    COUNT = 0x1D
    READ_INDEX = 0x1F
    LIGHT = 0x35
    READ_PRODUCT = 0x3C
    RESTART = 0x3D
    ECHO = 0x53


ANSWERED = {
    Instruction.MATCH: 2,
    Instruction.SEARCH: 4,
    Instruction.READ_PARAMETERS: 16,
    Instruction.COUNT: 2,
    Instruction.READ_INDEX: 32,
    Instruction.READ_PRODUCT: 46,
}
"""Bytes that follow the confirmation code of a success, §3; none where it is not said. Answers carry no number: by its
length a late one is told from the one that is waited for."""


class Answer(IntEnum):
    """Confirmation codes, §3; what is not listed is a refusal of the device's own."""

    OK = 0x00
    BAD_PACKET = 0x01
    NO_FINGER = 0x02
    IMAGE_FAILED = 0x03
    TOO_MESSY = 0x06
    TOO_FEW_FEATURES = 0x07
    NO_MATCH = 0x08
    NOT_FOUND = 0x09
    MERGE_FAILED = 0x0A
    NO_SUCH_PAGE = 0x0B
    LOAD_FAILED = 0x0C
    UPLOAD_FAILED = 0x0D
    DATA_REFUSED = 0x0E
    IMAGE_NOT_SENT = 0x0F
    WRONG_PASSWORD = 0x13
    NO_IMAGE = 0x15
    UNKNOWN_INSTRUCTION = 0x1C
    VERIFY_FIRST = 0x21
    AWAKE = 0x55


class Parameter(IntEnum):
    """What SetSysPara sets, §3: baud as N × 9,600, packet size as 0…3 for 32, 64, 128, 256."""

    BAUD = 4
    SECURITY = 5
    PACKET_SIZE = 6


@dataclass(frozen=True, slots=True)
class Packet:
    """One whole packet whose sum is right."""

    kind: int
    payload: bytes = field(repr=False)
    address: int = EVERYBODY


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that are no packet; their number, since what they hold may have been part of a print."""

    count: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """The sixteen bytes of ReadSysPara, §3: ``packet_size`` in bytes, ``baud`` in bits a second."""

    status: int
    system_id: int
    capacity: int
    security: int
    address: int
    packet_size: int
    baud: int

    @classmethod
    def read(cls, raw: bytes) -> "Parameters":
        """Take the sixteen bytes apart. Raises ValueError when they cannot be parameters."""
        if len(raw) != 16:
            raise ValueError("parameters are sixteen bytes")
        words = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, 16, 2)]
        if words[6] > 3 or not 1 <= words[7] <= 12:
            raise ValueError("no such packet size or baud")
        return cls(words[0], words[1], words[2], words[3], words[4] << 16 | words[5], 32 << words[6], words[7] * 9600)

    def write(self) -> bytes:
        """The sixteen bytes again."""
        words = (
            self.status,
            self.system_id,
            self.capacity,
            self.security,
            self.address >> 16,
            self.address & 0xFFFF,
            (self.packet_size // 32).bit_length() - 1,
            self.baud // 9600,
        )
        return b"".join(word.to_bytes(2, "big") for word in words)


_PRODUCT = struct.Struct(">16s4s8s2B8s4H")
_SIDES = range(64, 641)
"""Pixels to a side that a single-finger module may have; what is outside is a firmware that does not know."""


@dataclass(frozen=True, slots=True)
class Product:
    """The forty-six bytes of ReadProdInfo, R503 manual p. 26: ``width`` and ``height`` of the image in pixels."""

    module: str
    batch: str
    serial: str
    hardware: tuple[int, int]
    sensor: str
    width: int
    height: int
    template_size: int
    capacity: int

    @classmethod
    def read(cls, raw: bytes) -> "Product":
        """Take the bytes apart. Raises ValueError when they cannot be a product's."""
        if len(raw) != _PRODUCT.size:
            raise ValueError("product information is forty-six bytes")
        module, batch, serial, major, minor, sensor, width, height, template_size, capacity = _PRODUCT.unpack(raw)
        if width not in _SIDES or height not in _SIDES or width % 2:
            raise ValueError("no module has an image of this size")
        texts = (_text(module), _text(batch), _text(serial), _text(sensor))
        return cls(*texts[:3], (major, minor), texts[3], width, height, template_size, capacity)

    def write(self) -> bytes:
        """The forty-six bytes again."""
        texts = (text.encode("ascii") for text in (self.module, self.batch, self.serial))
        numbers = (self.width, self.height, self.template_size, self.capacity)
        return _PRODUCT.pack(*texts, *self.hardware, self.sensor.encode("ascii"), *numbers)


def _text(raw: bytes) -> str:
    """What is readable of a padded text: it is shown to people, and kept beside the image."""
    return "".join(chr(byte) for byte in raw.split(b"\0")[0] if 0x20 <= byte < 0x7F).strip()


def encode(kind: int, payload: bytes, *, address: int = EVERYBODY) -> bytes:
    """One packet as bytes. Raises ValueError when the payload is too long for any module."""
    if len(payload) > LONGEST:
        raise ValueError("a packet carries at most 256 bytes")
    body = bytes([kind]) + (len(payload) + _SUM).to_bytes(2, "big") + payload
    return START + address.to_bytes(4, "big") + body + (sum(body) & 0xFFFF).to_bytes(2, "big")


def command(instruction: Instruction, parameters: bytes = b"", *, address: int = EVERYBODY) -> bytes:
    """One command packet as bytes."""
    return encode(Kind.COMMAND, bytes([instruction]) + parameters, address=address)


class Decoder:
    """Bytes in, packets or garbage out. Never raises; holds at most one packet's worth of bytes.

    A start mark whose header or sum is wrong is given up as one byte of garbage, and the search goes on right behind
    it: so one stray, lost or flipped byte costs one packet and never the next.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._garbage = 0

    def feed(self, data: bytes) -> list[Packet | Garbage]:
        """Take ``data`` in; what became whole by it, in order."""
        self._held += data
        found: list[Packet | Garbage] = []
        while True:
            if not self._seek():
                break
            packet = self._packet()
            if packet is None:
                break
            if isinstance(packet, Packet):
                self._flush(found)
                found.append(packet)
            else:
                self._drop(1)
        self._flush(found)
        return found

    def reset(self) -> None:
        """Forget what is held: the line has been quiet, or was flushed."""
        self._held.clear()
        self._garbage = 0

    def _seek(self) -> bool:
        """Drop what comes before a possible start; whether there is one."""
        at = self._held.find(START)
        if at < 0:
            # The last byte may be the first half of a start mark.
            keep = 1 if self._held[-1:] == START[:1] else 0
            self._drop(len(self._held) - keep)
            return False
        self._drop(at)
        return True

    def _packet(self) -> Packet | Garbage | None:
        """The packet at the front; Garbage when it cannot be one, None when more bytes must come."""
        held = self._held
        if len(held) < _HEAD:
            return None
        kind, length = held[6], held[7] << 8 | held[8]
        if kind not in _KINDS or not _SUM <= length <= LONGEST + _SUM:
            return Garbage(1)
        whole = _HEAD + length
        if len(held) < whole:
            return None
        body = held[6 : whole - _SUM]
        if sum(body) & 0xFFFF != held[whole - 2] << 8 | held[whole - 1]:
            return Garbage(1)
        packet = Packet(kind, bytes(held[_HEAD : whole - _SUM]), int.from_bytes(held[2:6], "big"))
        del held[:whole]
        return packet

    def _drop(self, count: int) -> None:
        del self._held[:count]
        self._garbage += count

    def _flush(self, found: list[Packet | Garbage]) -> None:
        if self._garbage:
            found.append(Garbage(self._garbage))
            self._garbage = 0


_KINDS = frozenset(Kind)


def pack_image(image: npt.NDArray[np.uint8]) -> bytes:
    """An image as it goes over the wire, §3 UpImage: two pixels a byte, the left one in the high nibble.

    ``image`` is uint8 (height, width) with an even width; only its four high bits are kept.
    """
    nibbles = image.reshape(-1, 2) >> 4
    return (nibbles[:, 0] << 4 | nibbles[:, 1]).astype(np.uint8).tobytes()


def unpack_image(data: bytes, *, width: int, height: int) -> npt.NDArray[np.uint8]:
    """The image in ``data``: uint8 (height, width), the sixteen levels spread from 0 to 255.

    Raises ValueError when ``data`` is of another length.
    """
    if len(data) * 2 != width * height:
        raise ValueError(f"an image of {width} × {height} has {width * height // 2} bytes, not {len(data)}")
    packed = np.frombuffer(data, np.uint8)
    nibbles = np.empty((len(packed), 2), np.uint8)
    nibbles[:, 0], nibbles[:, 1] = packed >> 4, packed & 0x0F
    return (nibbles * 17).reshape(height, width)
