"""A reader on a pty that speaks the GROW/ZFM protocol: the production driver cannot tell it from a module.

It holds what a module holds (an image, two feature buffers, system parameters) and judges pixels alone: never a label.
A finger laid on it goes through the module's sixteen grey levels, like everything else on the wire.
"""

import os
import queue
import select
import termios
import threading
import time
import tty
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from drivers.fingerprint import features
from drivers.fingerprint.codec import (
    EVERYBODY,
    Answer,
    Decoder,
    Instruction,
    Kind,
    Packet,
    Parameter,
    Parameters,
    encode,
    pack_image,
    unpack_image,
)
from drivers.fingerprint.reader import HEIGHT, PPI, WIDTH

Image = npt.NDArray[np.uint8]
EMPTY = 250
"""Mean grey above which nothing lies on the glass."""
CHUNK = 512
"""Bytes handed to the pty at once when nothing is paced: what a pty takes without blocking."""
SPEEDS = {getattr(termios, f"B{baud}"): baud for baud in (9_600, 19_200, 38_400, 57_600, 115_200)}


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls one reply, or the data that follows it. ``kind``: late, silent, truncated, dropped, flipped, stray.

    ``after`` is how many replies are well before; ``at`` the byte of the reply (with its data) that is hit;
    ``seconds`` how late a late one comes.
    """

    kind: str
    after: int = 0
    at: int = 0
    seconds: float = 0.0


@dataclass
class _Memory:
    """What the module holds."""

    parameters: Parameters
    image: Image | None = None
    buffers: dict[int, bytes] = field(default_factory=dict)
    receiving: int | None = None
    received: bytearray = field(default_factory=bytearray)


class SimulatedReader:
    """A module whose device file is ``link``. ``pace`` 1.0 sends at the line's own speed, 0.0 as fast as it goes.

    ``ring`` says whether this model has a light ring; ``password`` is what it wants to hear. Usable as a context.
    """

    def __init__(
        self,
        link: Path,
        *,
        pace: float = 0.0,
        faults: Sequence[Fault] = (),
        ring: bool = True,
        password: int = 0,
        baud: int = 57_600,
    ) -> None:
        self.ring_lit = False
        self._link, self._pace, self._ring, self._password = link, pace, ring, password
        self._memory = _Memory(Parameters(0, 9, 200, 3, EVERYBODY, 128, baud))
        self._faults = list(faults)
        self._replies = 0
        self._decoder = Decoder()
        self._glass: Image | None = None
        self._pty: tuple[int, int] | None = None
        self._verbs: queue.SimpleQueue[tuple[Callable[[], None], threading.Event]] = queue.SimpleQueue()
        self._ear, self._bell = os.pipe()
        self._closing = False
        link.parent.mkdir(parents=True, exist_ok=True)
        self._plug()
        self._thread = threading.Thread(target=self._live, name="simulated-reader", daemon=True)
        self._thread.start()

    def __enter__(self) -> "SimulatedReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What a person can do ---------------------------------------------------------------------------------------------

    @property
    def port(self) -> str:
        """The device file."""
        return str(self._link)

    def place(self, image: Image) -> None:
        """Lay a finger on the glass: uint8 (288, 256), 0 = ridge.

        Raises:
            ValueError: an image of another size.
        """
        if image.shape != (HEIGHT, WIDTH):
            raise ValueError(f"the glass takes images of {HEIGHT} × {WIDTH}, not {image.shape}")
        # Through the wire's sixteen levels at once, so that what is matched is what is sent.
        quantised = unpack_image(pack_image(image), width=WIDTH, height=HEIGHT)
        self._do(lambda: setattr(self, "_glass", quantised))

    def lift(self) -> None:
        """Take the finger away."""
        self._do(lambda: setattr(self, "_glass", None))

    def unplug(self) -> None:
        """Pull the cable: the device file goes, and all the module held."""
        self._do(self._pull)

    def replug(self) -> None:
        """Put the cable back."""
        self._do(self._plug)

    def fail(self, *faults: Fault) -> None:
        """Let these faults befall the coming replies."""

        def script() -> None:
            self._replies = 0
            self._faults = list(faults)

        self._do(script)

    def close(self) -> None:
        """Switch off; may be called twice."""
        if self._closing:
            return
        self._do(self._pull)
        self._closing = True
        os.write(self._bell, b"!")
        self._thread.join()
        os.close(self._ear)
        os.close(self._bell)

    def _do(self, verb: Callable[[], None]) -> None:
        """Have it done on the device's own thread, and wait until it is."""
        if self._closing:
            return
        done = threading.Event()
        self._verbs.put((verb, done))
        os.write(self._bell, b"!")
        done.wait()

    # The device's own thread ------------------------------------------------------------------------------------------

    def _live(self) -> None:
        while not self._closing:
            ears = [self._ear] if self._pty is None else [self._ear, self._pty[0]]
            ready = select.select(ears, [], [])[0]
            if self._ear in ready:
                self._attend()
            elif self._pty is not None:
                try:
                    heard = os.read(self._pty[0], 4096)
                except OSError:
                    # The host closed its side: a module does not mind.
                    time.sleep(0.01)
                    continue
                for item in self._decoder.feed(heard):
                    if isinstance(item, Packet):
                        self._hear(item)

    def _attend(self) -> None:
        os.read(self._ear, 4096)
        while not self._verbs.empty():
            verb, done = self._verbs.get()
            verb()
            done.set()

    def _plug(self) -> None:
        if self._pty is not None:
            return
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        # Our own copy of the other side stays open, so that hosts may come and go.
        self._pty = (ours, theirs)
        self._decoder.reset()
        self._memory = _Memory(self._memory.parameters)
        temporary = self._link.with_name(self._link.name + ".new")
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(os.ttyname(theirs))
        temporary.rename(self._link)

    def _pull(self) -> None:
        self.ring_lit = False
        self._link.unlink(missing_ok=True)
        if self._pty is not None:
            for side in self._pty:
                os.close(side)
            self._pty = None

    # The module -------------------------------------------------------------------------------------------------------

    def _hear(self, packet: Packet) -> None:
        if not self._at_our_speed():
            return
        memory = self._memory
        if packet.kind in (Kind.DATA, Kind.LAST_DATA) and memory.receiving is not None:
            memory.received += packet.payload
            if packet.kind == Kind.LAST_DATA:
                memory.buffers[memory.receiving] = bytes(memory.received)
                memory.receiving = None
            return
        if packet.kind != Kind.COMMAND or not packet.payload:
            return
        try:
            instruction = Instruction(packet.payload[0])
        except ValueError:
            self._say(Answer.UNKNOWN_INSTRUCTION)
            return
        self._obey(instruction, packet.payload[1:])

    def _obey(self, instruction: Instruction, rest: bytes) -> None:
        memory = self._memory
        match instruction:
            case Instruction.VERIFY_PASSWORD:
                right = int.from_bytes(rest[:4], "big") == self._password
                self._say(Answer.OK if right else Answer.WRONG_PASSWORD)
            case Instruction.READ_PARAMETERS:
                self._say(Answer.OK, memory.parameters.write())
            case Instruction.SET_PARAMETER:
                self._set(rest)
            case Instruction.GET_IMAGE:
                memory.image = self._glass
                empty = memory.image is None or memory.image.mean() > EMPTY
                self._say(Answer.NO_FINGER if empty else Answer.OK)
            case Instruction.UPLOAD_IMAGE:
                if memory.image is None:
                    self._say(Answer.IMAGE_NOT_SENT)
                else:
                    self._say(Answer.OK, data=pack_image(memory.image))
            case Instruction.EXTRACT:
                found = None if memory.image is None else features.extract(memory.image, ppi=PPI)
                if found is not None and rest[:1] in (b"\x01", b"\x02"):
                    memory.buffers[rest[0]] = found
                self._say(Answer.TOO_FEW_FEATURES if found is None else Answer.OK)
            case Instruction.UPLOAD_FEATURES:
                held = memory.buffers.get(rest[0] if rest else 0)
                if held is None:
                    self._say(Answer.UPLOAD_FAILED)
                else:
                    self._say(Answer.OK, data=held)
            case Instruction.DOWNLOAD_FEATURES:
                memory.receiving, memory.received = (rest[0] if rest else 1), bytearray()
                self._say(Answer.OK)
            case Instruction.MATCH:
                one, other = memory.buffers.get(1), memory.buffers.get(2)
                score = 0 if one is None or other is None else features.compare(one, other)
                same = score >= features.THRESHOLD
                self._say(Answer.OK if same else Answer.NO_MATCH, min(score, 0xFFFF).to_bytes(2, "big"))
            case Instruction.LIGHT:
                if self._ring:
                    self.ring_lit = rest[:1] in (b"\x01", b"\x02", b"\x03")
                self._say(Answer.OK if self._ring else Answer.UNKNOWN_INSTRUCTION)

    def _set(self, rest: bytes) -> None:
        now = self._memory.parameters
        match tuple(rest[:2]):
            case (Parameter.PACKET_SIZE, size) if size <= 3:
                changed = Parameters(
                    now.status, now.system_id, now.capacity, now.security, now.address, 32 << size, now.baud
                )
            case (Parameter.BAUD, times) if 1 <= times <= 12:
                changed = Parameters(
                    now.status, now.system_id, now.capacity, now.security, now.address, now.packet_size, times * 9600
                )
            case _:
                self._say(Answer.UNKNOWN_INSTRUCTION)
                return
        # Answered at the old speed, as the manual has it.
        self._say(Answer.OK)
        self._memory.parameters = changed

    def _say(self, answer: Answer, rest: bytes = b"", *, data: bytes | None = None) -> None:
        said = encode(Kind.ACK, bytes([answer]) + rest)
        if data is not None:
            size = self._memory.parameters.packet_size
            for at in range(0, len(data), size):
                last = at + size >= len(data)
                said += encode(Kind.LAST_DATA if last else Kind.DATA, data[at : at + size])
        self._send(self._spoiled(said))

    def _spoiled(self, said: bytes) -> bytes:
        """What arrives of a reply, by the fault script."""
        fault = next((fault for fault in self._faults if fault.after == self._replies), None)
        self._replies += 1
        if fault is None:
            return said
        at = min(fault.at, len(said) - 1)
        match fault.kind:
            case "late":
                time.sleep(fault.seconds)
            case "silent":
                return b""
            case "truncated":
                return said[:at]
            case "dropped":
                return said[:at] + said[at + 1 :]
            case "flipped":
                return said[:at] + bytes([said[at] ^ 0x40]) + said[at + 1 :]
            case "stray":
                return said[:at] + b"\xef" + said[at:]
            case unknown:
                raise ValueError(f"there is no fault {unknown!r}")
        return said

    def _send(self, said: bytes) -> None:
        if self._pty is None:
            return
        ours = self._pty[0]
        a_second = self._memory.parameters.baud / 10
        begun, sent = time.monotonic(), 0
        while sent < len(said):
            # Ten milliseconds' worth at a time is as even as a UART behind a USB bridge.
            chunk = said[sent : sent + (max(1, round(a_second / 100)) if self._pace else CHUNK)]
            ready = select.select([self._ear], [ours], [])
            if self._ear in ready[0]:
                self._attend()
                if self._pty is None or self._pty[0] != ours:
                    return
                continue
            with suppress(BlockingIOError):
                sent += os.write(ours, chunk)
            if self._pace:
                time.sleep(max(0.0, begun + sent / a_second * self._pace - time.monotonic()))

    def _at_our_speed(self) -> bool:
        """Whether the host speaks at our speed: at another one, all that is heard is noise."""
        if self._pty is None:
            return False
        speed = SPEEDS.get(termios.tcgetattr(self._pty[1])[4])
        return speed == self._memory.parameters.baud
