"""The bytes between host and an IPP printer: one HTTP POST a question, with one deadline on all of it.

Source: RFC 8010 §4, RFC 3510. Over TCP, or over a local socket as CUPS has it, which a process without network can
reach. Each question has a connection of its own: one that was kept open may be dead by the next question. Instants
(``by``) are monotonic seconds.
"""

import re
import socket
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from drivers.errors import Absent, Malformed, Refused, Unresponsive
from drivers.printer.ipp.codec import LONGEST, Message, NotIpp, decode, encode

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PORT = 631
PIECE = 16 * 1024
"""Bytes handed to the kernel at once: small enough for a smooth progress bar."""
FORBIDDEN = frozenset({401, 403})
"""HTTP's answers to who is not allowed; CUPS gives them by its own <Location> rules."""
NOWHERE = 404


class Wire:
    """The way to one printer: ``uri`` is its own name for itself, ``local`` a socket file to reach it by instead.

    Raises ValueError for an address that is not of the kind ``ipp://host[:port]/path``.
    """

    def __init__(self, uri: str, *, local: str | None = None) -> None:
        parts = urlsplit(uri)
        if parts.scheme != "ipp" or not parts.hostname or not re.fullmatch(r"/[\w./%-]*", parts.path):
            raise ValueError("A printer's address is ipp://host[:port]/path; with TLS it cannot be reached.")
        self._host, self._port, self._path = parts.hostname, parts.port or PORT, parts.path
        self._local = local
        self.uri = uri
        self.place = f"{parts.path} behind {local}" if local is not None else uri
        """Where it is, for sentences."""

    def exchange(
        self, question: Message, document: bytes = b"", *, by: float, sent: Callable[[int], None] | None = None
    ) -> Message:
        """Ask one question and return the answer.

        ``sent`` hears 0 once there is a connection, and then the number of bytes of each piece of the document.

        Raises Absent, Unresponsive, Malformed, and Refused where the printer lets nobody in.
        """
        asked = encode(question)
        connection = HTTPConnection(self._host, self._port)
        try:
            # The pieces are sent by hand, so that progress can be told and every wait knows the deadline.
            connection.sock = self._connect(by=by)
            connection.putrequest("POST", self._path, skip_accept_encoding=True)
            connection.putheader("Content-Type", "application/ipp")
            connection.putheader("Content-Length", str(len(asked) + len(document)))
            if sent is not None:
                sent(0)
            connection.endheaders(asked)
            for at in range(0, len(document), PIECE):
                piece = document[at : at + PIECE]
                connection.send(piece)
                if sent is not None:
                    sent(len(piece))
            answer = self._read(connection)
        except TimeoutError as error:
            raise Unresponsive(f"The card printer at {self.place} does not answer: switch it off and on.") from error
        except OSError as error:  # before HTTPException: a connection closed without an answer is both
            raise Absent(f"The card printer at {self.place} went away: check its cable and its power.") from error
        except (HTTPException, NotIpp) as error:
            # What it sent is not quoted: it may be an echo of the card.
            raise Malformed(f"The card printer at {self.place} answers what is not IPP: check its address.") from error
        finally:
            connection.close()
        if answer.request != question.request:
            raise Malformed(f"The card printer at {self.place} answers another question than it was asked.")
        return answer

    def _connect(self, *, by: float) -> "_Socket":
        try:
            if self._local is not None:
                line = _Socket(socket.AF_UNIX)
                line.by = by
                line.hurry()
                line.connect(self._local)
                return line
            rest = by - time.monotonic()
            if rest <= 0:
                raise TimeoutError
            line = _Socket(fileno=socket.create_connection((self._host, self._port), timeout=rest).detach())
        except TimeoutError:
            raise
        except OSError as error:
            raise Absent(
                f"No card printer at {self.place} ({error.strerror}): check its power, its cable and its address."
            ) from error
        line.by = by
        return line

    def _read(self, connection: HTTPConnection) -> Message:
        response = connection.getresponse()
        if response.status in FORBIDDEN:
            raise Refused(f"The card printer at {self.place} lets this station not print: see to its access rules.")
        if response.status == NOWHERE:
            raise Absent(f"There is no card printer at {self.place}: check its address.")
        if response.status != 200:
            raise HTTPException
        message, document = decode(response.read(LONGEST))
        if document or response.length:
            raise HTTPException
        return message


class _Socket(socket.socket):
    """A socket of which each wait ends at the deadline, however slowly the bytes trickle."""

    by = 0.0

    def hurry(self) -> None:
        """Leave the next wait no more than what is left. Raises TimeoutError."""
        rest = self.by - time.monotonic()
        if rest <= 0:
            raise TimeoutError
        self.settimeout(rest)

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0) -> int:
        """Wait at most until the deadline."""
        self.hurry()
        return super().recv_into(buffer, nbytes, flags)

    def sendall(self, data: bytes, flags: int = 0) -> None:  # type: ignore[override] # http.client hands over bytes only
        """Wait at most until the deadline."""
        self.hurry()
        super().sendall(data, flags)
