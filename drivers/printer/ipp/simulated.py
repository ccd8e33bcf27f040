"""A card printer on a local socket that speaks IPP and puts each card it makes into a folder as PNG.

What a card shows is decoded from the document received. Each connection has a thread, all of them one lock; whoever
stands before the printer (a test, the demo) acts on it through the verbs, which are done when they return.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from types import TracebackType

from PIL import Image

from drivers.printer.ipp.attributes import JobState, Operation
from drivers.printer.ipp.codec import Message, NotIpp, decode, encode
from drivers.printer.ipp.document import PNG, RASTER
from drivers.printer.ipp.mechanism import Faces, Job, Mechanism

URI = "ipp://localhost/ipp/print"
LARGEST = 32 << 20
"""Bytes of one request that are taken: a card of two faces has less than 4 MiB."""
PEEK = 8
"""Bytes of a request from which its operation can be told (RFC 8010 §3.1.1)."""


@dataclass(frozen=True, slots=True)
class Spoil:
    """What happens to the next question of one kind.

    The connection is closed after ``taken`` bytes of it; or it is not obeyed (``heard`` false); or it is, and not
    answered (``silent`` closes at once, ``hang`` after that many seconds), or ``raw`` is sent in place of the answer,
    or the answer claims ``longer`` bytes than it has, or each of its bytes takes ``pace`` seconds, or it says ``code``.
    """

    at: Operation
    taken: int | None = None
    heard: bool = True
    silent: bool = False
    hang: float = 0.0
    raw: bytes | None = None
    longer: int = 0
    pace: float = 0.0
    code: int | None = None


UNSPOILED = Spoil(Operation.GET_PRINTER_ATTRIBUTES)


class SimulatedIppPrinter:
    """A printer behind the socket file ``link``; cards land in ``cards`` as ``card-0001.png`` (``…-back.png``).

    ``pace`` is the seconds that each face takes to print, ``blanks`` the cards in the feeder, ``ribbon`` the faces that
    its ribbon still prints, ``formats`` the documents it takes, ``feeder_sensor`` whether it can tell of an empty
    feeder before it picks a card, ``device_uri`` what it leads to, if it is to look like a queue of CUPS.
    """

    def __init__(
        self,
        link: Path,
        cards: Path,
        *,
        pace: float = 0.0,
        blanks: int = 50,
        ribbon: int = 100,
        formats: tuple[str, ...] = (RASTER, PNG),
        two_sided: bool = True,
        feeder_sensor: bool = True,
        device_uri: str | None = None,
    ) -> None:
        self._link, self._folder = link, cards
        self._inside = Mechanism(self._lay_down, pace, blanks, ribbon, formats, two_sided, feeder_sensor, device_uri)
        self._spoils: list[Spoil] = []
        self._lock = threading.RLock()
        self._awake = threading.Event()
        self._server: _Server | None = None
        cards.mkdir(parents=True, exist_ok=True)
        link.parent.mkdir(parents=True, exist_ok=True)
        self.replug()

    # What a person before it can see and do.

    @property
    def uri(self) -> str:
        """The address for IppPrinter."""
        return URI

    @property
    def local(self) -> str:
        """The socket file for IppPrinter."""
        return str(self._link)

    @property
    def blanks(self) -> int:
        """Cards left in the feeder."""
        return self._seen().blanks

    @property
    def made(self) -> int:
        """Cards laid into the output so far."""
        return self._seen().made

    @property
    def spoiled(self) -> int:
        """Blanks that were taken and did not become a card."""
        return self._seen().taken - self._seen().made

    @property
    def jobs(self) -> tuple[JobState, ...]:
        """States of all jobs it ever had."""
        return tuple(job.state for job in self._seen().jobs.values())

    @property
    def asked_for(self) -> frozenset[str]:
        """Names of the attributes of the last job, and its own name."""
        values = (value for values in self._inside.last.values() for value in values)
        return frozenset(self._inside.last) | {value.content for value in values if isinstance(value.content, str)}

    def load(self, blanks: int) -> None:
        """Put ``blanks`` more cards into the feeder."""
        self._act(lambda: self._set(blanks=self._inside.blanks + blanks))

    def empty_feeder(self) -> None:
        """Take all blanks out."""
        self._act(lambda: self._set(blanks=0))

    def change_ribbon(self, faces: int) -> None:
        """Put in a ribbon for ``faces`` faces; 0 is a ribbon at its end."""
        self._act(lambda: self._set(ribbon=faces))

    def open_cover(self) -> None:
        """Open the cover."""
        self._act(lambda: self._set(cover_open=True))

    def close_cover(self) -> None:
        """Close the cover; a card that was stuck has been taken out."""
        self._act(self._inside.close_cover)

    def jam(self) -> None:
        """Let something be stuck inside."""
        self._act(lambda: self._set(jammed=True))

    def overheat(self) -> None:
        """Let the print head grow too hot."""
        self._act(lambda: self._set(hot=True))

    def cool_down(self) -> None:
        """Let the print head cool."""
        self._act(lambda: self._set(hot=False))

    def need_cleaning(self) -> None:
        """Let the cleaning counter run out."""
        self._act(lambda: self._set(cleaning_due=True))

    def clean(self) -> None:
        """Run a cleaning card through."""
        self._act(lambda: self._set(cleaning_due=False))

    def unplug(self) -> None:
        """Pull the cable: nobody listens at the socket any more. A card in hand stays spoiled."""
        self._awake.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        self._server = None
        self._link.unlink(missing_ok=True)
        with self._lock:
            for job in self._inside.jobs.values():
                if job.state in (JobState.PROCESSING, JobState.STOPPED):
                    self._inside.end(job, JobState.ABORTED, "aborted-by-system")

    def replug(self) -> None:
        """Switch off and on with the cable in."""
        self.unplug()
        self._awake = threading.Event()
        self._server = _Server(str(self._link), self._serve)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), name="simulated-ipp", daemon=True).start()

    # What goes wrong with the next card or question.

    def strike(self, happens: Callable[["SimulatedIppPrinter"], None]) -> None:
        """Let something happen (``SimulatedIppPrinter.jam``) once the next card has been taken."""
        self._act(lambda: self._set(strike=lambda _: happens(self)))

    def end_next(self, state: JobState, reason: str) -> None:
        """Let the printer itself end the next job once its card has been taken."""

        def ends(job: Job) -> None:
            self._inside.end(job, state, reason)

        self._act(lambda: self._set(strike=ends))

    def spoil(self, spoil: Spoil) -> None:
        """Spoil the next question of one kind; several for one kind strike one after another."""
        with self._lock:
            self._spoils.append(spoil)

    def close(self) -> None:
        """Switch off for good; may be called twice."""
        self.unplug()

    def __enter__(self) -> "SimulatedIppPrinter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The threads of its connections.

    def _act(self, verb: Callable[[], None]) -> None:
        with self._lock:
            verb()

    def _seen(self) -> Mechanism:
        with self._lock:
            self._inside.advance(time.monotonic())
            return self._inside

    def _set(self, **state: object) -> None:
        for name, value in state.items():
            setattr(self._inside, name, value)

    def _serve(self, handler: "_Handler", length: int) -> None:
        awake = self._awake
        start = handler.rfile.read(min(length, PEEK))
        spoil = self._spoil_for(int.from_bytes(start[2:4], "big"))
        if spoil is not None and spoil.taken is not None:
            handler.rfile.read(spoil.taken)
            return
        body = start + handler.rfile.read(length - len(start))
        if len(body) < length or (spoil is not None and not spoil.heard):
            return
        try:
            question, document = decode(body)
        except NotIpp:
            handler.answer(b"", status=400)
            return
        spoil = spoil or UNSPOILED
        if spoil.code is not None:
            answer = Message(spoil.code, question.request, ())
        else:
            with self._lock:
                self._inside.advance(time.monotonic())
                answer = self._inside.perform(question, document)
                self._inside.advance(time.monotonic())
        if spoil.hang:
            awake.wait(spoil.hang)
        if not (spoil.silent or spoil.hang or awake.is_set()):
            handler.answer(encode(answer), raw=spoil.raw, longer=spoil.longer, pace=spoil.pace)

    def _spoil_for(self, code: int) -> Spoil | None:
        with self._lock:
            spoil = next((spoil for spoil in self._spoils if spoil.at == code), None)
            if spoil is not None:
                self._spoils.remove(spoil)
            return spoil

    def _lay_down(self, faces: Faces) -> None:
        number = 1 + max((int(path.stem[5:9]) for path in self._folder.glob("card-????.png")), default=0)
        for suffix, face in zip(("", "-back"), faces, strict=False):
            path = self._folder / f"card-{number:04}{suffix}.png"
            Image.fromarray(face).save(path, dpi=(300, 300), compress_level=1)


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, path: str, serve: Callable[["_Handler", int], None]) -> None:
        self.serve = serve
        super().__init__(path, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Let a bug be seen; a host that went away is none."""
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            raise error


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    close_connection = True

    def do_POST(self) -> None:  # the standard library names it
        """Serve one question; the connection ends with it."""
        self.close_connection = True
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST:
            self.answer(b"", status=400)
            return
        with contextlib.suppress(ConnectionError):
            self.server.serve(self, int(length))

    def answer(
        self, body: bytes, *, status: int = 200, raw: bytes | None = None, longer: int = 0, pace: float = 0.0
    ) -> None:
        """Send the answer, or what a fault makes of it."""
        head = f"HTTP/1.1 {status} -\r\nContent-Type: application/ipp\r\nContent-Length: {len(body) + longer}\r\n\r\n"
        data = raw if raw is not None else head.encode() + body
        if not pace:
            self.wfile.write(data)
            return
        for byte in data:
            self.wfile.write(bytes((byte,)))
            time.sleep(pace)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the standard library names it
        """Keep the terminal quiet."""
