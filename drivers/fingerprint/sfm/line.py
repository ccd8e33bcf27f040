"""What is said over a wire: commands out, answers and data in, one total deadline for each exchange.

An answer repeats its command's code, so that it is never taken for another command's. But a late answer might be taken
for that of the same command, asked again: therefore a line on which an answer is owed is in doubt, and before the next
question all is called off (CANCEL), and then the status asked for. A module answers in order, so what comes before that
answer is old.
"""

from collections.abc import Callable, Iterator

from drivers.errors import Malformed, Unresponsive
from drivers.fingerprint.sfm.codec import END, Command, Data, Decoder, Flag, Garbage, Packet, total
from drivers.fingerprint.wire import Wire

QUIET = 0.05
"""Seconds without a byte after which a line counts as quiet: USB bridges hold bytes back for up to 16 ms."""
GAP = 0.5
"""Seconds without a byte in the middle of a transfer after which nothing more is to be expected."""
SETTLING, SETTLINGS = 0.4, 3
"""Seconds to wait for each of the answers that settle a doubt, and how often to ask for them."""
BLOCK = 4_096
"""Bytes of an image in a block of their own, as in the SDK (UF_SetDefaultPacketSize, §3.4)."""
REPEATS, SILENCES = 6, 1
"""How many blocks of one transfer may be asked for again, and how often in vain."""
FINAL = 3.0
"""Seconds from a finger's scan to the answer: the module extracts its features meanwhile."""


class Line:
    """A module at the other end of ``wire``. Every call raises Absent when the port goes away."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._decoder = Decoder()
        self._in_doubt = False

    def set_baud(self, baud: int) -> bool:
        """Speak at another speed from now on; False when this port cannot."""
        if not self._wire.set_baud(baud):
            return False
        self._drain()
        # What was said at the other speed, nobody has understood.
        self._in_doubt = False
        return True

    def ask(self, asked: Packet, *, data: bytes = b"", by: float) -> Packet:
        """Send one command, and the data that belongs to it; bring its last answer before the instant ``by``.

        Raises:
            Unresponsive: nothing came that could be the answer.
        """
        self._question(asked, data, by=by)
        return self._last_answer(asked.command, by=by)

    def scan(self, asked: Packet, *, until: float) -> Packet | None:
        """Send one command that waits for a finger; None when none came until then, and the command was called off.

        Calling it off takes a few milliseconds of a module that is well, SETTLINGS × 2 × SETTLING seconds at most.

        Raises:
            Unresponsive: the module does not answer, or said that a finger is there and nothing more.
        """
        self._question(asked, b"", by=until)
        first = self._answer(asked.command, by=until)
        if first is None:
            self.call_off(by=self._wire.now() + SETTLINGS * 2 * SETTLING)
            return None
        if first.flag != Flag.SCAN_SUCCESS:
            self._in_doubt = False
            return first
        return self._last_answer(asked.command, by=self._wire.now() + FINAL)

    def take(self, length: int, *, by: float, progress: Callable[[int], bool] = lambda _: True) -> bytes | None:
        """The data of ``length`` bytes, and its end code, that follow the answer just brought; ``progress`` hears how
        many have come. None when it wanted to stop.

        Raises:
            Malformed: the data stopped in the middle, or does not end where it should.
        """
        got = bytearray()
        for piece in self._data(length + 1, by):
            got += piece
            if not progress(min(len(got), length)):
                self.call_off(by=by)
                return None
        if len(got) == length + 1 and got[-1] == END:
            return bytes(got[:-1])
        self._in_doubt = True
        self._let_pass(by)
        raise Malformed("The fingerprint reader's data came incomplete: check its cable.")

    def take_blocks(self, command: Command, length: int, *, by: float, progress: Callable[[int], bool]) -> bytes | None:
        """The data of ``length`` bytes that follows the answer just brought, in blocks each with its sum and number.

        A block that comes damaged, or not at all, is said to be so (SDK §3.4, Extended Data Transfer Protocol), and
        taken when it is sent again. ``progress`` hears how many bytes have come. None when it wanted to stop.

        Raises:
            Malformed: blocks came damaged again and again, or none came any more.
        """
        got, number, repeats, silences = bytearray(), 0, 0, 0
        while len(got) < length:
            head = self._next(command, by=by, gap=GAP)
            silences = silences + 1 if head is None else 0
            block = None if head is None else self._block(head, number, room=length - len(got), by=by)
            if block is None:
                repeats += 1
                # A module may give a transfer up instead of sending a block again; the SDK itself does not wait for it.
                if repeats > REPEATS or silences > SILENCES or self._wire.now() >= by:
                    self.call_off(by=self._wire.now() + SETTLINGS * 2 * SETTLING)
                    raise Malformed("The fingerprint reader's data came damaged: check its cable.")
                self._let_pass(by)
                self._send(Packet(command, flag=Flag.DATA_ERROR).write(), by)
                continue
            got += block
            if not progress(len(got)):
                self.call_off(by=by)
                return None
            # Sent for a block that came twice, too: the module has not heard the first time.
            self._send(Packet(command, flag=Flag.DATA_OK).write(), by)
            number += bool(block)
        return bytes(got)

    def call_off(self, *, by: float) -> None:
        """End whatever the module does, and let what it owes go by. Raises Unresponsive when there is no knowing."""
        self._in_doubt = True
        self._decoder.reset()
        for turn in range(SETTLINGS):
            if turn:
                self._let_pass(by)
            if self._is_answered(Command.CANCEL, by) and self._is_answered(Command.CHECK_STATUS, by):
                self._in_doubt = False
                return
        raise Unresponsive("The fingerprint reader does not answer: switch it off and on.")

    def greet(self, *, by: float) -> bool:
        """Whether anybody answers at this speed; what was asked before is as open as it was."""
        self._drain()
        return self._is_answered(Command.CHECK_STATUS, by)

    def hush(self, *, by: float) -> None:
        """Wait until the line is quiet, at most until ``by``: a program before us may have left in mid-transfer."""
        self._let_pass(by)

    def _question(self, asked: Packet, data: bytes, *, by: float) -> None:
        if self._in_doubt:
            self.call_off(by=by)
        self._drain()
        self._in_doubt = True
        self._send(asked.write() + (data + bytes([END]) if data else b""), by)

    def _last_answer(self, command: int, *, by: float) -> Packet:
        """The next answer to ``command`` that is not merely the news that a finger was scanned."""
        while (answer := self._answer(command, by=by)) is not None:
            if answer.flag != Flag.SCAN_SUCCESS:
                self._in_doubt = False
                return answer
        raise Unresponsive("The fingerprint reader does not answer: switch it off and on.")

    def _is_answered(self, command: Command, by: float) -> bool:
        self._send(Packet(command).write(), by)
        return self._answer(command, by=min(by, self._wire.now() + SETTLING)) is not None

    def _answer(self, command: int, *, by: float) -> Packet | None:
        """The next answer to ``command``; None when none came."""
        while (packet := self._next(command, by=by)) is not None:
            # The heads of blocks are packets too, and the first may follow an answer that came damaged. They have no
            # flag, every answer has one.
            if packet.flag:
                return packet
        return None

    def _next(self, command: int, *, by: float, gap: float | None = None) -> Packet | None:
        """The next packet of ``command``; None when none came."""
        for item in self._items(by, gap=gap):
            if isinstance(item, Packet) and item.command == command:
                return item
        return None

    def _block(self, head: Packet, number: int, *, room: int, by: float) -> bytes | None:
        """What follows ``head``, if it is the block ``number``; nothing when it is the one before, once more.

        None when it did not come well.
        """
        if not 0 < head.size <= BLOCK:
            return None
        body = b"".join(self._data(head.size + 4, by))
        if body[head.size :] != total(body[: head.size]) or len(body) != head.size + 4:
            return None
        # Number and count in one word, the number in the upper half (UF_ReceiveDataPacket).
        came = head.param >> 16
        if came == number - 1:
            return b""
        return body[: head.size] if came == number and head.size <= room else None

    def _data(self, length: int, by: float) -> Iterator[bytes]:
        """What comes of the next ``length`` bytes."""
        self._decoder.expect(length)
        for item in self._items(by, gap=GAP):
            if isinstance(item, Data):
                yield item.content
                if not item.left:
                    return
        self._decoder.reset()

    def _let_pass(self, by: float) -> None:
        while (now := self._wire.now()) < by and self._wire.read(by=min(by, now + QUIET)):
            pass
        self._drain()

    def _drain(self) -> None:
        """Drop what has arrived: it came before the question, so it cannot be the answer."""
        self._wire.drop()
        self._decoder.reset()

    def _items(self, by: float, *, gap: float | None = None) -> Iterator[Packet | Data | Garbage]:
        """What arrives until ``by``, even from a line that never falls silent, or until ``gap`` seconds of silence."""
        while True:
            while (item := self._decoder.next()) is not None:
                yield item
            now = self._wire.now()
            read = b"" if now >= by else self._wire.read(by=by if gap is None else min(by, now + gap))
            if not read:
                return
            self._decoder.feed(read)

    def _send(self, data: bytes, by: float) -> None:
        if not self._wire.write(data, by=by):
            self._in_doubt = True
            raise Unresponsive("The fingerprint reader takes no more bytes: switch it off and on.")
