"""What the uplink says to the centre: tus 1.0 uploads, receipts, and the lists of what waits for this station.

Mutual TLS; no redirects, no proxies from the environment. Nothing the centre answers is believed here beyond its form:
the kiosk process verifies every receipt, order and roster itself.
"""

import base64
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

import httpx
from pydantic import Field, TypeAdapter, ValidationError

from kiosk.record.telemetry import LinkTrouble
from kiosk.uplink.settings import TlsFiles

PIECE = 256 * 1024
"""Bytes of one PATCH: what a lost connection can cost at most."""
LARGEST_RECEIPT = 64 * 1024
_STANDS_ELSEWHERE = (httpx.codes.NOT_FOUND, httpx.codes.CONFLICT, httpx.codes.GONE)
"""No word against the packet: an older connection wrote on, or the centre lost what it had. Asking again will tell."""
LARGEST_ANSWER = 64 * 1024 * 1024

_TUS = {"Tus-Resumable": "1.0.0"}
Answer = TypeVar("Answer")
_TIMES = httpx.Timeout(60.0, connect=15.0)


class LinkDown(Exception):  # named for what is wrong, as the drivers' errors are
    """The centre cannot be reached, or fails for everybody: wait and try again."""

    def __init__(self, trouble: LinkTrouble) -> None:
        super().__init__(f"the centre: {trouble.value}")
        self.trouble = trouble


class Declined(Exception):
    """The centre does not take this one thing; others may go on. ``status`` is the HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the centre declined with HTTP status {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Entry:
    """One file that waits at the centre for this station."""

    number: Annotated[int, Field(ge=1)]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.(order|roster)$")]


@dataclass(frozen=True, slots=True)
class Listing:
    """Files behind a number, lowest first, and the highest number the centre has given at all."""

    highest: Annotated[int, Field(ge=0)]
    files: list[Entry]


_LISTING = TypeAdapter(Listing)


class Centre:
    """One kept connection to the centre; used by one thread.

    Every call raises LinkDown or Declined. Raises OSError or ssl.SSLError at construction where a TLS file is unusable.
    """

    def __init__(self, url: str, tls: TlsFiles) -> None:
        context = ssl.create_default_context(cafile=str(tls.authority))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(tls.certificate, tls.key)
        self._base = httpx.URL(url)
        self._http = httpx.Client(base_url=url, verify=context, trust_env=False, timeout=_TIMES)

    def close(self) -> None:
        """End the connection; may be called twice."""
        self._http.close()

    def create(self, packet: str, size: int) -> str:
        """Begin, or find again, the upload of a packet of ``size`` bytes; gives its address (tus creation)."""
        name = base64.b64encode(packet.encode()).decode()
        answer = self._ask("POST", "/v1/packets", {"Upload-Length": str(size), "Upload-Metadata": f"packet_id {name}"})
        if answer.status_code != httpx.codes.CREATED:
            raise Declined(answer.status_code)
        address = self._base.join(answer.headers.get("Location", "/"))
        if (address.scheme, address.host, address.port) != (self._base.scheme, self._base.host, self._base.port):
            raise LinkDown(LinkTrouble.NONSENSE)
        return str(address)

    def offset(self, address: str, size: int) -> int | None:
        """How many bytes of the upload the centre holds; None when it knows it no more, or with another length."""
        answer = self._ask("HEAD", address)
        if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
            return None
        if answer.status_code not in (httpx.codes.OK, httpx.codes.NO_CONTENT):
            raise Declined(answer.status_code)
        if _number(answer, "Upload-Length") != size:
            return None
        offset = _number(answer, "Upload-Offset")
        if offset > size:
            raise LinkDown(LinkTrouble.NONSENSE)
        return offset

    def append(self, address: str, offset: int, piece: bytes) -> int:
        """Add ``piece`` at ``offset``; gives the new offset. LinkDown where the upload stands elsewhere by now: ask."""
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        answer = self._ask("PATCH", address, headers, piece)
        if answer.status_code in _STANDS_ELSEWHERE:
            raise LinkDown(LinkTrouble.NONSENSE)
        if answer.status_code != httpx.codes.NO_CONTENT:
            raise Declined(answer.status_code)
        reached = _number(answer, "Upload-Offset")
        if not offset < reached <= offset + len(piece):
            raise LinkDown(LinkTrouble.NONSENSE)
        return reached

    def receipt(self, packet: str) -> bytes:
        """The centre's signed receipt for a packet that arrived whole, as opaque bytes."""
        try:
            return self._content(f"/v1/packets/{packet}/receipt", LARGEST_RECEIPT)
        except Declined as declined:
            if declined.status in _STANDS_ELSEWHERE:
                raise LinkDown(LinkTrouble.NONSENSE) from None
            raise

    def listing(self, station: str, kind: str, *, after: int) -> Listing:
        """What waits for the station (``kind``: orders or rosters) behind number ``after``."""
        content = self._content(f"/v1/stations/{station}/{kind}?after={after}", LARGEST_ANSWER)
        try:
            return _LISTING.validate_json(content, strict=True)
        except ValidationError:
            raise LinkDown(LinkTrouble.NONSENSE) from None

    def fetch(self, station: str, kind: str, entry: Entry) -> bytes:
        """One waiting file, signed and sealed to the kiosk process: opaque here."""
        return self._content(f"/v1/stations/{station}/{kind}/{entry.name}", LARGEST_ANSWER)

    def _content(self, path: str, most: int) -> bytes:
        def receive() -> bytes:
            with self._http.stream("GET", path) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise _unwelcome(answer.status_code)
                gathered = bytearray()
                for chunk in answer.iter_bytes():
                    gathered += chunk
                    if len(gathered) > most:
                        raise LinkDown(LinkTrouble.NONSENSE)
                return bytes(gathered)

        return self._guarded(receive)

    def _ask(self, method: str, url: str, headers: dict[str, str] | None = None, body: bytes = b"") -> httpx.Response:
        def exchange() -> httpx.Response:
            answer = self._http.request(method, url, headers=_TUS | (headers or {}), content=body)
            if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                raise _unwelcome(answer.status_code)
            return answer

        return self._guarded(exchange)

    def _guarded(self, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except httpx.TimeoutException:
            raise LinkDown(LinkTrouble.TIMEOUT) from None
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise LinkDown(_trouble(error)) from None


def _unwelcome(status: int) -> LinkDown | Declined:
    return LinkDown(LinkTrouble.SERVER_ERROR) if status >= httpx.codes.INTERNAL_SERVER_ERROR else Declined(status)


def _number(answer: httpx.Response, header: str) -> int:
    value = answer.headers.get(header, "")
    if not re.fullmatch(r"[0-9]{1,18}", value):
        raise LinkDown(LinkTrouble.NONSENSE)
    return int(value)


def _trouble(error: BaseException) -> LinkTrouble:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return LinkTrouble.NOT_TRUSTED
        cause = cause.__cause__ or cause.__context__
    return LinkTrouble.NONSENSE if isinstance(error, httpx.InvalidURL) else LinkTrouble.UNREACHABLE
