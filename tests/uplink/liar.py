"""A centre that keeps to tus 1.0, and says what a test wants it to say instead."""

import base64
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kiosk.centre.tls import TlsAuthority

Answer = bytes | Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, its header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def wants_receipt(self) -> bool:
        return self.path.endswith("/receipt")

    @property
    def packet(self) -> str:
        return self.path.removesuffix("/receipt").rpartition("/")[2]


def answer(status: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    if not status.startswith("204"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Honest:
    """Uploads in memory; ``accept`` gives the receipt for a whole packet."""

    def __init__(self, accept: Callable[[bytes], bytes]) -> None:
        self._accept = accept
        self.uploads: dict[str, bytearray] = {}
        self.lengths: dict[str, int] = {}
        self.lists: dict[str, dict[str, bytes]] = {}

    def __call__(self, asked: Asked) -> bytes:
        if asked.path.startswith("/v1/stations/"):
            return answer("200 OK", body=b'{"highest": 0, "files": []}')
        if asked.method == "POST":
            packet = base64.b64decode(asked.headers["upload-metadata"].split()[1]).decode()
            self.uploads.setdefault(packet, bytearray())
            self.lengths[packet] = int(asked.headers["upload-length"])
            return answer("201 Created", {"Location": f"/v1/packets/{packet}"})
        if asked.packet not in self.uploads:
            return answer("404 Not Found")
        content, length = self.uploads[asked.packet], self.lengths[asked.packet]
        if asked.wants_receipt:
            if len(content) < length:
                return answer("409 Conflict")
            return answer("200 OK", body=self._accept(bytes(content)))
        if asked.method == "PATCH":
            if int(asked.headers["upload-offset"]) != len(content):
                return answer("409 Conflict")
            content += asked.body
            return answer("204 No Content", {"Upload-Offset": str(len(content))})
        return answer("200 OK", {"Upload-Offset": str(len(content)), "Upload-Length": str(length)})


class Liar:
    """Serves over TLS in threads of its own; ``says`` answers each request, and can be changed at any time."""

    def __init__(self, authority: TlsAuthority, says: Callable[[Asked], Answer]) -> None:
        self.says = says
        self.asked: list[Asked] = []
        self.received = 0
        tls = authority.issue("centre")
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tls.authority))
        self._context.load_cert_chain(tls.certificate, tls.key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), self._context.wrap_socket(near, server_side=True) as line:
            file = line.makefile("rb")
            while head := file.readline():
                method, path, _ = head.decode().split(" ")
                headers = {}
                while (text := file.readline().decode().strip()) != "":
                    name, _, value = text.partition(":")
                    headers[name.lower()] = value.strip()
                asked = Asked(method, path, headers, file.read(int(headers.get("content-length", "0"))))
                self.asked.append(asked)
                self.received += len(asked.body)
                said = self.says(asked)
                for part in [said] if isinstance(said, bytes) else said:
                    line.sendall(part)
                    if self._closed.is_set():
                        return
                if not isinstance(said, bytes):
                    return


def trickle(content: bytes, every: float) -> Iterable[bytes]:
    for byte in content:
        yield bytes([byte])
        time.sleep(every)


def endless(begin: bytes, more: bytes) -> Iterable[bytes]:
    yield begin
    while True:
        yield more
