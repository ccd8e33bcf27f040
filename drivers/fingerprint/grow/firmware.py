"""What a GROW/ZFM module does with a packet: answers out, no port and no clock. The inside of the simulated reader.

It holds what a module holds (an image, two feature buffers, system parameters, a library in flash memory) and judges
pixels alone: never a label.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from drivers.fingerprint.grow.codec import (
    Answer,
    Instruction,
    Kind,
    Packet,
    Parameter,
    Parameters,
    Product,
    encode,
    pack_image,
    unpack_image,
)
from drivers.fingerprint.synthetic import features

Image = npt.NDArray[np.uint8]
EMPTY = 250
"""Mean grey above which nothing lies on the glass."""
BUFFERS = (1, 2)
AWAKE = b"\x55"
"""What a module sends when it has started, ZFM-70 manual §6.3.5."""
_LIT = frozenset({0x01, 0x02, 0x03, 0x05})
"""AuraLedConfig's ways to be lit, R503 manual: breathing, flashing, on, gradually on."""


@dataclass
class _Volatile:
    """What is lost without power."""

    image: Image | None = None
    buffers: dict[int, bytes] = field(default_factory=dict)
    receiving: int | None = None
    received: bytearray = field(default_factory=bytearray)
    trusted: bool = False


class Firmware:
    """One module, from power-up on.

    Args:
        width, height, ppi: what the glass sees; ``ring``: whether light surrounds it.
        parameters: as the module was left; address, packet size and speed are kept without power.
        password: what it wants to hear before anything else; 0, the factory's, is not asked for.
        product: whether it knows ReadProdInfo, as later ones do.
        lazy: whether a new speed holds only from the next power-up on, as with some firmwares.
    """

    def __init__(
        self,
        parameters: Parameters,
        *,
        width: int,
        height: int,
        ppi: int,
        ring: bool = True,
        password: int = 0,
        product: bool = True,
        lazy: bool = False,
    ) -> None:
        self.parameters, self.baud = parameters, parameters.baud
        self.glass: Image | None = None
        self.ring_lit = False
        self._width, self._height, self._ppi = width, height, ppi
        self._ring, self._password, self._lazy = ring, password, lazy
        self._product = (
            Product("SIMULATED", "1", "0", (1, 0), "PIXELS", width, height, features.TEMPLATE_SIZE, parameters.capacity)
            if product
            else None
        )
        self._now = _Volatile()
        self._library: dict[int, bytes] = {}

    def through_the_glass(self, image: Image) -> Image:
        """``image`` in the sixteen grey levels that the module sees: what is matched is what is sent.

        Raises:
            ValueError: it is not of the glass's size.
        """
        if image.shape != (self._height, self._width):
            raise ValueError(f"the glass takes images of {self._height} × {self._width}, not {image.shape}")
        return unpack_image(pack_image(image), width=self._width, height=self._height)

    def power_up(self) -> None:
        """Begin again with what flash memory holds."""
        self._now = _Volatile()
        self.baud = self.parameters.baud
        self.ring_lit = False

    def hear(self, packet: Packet) -> bytes:
        """What the module says to ``packet``: an answer with the data that follows it, or nothing."""
        now = self._now
        if packet.address != self.parameters.address:
            return b""
        if packet.kind in (Kind.DATA, Kind.LAST_DATA) and now.receiving is not None:
            now.received += packet.payload
            if len(now.received) > features.TEMPLATE_SIZE:
                now.receiving = None
            elif packet.kind == Kind.LAST_DATA:
                now.buffers[now.receiving] = bytes(now.received)
                now.receiving = None
            return b""
        if packet.kind != Kind.COMMAND or not packet.payload:
            return b""
        try:
            instruction = Instruction(packet.payload[0])
        except ValueError:
            return self._say(Answer.UNKNOWN_INSTRUCTION)
        if self._password and not now.trusted and instruction is not Instruction.VERIFY_PASSWORD:
            return self._say(Answer.VERIFY_FIRST)
        return self._obey(instruction, packet.payload[1:])

    def _obey(self, instruction: Instruction, rest: bytes) -> bytes:
        now = self._now
        match instruction:
            case Instruction.VERIFY_PASSWORD:
                now.trusted = int.from_bytes(rest[:4], "big") == self._password
                return self._say(Answer.OK if now.trusted else Answer.WRONG_PASSWORD)
            case Instruction.READ_PARAMETERS:
                return self._say(Answer.OK, self.parameters.write())
            case Instruction.READ_PRODUCT:
                if self._product is None:
                    return self._say(Answer.UNKNOWN_INSTRUCTION)
                return self._say(Answer.OK, self._product.write())
            case Instruction.SET_PARAMETER:
                return self._set(rest)
            case Instruction.GET_IMAGE:
                now.image = self.glass
                empty = now.image is None or now.image.mean() > EMPTY
                return self._say(Answer.NO_FINGER if empty else Answer.OK)
            case Instruction.UPLOAD_IMAGE:
                if now.image is None:
                    return self._say(Answer.IMAGE_NOT_SENT)
                return self._say(Answer.OK, data=pack_image(now.image))
            case Instruction.EXTRACT:
                return self._extract(rest)
            case Instruction.UPLOAD_FEATURES:
                held = now.buffers.get(rest[0] if rest else 0)
                return self._say(Answer.UPLOAD_FAILED) if held is None else self._say(Answer.OK, data=held)
            case Instruction.DOWNLOAD_FEATURES:
                if not rest or rest[0] not in BUFFERS:
                    return self._say(Answer.DATA_REFUSED)
                now.receiving, now.received = rest[0], bytearray()
                return self._say(Answer.OK)
            case Instruction.MATCH:
                one, other = now.buffers.get(1), now.buffers.get(2)
                score = 0 if one is None or other is None else features.compare(one, other)
                answer = Answer.OK if score >= features.THRESHOLD else Answer.NO_MATCH
                return self._say(answer, min(score, 0xFFFF).to_bytes(2, "big"))
            case Instruction.MERGE:
                return self._merge()
            case Instruction.LIGHT:
                if not self._ring:
                    return self._say(Answer.UNKNOWN_INSTRUCTION)
                self.ring_lit = rest[:1] != b"" and rest[0] in _LIT
                return self._say(Answer.OK)
            case Instruction.ECHO:
                return self._say(Answer.AWAKE)
            case Instruction.RESTART:
                said = self._say(Answer.OK)
                self.power_up()
                return said + AWAKE
            case _:
                return self._shelve(instruction, rest)

    def _shelve(self, instruction: Instruction, rest: bytes) -> bytes:
        """What concerns the library, R307 manual §3: pages are counted from 0 to the capacity."""
        capacity, library = self.parameters.capacity, self._library
        buffer, first, count = rest[0] if rest else 0, _word(rest, 1), _word(rest, 3)
        held = self._now.buffers.get(buffer)
        match instruction:
            case Instruction.COUNT:
                return self._say(Answer.OK, len(library).to_bytes(2, "big"))
            case Instruction.READ_INDEX:
                used = sum(1 << page % 256 for page in library if page // 256 == buffer)
                return self._say(Answer.OK, used.to_bytes(32, "little"))
            case Instruction.EMPTY:
                library.clear()
                return self._say(Answer.OK)
            case Instruction.DELETE:
                for page in range(_word(rest, 0), _word(rest, 0) + _word(rest, 2)):
                    library.pop(page, None)
                return self._say(Answer.OK)
            case Instruction.STORE:
                if first >= capacity or held is None:
                    return self._say(Answer.NO_SUCH_PAGE)
                library[first] = held
                return self._say(Answer.OK)
            case Instruction.LOAD:
                if first not in library or buffer not in BUFFERS:
                    return self._say(Answer.LOAD_FAILED)
                self._now.buffers[buffer] = library[first]
                return self._say(Answer.OK)
            case Instruction.SEARCH:
                pages = [page for page in library if first <= page < first + count] if held else []
                scores = {page: features.compare(held or b"", library[page]) for page in pages}
                best = max(scores, key=lambda page: scores[page], default=0)
                if scores.get(best, 0) < features.THRESHOLD:
                    return self._say(Answer.NOT_FOUND, bytes(4))
                return self._say(Answer.OK, best.to_bytes(2, "big") + min(scores[best], 0xFFFF).to_bytes(2, "big"))
            case _:
                return self._say(Answer.UNKNOWN_INSTRUCTION)

    def _merge(self) -> bytes:
        """RegModel, R307 manual §3: one template of two impressions, in both buffers; here the first stays."""
        one, other = self._now.buffers.get(1), self._now.buffers.get(2)
        if one is None or other is None or features.compare(one, other) < features.THRESHOLD:
            return self._say(Answer.MERGE_FAILED)
        self._now.buffers[2] = one
        return self._say(Answer.OK)

    def _extract(self, rest: bytes) -> bytes:
        if self._now.image is None:
            return self._say(Answer.NO_IMAGE)
        if not rest or rest[0] not in BUFFERS:
            return self._say(Answer.BAD_PACKET)
        found = features.extract(self._now.image, ppi=self._ppi)
        if found is None:
            return self._say(Answer.TOO_FEW_FEATURES)
        self._now.buffers[rest[0]] = found
        return self._say(Answer.OK)

    def _set(self, rest: bytes) -> bytes:
        match tuple(rest[:2]):
            case (Parameter.PACKET_SIZE, size) if size <= 3:
                self.parameters = replace(self.parameters, packet_size=32 << size)
            case (Parameter.BAUD, times) if 1 <= times <= 12:
                self.parameters = replace(self.parameters, baud=times * 9600)
                if not self._lazy:
                    self.baud = self.parameters.baud
            case _:
                return self._say(Answer.UNKNOWN_INSTRUCTION)
        return self._say(Answer.OK)

    def _say(self, answer: Answer, rest: bytes = b"", *, data: bytes | None = None) -> bytes:
        address = self.parameters.address
        said = encode(Kind.ACK, bytes([answer]) + rest, address=address)
        if data is not None:
            size = self.parameters.packet_size
            for at in range(0, len(data), size):
                kind = Kind.LAST_DATA if at + size >= len(data) else Kind.DATA
                said += encode(kind, data[at : at + size], address=address)
        return said


def _word(rest: bytes, at: int) -> int:
    return int.from_bytes(rest[at : at + 2], "big")
