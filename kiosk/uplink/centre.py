"""What the uplink says to the centre: tus 1.0 uploads, receipts, and the lists of what waits for this station.

Mutual TLS; no redirects, no proxies from the environment, nothing unpacked. Nothing the centre answers is believed here
beyond its form: the kiosk process verifies every receipt and every file itself.
"""

import base64
import os
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from threading import Event as Flag
from typing import Annotated, BinaryIO
from urllib.parse import urljoin, urlsplit

import httpcore
from pydantic import Field, TypeAdapter, ValidationError

from kiosk.record.exchange import ARRIVAL
from kiosk.record.telemetry import LinkTrouble
from kiosk.uplink.line import Line, TooMuch
from kiosk.uplink.settings import TlsFiles

PIECE = 256 * 1024
"""Bytes of one PATCH at most."""
LARGEST_RECEIPT = 64 * 1024
LARGEST_LISTING = 1024 * 1024
LARGEST_FILE = 64 * 1024 * 1024
_LARGEST_WORD = 64 * 1024
"""Of an answer whose body means nothing here."""

_TUS = {"Tus-Resumable": "1.0.0"}
_TIMES = {"connect": 15.0}
_IDLE = 4.0
"""Seconds a connection is kept for the next question: servers end idle ones after 5."""
_SOCKET = (
    # What lies in the kernel counts as sent: little of it, so that a dead line is found out and the rate kept.
    (socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 60_000),
)
_STRONG_TAG = re.compile(r'"[!-~]{1,200}"')
_ADDRESS = re.compile(r"/[!-~]{0,1000}")
_NOT_NOW = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_NOT_HERE = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class LinkDown(Exception):  # named for what is wrong, as the drivers' errors are
    """The centre cannot be reached, fails, does not let us in, or answers what was not agreed: wait and try again."""

    def __init__(self, trouble: LinkTrouble) -> None:
        super().__init__(f"the centre: {trouble.value}")
        self.trouble = trouble


class Declined(Exception):
    """The centre does not take this one thing; others may go on. ``status`` is the HTTP status, 400 to 499."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the centre declined with HTTP status {status}")
        self.status = status

    @property
    def is_gone(self) -> bool:
        """Whether the centre has nothing of that name (any more)."""
        return self.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


class NoRoom(Exception):
    """A waiting file is larger than what there is room for here."""


class StandsElsewhere(Exception):
    """The upload is not where the piece would go, or not there at all: ask, then go on from what is told."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file that waits at the centre for this station."""

    number: Annotated[int, Field(ge=1, le=2**53)]
    name: Annotated[str, Field(pattern=f"^{ARRIVAL.pattern}$")]


@dataclass(frozen=True, slots=True)
class Listing:
    """Files behind a number, lowest first, and the highest number the centre has given at all."""

    highest: Annotated[int, Field(ge=0, le=2**53)]
    files: Annotated[list[Entry], Field(max_length=5000)]


_LISTING = TypeAdapter(Listing)


@dataclass(slots=True)
class Part:
    """What has come of one waiting file, and the tag by which the centre knows it, for its rest to be asked for."""

    file: BinaryIO
    tag: str | None = None
    room: int = LARGEST_FILE
    """Bytes that may still come."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes = b""


class Centre:
    """One kept connection to the centre; used by one thread.

    Every call raises LinkDown, and Stopped where the line is to be given up; some Declined. Raises OSError or
    ssl.SSLError at construction where a TLS file is unusable.
    """

    def __init__(self, url: str, tls: TlsFiles, *, line: Line | None = None) -> None:
        context = ssl.create_default_context(cafile=str(tls.authority))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(tls.certificate, tls.key)
        self._url = url.rstrip("/")
        self.line = line or Line(stop=Flag())
        self._http = httpcore.ConnectionPool(
            context, max_connections=1, keepalive_expiry=_IDLE, network_backend=self.line, socket_options=_SOCKET
        )

    def close(self) -> None:
        """End the connection; may be called twice, and the next call makes a new one."""
        self._http.close()

    # tus 1.0.0: https://tus.io/protocols/resumable-upload -----------------------------------------------------------

    def create(self, packet: str, size: int) -> str:
        """Begin, or find again, the upload of a packet of ``size`` bytes; gives its address below the centre's."""
        name = base64.b64encode(packet.encode()).decode()
        metadata = {"Upload-Length": str(size), "Upload-Metadata": f"packet_id {name}"}
        answer = self._ask("POST", "/v1/packets", metadata)
        if answer.status != HTTPStatus.CREATED:
            raise _unwelcome(answer.status)
        return self._target(answer.headers.get("location", ""))

    def _target(self, location: str) -> str:
        try:
            address, own = urlsplit(urljoin(f"{self._url}/v1/packets", location)), urlsplit(self._url)
            same = (address.scheme, address.hostname, address.port or 443) == ("https", own.hostname, own.port or 443)
        except ValueError:
            raise LinkDown(LinkTrouble.NONSENSE) from None
        target = address.path + (f"?{address.query}" if address.query else "")
        if not location or not same or not _ADDRESS.fullmatch(target):
            raise LinkDown(LinkTrouble.NONSENSE)
        return target

    def offset(self, address: str, size: int) -> int | None:
        """How many bytes of the upload the centre holds; None when it knows it no more, or with another length."""
        answer = self._ask("HEAD", address)
        if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            return None
        if answer.status not in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
            raise _unwelcome(answer.status)
        if _number(answer, "upload-length") != size:
            return None
        offset = _number(answer, "upload-offset")
        if offset > size:
            raise LinkDown(LinkTrouble.NONSENSE)
        return offset

    def append(self, address: str, offset: int, piece: bytes) -> int:
        """Add ``piece`` at ``offset``; gives the new offset. Raises StandsElsewhere too."""
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        answer = self._ask("PATCH", address, headers, piece)
        if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GONE):
            raise StandsElsewhere
        if answer.status != HTTPStatus.NO_CONTENT:
            raise _unwelcome(answer.status)
        reached = offset + len(piece)
        if _number(answer, "upload-offset") != reached:
            # Who takes a byte a time would be sent the piece as often as it has bytes.
            raise LinkDown(LinkTrouble.NONSENSE)
        return reached

    def receipt(self, packet: str) -> bytes:
        """The centre's signed receipt for a packet that arrived whole, as opaque bytes."""
        answer = self._ask("GET", f"/v1/packets/{packet}/receipt", most=LARGEST_RECEIPT)
        if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GONE):
            raise LinkDown(LinkTrouble.NONSENSE)
        if answer.status != HTTPStatus.OK:
            raise _unwelcome(answer.status)
        if not answer.body:
            raise LinkDown(LinkTrouble.NONSENSE)
        return answer.body

    # Lists ----------------------------------------------------------------------------------------------------------

    def listing(self, station: str, kind: str, *, after: int) -> Listing:
        """What waits for the station behind number ``after``; ``kind``: orders, rosters, states or keys."""
        answer = self._ask("GET", f"/v1/stations/{station}/{kind}?after={after}", most=LARGEST_LISTING)
        if answer.status != HTTPStatus.OK:
            raise _unwelcome(answer.status)
        try:
            return _LISTING.validate_json(answer.body, strict=True)
        except ValidationError:
            raise LinkDown(LinkTrouble.NONSENSE) from None

    def fetch(self, station: str, kind: str, entry: Entry, part: Part) -> None:
        """Write one waiting file, signed and sealed to the kiosk process, behind what an earlier try has brought.

        Where the centre gives entity tags, only what is missing is asked for (RFC 9110 §13.1.5, §14). Raises NoRoom
        too, and OSError where the file cannot be written.
        """
        have = part.file.seek(0, os.SEEK_END) if part.tag else 0
        rest = {"Range": f"bytes={have}-", "If-Range": part.tag} if part.tag and have else {}
        with self._exchange("GET", f"/v1/stations/{station}/{kind}/{entry.name}", rest, most=part.room) as answer:
            headers = _headers(answer)
            goes_on = answer.status == HTTPStatus.PARTIAL_CONTENT and bool(rest)
            if not goes_on and answer.status != HTTPStatus.OK:
                raise _unwelcome(answer.status)
            framed = "content-length" in headers or "transfer-encoding" in headers
            if not framed or (goes_on and not headers.get("content-range", "").startswith(f"bytes {have}-")):
                # Without a frame, one that was cut looks like a whole one.
                raise LinkDown(LinkTrouble.NONSENSE)
            length = int(headers.get("content-length", "0"))
            if length > part.room:
                raise LinkDown(LinkTrouble.NONSENSE) if length > LARGEST_FILE else NoRoom
            if not goes_on:
                part.file.seek(0)
                part.file.truncate()
            tag = headers.get("etag", "")
            part.tag = tag if _STRONG_TAG.fullmatch(tag) else None
            for chunk in answer.iter_stream():
                part.file.write(chunk)

    # HTTP -----------------------------------------------------------------------------------------------------------

    def _ask(
        self,
        method: str,
        target: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        *,
        most: int = _LARGEST_WORD,
    ) -> _Answer:
        with self._exchange(method, target, _TUS | (headers or {}), body, most=most) as answer:
            return _Answer(answer.status, _headers(answer), b"".join(answer.iter_stream()))

    @contextmanager
    def _exchange(
        self, method: str, target: str, headers: dict[str, str], body: bytes = b"", *, most: int
    ) -> Iterator[httpcore.Response]:
        self.line.begin(most=most)
        sent = list({"Content-Length": str(len(body)), **headers}.items()) if body else list(headers.items())
        times = {"timeout": _TIMES}
        try:
            with self._http.stream(
                method, self._url + target, headers=sent, content=body or None, extensions=times
            ) as answer:
                yield answer
        except httpcore.TimeoutException:
            raise LinkDown(LinkTrouble.TIMEOUT) from None
        except TooMuch:
            raise LinkDown(LinkTrouble.NONSENSE) from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise LinkDown(_trouble(error, cut=self.line.cut)) from None


def _headers(answer: httpcore.Response) -> dict[str, str]:
    # The first of several of a name: a second answer smuggled in behind changes nothing.
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in reversed(answer.headers)}


def _unwelcome(status: int) -> LinkDown | Declined:
    if status in _NOT_HERE:
        return LinkDown(LinkTrouble.REFUSED)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _NOT_NOW:
        return LinkDown(LinkTrouble.SERVER_ERROR)
    if status < HTTPStatus.BAD_REQUEST:
        return LinkDown(LinkTrouble.NONSENSE)
    return Declined(status)


def _number(answer: _Answer, header: str) -> int:
    value = answer.headers.get(header, "")
    if not re.fullmatch(r"[0-9]{1,18}", value):
        raise LinkDown(LinkTrouble.NONSENSE)
    return int(value)


def _trouble(error: BaseException, *, cut: bool) -> LinkTrouble:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return LinkTrouble.NOT_TRUSTED
        cause = cause.__cause__ or cause.__context__
    nonsense = isinstance(error, httpcore.ProtocolError) and not cut
    return LinkTrouble.NONSENSE if nonsense else LinkTrouble.UNREACHABLE
