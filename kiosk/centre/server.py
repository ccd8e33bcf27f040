"""The reference centre's door: tus 1.0 uploads, receipts, and what waits for each station, over mutual TLS.

A station is who its certificate says (common name); it sees its own uploads and lists only. An upload's bytes,
announced length or refusal lie in ``<directory>/<station>/<packet id>.<part|length|refusal>``. CONTRACT.md says what a
station counts on.
"""

import asyncio
import base64
import contextlib
import json
import logging
import os
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from kiosk.centre.alone import made_durably
from kiosk.centre.desk import Desk
from kiosk.centre.outgoing import LISTS
from kiosk.record.exchange import delete_durably, write_durably
from kiosk.record.header import Kind, Untrusted, is_name
from kiosk.uplink.settings import TlsFiles

log = logging.getLogger(__name__)

LARGEST_PACKET = 64 * 1024 * 1024
MOST_UNFINISHED = 200
"""Uploads that a station may have under way; the oldest go: those it never finishes, or that came on a stick."""
PAGE = 200
"""Files listed at once; the station asks again behind the last."""
_TUS = {"Tus-Resumable": "1.0.0", "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one upload."""

    directory: Path
    packet: str

    @property
    def part(self) -> Path:
        """The bytes so far."""
        return self.directory / f"{self.packet}.part"

    @property
    def length(self) -> Path:
        """How many there will be, as decimal text."""
        return self.directory / f"{self.packet}.length"

    @property
    def refusal(self) -> Path:
        """Why the packet was not taken."""
        return self.directory / f"{self.packet}.refusal"


class CentreServer:
    """The HTTP application; uploads under way lie in ``directory``, by station."""

    def __init__(self, directory: Path, desk: Desk) -> None:
        self._directory, self._desk = directory, desk
        self._one_at_a_time = asyncio.Lock()
        self._writers: dict[Path, object] = {}
        upload, lists = "/v1/packets/{packet}", "/v1/stations/{station}/{kind}"
        self.app = Starlette(
            routes=[
                Route("/v1/packets", self._create, methods=["POST"]),
                Route("/v1/packets", self._options, methods=["OPTIONS"]),
                # Starlette answers HEAD through GET routes too; here HEAD is tus's question and stands alone.
                Route(upload, self._upload, methods=["HEAD", "PATCH"]),
                Route(upload + "/receipt", self._receipt, methods=["GET"]),
                Route(lists, self._list, methods=["GET"]),
                Route(lists + "/{name}", self._waiting, methods=["GET"]),
            ]
        )

    # tus 1.0.0: https://tus.io/protocols/resumable-upload --------------------------------------------------------

    async def _options(self, request: Request) -> Response:
        features = {"Tus-Version": "1.0.0", "Tus-Extension": "creation", "Tus-Max-Size": str(LARGEST_PACKET)}
        return Response(status_code=204, headers=_TUS | features)

    async def _create(self, request: Request) -> Response:
        station, place = await self._place(request, _packet_id(request.headers.get("Upload-Metadata", "")))
        _require_tus(request)
        length = _whole_number(request, "Upload-Length")
        if not 0 < length <= LARGEST_PACKET:
            raise HTTPException(413, "a packet has between 1 byte and 64 MiB")
        stated = _stated(place.length)
        if stated != length:
            # One that came on a stick has no length here, and its receipt is what the station wants.
            if stated is not None and await self._receipted(station, place):
                raise HTTPException(409, "a packet of this id and another length has been receipted")
            self._writers.pop(place.part, None)
            await run_in_threadpool(_begin, place, length)
            await run_in_threadpool(_keep_unfinished, place.directory, MOST_UNFINISHED)
        elif place.refusal.exists():
            await run_in_threadpool(_begin, place, length)
        return Response(status_code=201, headers=_TUS | {"Location": f"/v1/packets/{place.packet}"})

    async def _upload(self, request: Request) -> Response:
        station, place = await self._place(request, request.path_params["packet"])
        _require_tus(request)
        length = _stated(place.length)
        if length is None or place.refusal.exists():
            raise HTTPException(404, "no such upload: create it", headers=_TUS)
        offset = length if await self._receipted(station, place) else _size(place.part)
        if request.method == "HEAD":
            return Response(headers=_TUS | {"Upload-Offset": str(offset), "Upload-Length": str(length)})
        if request.headers.get("Content-Type") != "application/offset+octet-stream":
            raise HTTPException(415, "a piece is application/offset+octet-stream", headers=_TUS)
        if _whole_number(request, "Upload-Offset") != offset:
            raise HTTPException(409, "the upload stands at another offset: ask with HEAD", headers=_TUS)
        if offset < length:
            offset = await self._append(request, place, offset, length)
        if offset == length:
            await self._hand_over(place, station)
        return Response(status_code=204, headers=_TUS | {"Upload-Offset": str(offset)})

    async def _append(self, request: Request, place: Place, offset: int, length: int) -> int:
        # A station that lost its connection comes back while the old one still looks open: the newest writer wins,
        # else the upload would be locked until a timeout.
        writer = self._writers[place.part] = object()
        with place.part.open("ab") as part:
            try:
                async for chunk in request.stream():
                    if self._writers.get(place.part) is not writer:
                        raise HTTPException(409, "another connection goes on with this upload", headers=_TUS)
                    if offset + len(chunk) > length:
                        raise HTTPException(413, "more bytes than announced", headers=_TUS)
                    part.write(chunk)
                    part.flush()
                    offset += len(chunk)
            except ClientDisconnect:
                log.info("upload %s cut at %d of %d bytes", place.packet, offset, length)
            finally:
                if self._writers.get(place.part) is writer:
                    del self._writers[place.part]
            # What is told as the offset must survive a power cut of the centre.
            await run_in_threadpool(os.fsync, part.fileno())
        return offset

    async def _hand_over(self, place: Place, station: str) -> None:
        async with self._one_at_a_time:
            if not await self._receipted(station, place) and not place.refusal.exists():
                await run_in_threadpool(self._decide, place, station)

    async def _receipted(self, station: str, place: Place) -> bool:
        return await run_in_threadpool(self._desk.receipt, station, place.packet) is not None

    def _decide(self, place: Place, station: str) -> None:
        try:
            self._desk.accept(place.part.read_bytes(), station=station, packet_id=place.packet)
        except Untrusted as untrusted:
            log.warning("packet %s of %s refused: %s", place.packet, station, untrusted)
            write_durably(place.refusal, json.dumps({"reason": str(untrusted)}).encode())
        delete_durably(place.part)

    async def _receipt(self, request: Request) -> Response:
        station, place = await self._place(request, request.path_params["packet"])
        length = _stated(place.length)
        if length is not None and _size(place.part) == length:
            # The server was stopped between the last piece and the receipt.
            await self._hand_over(place, station)
        receipt = await run_in_threadpool(self._desk.receipt, station, place.packet)
        if receipt is not None:
            return Response(receipt, media_type="application/cose", headers=_TUS)
        if place.refusal.exists():
            return Response(place.refusal.read_bytes(), status_code=422, media_type="application/json", headers=_TUS)
        raise HTTPException(404 if length is None else 409, "the packet has not arrived whole")

    # What waits for a station -------------------------------------------------------------------------------------

    async def _list(self, request: Request) -> Response:
        station, kind = await self._own_list(request)
        after = request.query_params.get("after", "0")
        if not re.fullmatch(r"[0-9]{1,15}", after):
            raise HTTPException(400, "after is a number")
        highest, waiting = await run_in_threadpool(self._desk.waiting, station, kind, after=int(after))
        files = [{"number": number, "name": name} for number, name in waiting[:PAGE]]
        return JSONResponse({"highest": highest, "files": files}, headers={"Cache-Control": "no-store"})

    async def _waiting(self, request: Request) -> Response:
        station, kind = await self._own_list(request)
        file = await run_in_threadpool(self._desk.file, station, kind, request.path_params["name"])
        if file is None:
            raise HTTPException(404, "nothing of this name waits")
        # It answers Range: a roster is large for a village's line, and goes on where it was cut.
        return FileResponse(file, media_type="application/cose", headers={"Cache-Control": "no-store"})

    # Who asks -----------------------------------------------------------------------------------------------------

    async def _own_list(self, request: Request) -> tuple[str, Kind]:
        station, kind = request.path_params["station"], LISTS.get(request.path_params["kind"])
        if station != await self._station(request):
            raise HTTPException(403, "a station sees its own list only")
        if kind is None:
            raise HTTPException(404, f"there are {', '.join(LISTS)}")
        return station, kind

    async def _place(self, request: Request, packet: str) -> tuple[str, Place]:
        if not is_name(packet):
            raise HTTPException(400, "a packet id has lower-case letters, digits and dashes")
        station = await self._station(request)
        directory = self._directory / station
        made_durably(directory)
        return station, Place(directory, packet)

    async def _station(self, request: Request) -> str:
        state = request.scope.get("state", {})
        station: object = state.get("station")
        if not is_name(station):
            raise HTTPException(403, "the certificate names no station")
        if not await run_in_threadpool(self._desk.welcomes, station, state["certificate"]):
            raise HTTPException(403, "this station is not known here, or was revoked, or its certificate was")
        return station


def _require_tus(request: Request) -> None:
    if request.headers.get("Tus-Resumable") != "1.0.0":
        raise HTTPException(412, "speak tus 1.0.0", headers={"Tus-Version": "1.0.0"})


def _whole_number(request: Request, header: str) -> int:
    value = request.headers.get(header, "")
    if not re.fullmatch(r"[0-9]{1,15}", value):
        raise HTTPException(400, f"{header} is missing or no number", headers=_TUS)
    return int(value)


def _packet_id(metadata: str) -> str:
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "packet_id":
            try:
                return base64.b64decode(value, validate=True).decode("ascii")
            except ValueError:
                break
    raise HTTPException(400, "Upload-Metadata must carry packet_id in base64", headers=_TUS)


def _begin(place: Place, length: int) -> None:
    place.part.unlink(missing_ok=True)
    place.refusal.unlink(missing_ok=True)
    write_durably(place.length, str(length).encode())


def _keep_unfinished(directory: Path, most: int) -> None:
    """Let the oldest go that are too many; their stations begin them anew."""
    parts = []
    for part in directory.glob("*.part"):
        with contextlib.suppress(FileNotFoundError):  # one that has arrived whole meanwhile
            parts.append((part.stat().st_mtime_ns, part))
    for _, part in sorted(parts)[: max(0, len(parts) - most)]:
        part.unlink(missing_ok=True)


def _stated(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii"))
    except FileNotFoundError:
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


# The server around the application --------------------------------------------------------------------------------


class _KnowsItsPeer(H11Protocol):
    """Hands the client's certificate, and its common name, to the application; uvicorn itself does not."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the parent
        super().connection_made(transport)
        encrypted: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        told: dict[str, Any] = (encrypted.getpeercert() if encrypted else None) or {}
        names = [value for part in told.get("subject", ()) for key, value in part if key == "commonName"]
        self.app_state = {
            **self.app_state,
            "station": names[0] if len(names) == 1 else None,
            "certificate": (encrypted.getpeercert(binary_form=True) if encrypted else None) or b"",
        }


def server(application: CentreServer, *, host: str, port: int, tls: TlsFiles) -> uvicorn.Server:
    """Make the HTTPS server; ``run()`` serves until ``should_exit`` is set. ``tls.authority`` says who may enter."""
    config = uvicorn.Config(
        application.app,
        host=host,
        port=port,
        http=_KnowsItsPeer,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        ssl_certfile=str(tls.certificate),
        ssl_keyfile=str(tls.key),
        ssl_ca_certs=str(tls.authority),
        ssl_cert_reqs=ssl.CERT_REQUIRED,
        timeout_graceful_shutdown=5,
    )
    config.load()
    if config.ssl is None:
        raise ValueError("the centre serves over TLS only")
    config.ssl.minimum_version = ssl.TLSVersion.TLSv1_3
    return uvicorn.Server(config)
