"""The readers of what nobody has signed; nothing of it is believed beyond its form."""

import json
import os
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event as Flag
from typing import Any

import httpcore

from kiosk.record import canonical, telemetry
from kiosk.record.exchange import PacketName
from kiosk.record.stick.back import bring
from kiosk.uplink.centre import Centre, Declined, Entry, LinkDown, StandsElsewhere
from kiosk.uplink.line import Line
from tests.record.mutations import changed_bytes, changed_tree, written_loosely
from tests.record.readers import Reader, texts

# What has no signature: nothing of it is believed beyond its form ---------------------------------------------------


def uplink_status(world: Any, now: datetime) -> list[Reader]:
    place = world.exchange.uplink_status
    telemetry.write_status(place, telemetry.UplinkStatus(events_seen=7, centre_last_contact=1, broker_connected=True))

    def read(content: bytes) -> telemetry.UplinkStatus:
        place.write_bytes(content)
        return telemetry.read_status(place)

    def holds(_: None, status: telemetry.UplinkStatus) -> bool:
        return isinstance(status.events_seen, int) and 0 <= status.events_seen <= 2**53

    return texts(json.loads(place.read_text()), read, (telemetry.Unreadable,), holds)


class Answering:
    """Stands in for the connection to the centre: whatever is asked, this is the answer."""

    def __init__(self) -> None:
        self.status, self.headers, self.content = 200, list[tuple[bytes, bytes]](), b""

    @contextmanager
    def stream(self, *_: Any, **__: Any) -> Iterator[httpcore.Response]:
        yield httpcore.Response(self.status, headers=self.headers, content=self.content)


def answered() -> tuple[Centre, Answering]:
    centre, http = Centre.__new__(Centre), Answering()
    centre._url, centre.line = "https://centre.example:8443", Line(stop=Flag())
    centre._http = http  # type: ignore[assignment]
    return centre, http


def listings(world: Any, now: datetime) -> list[Reader]:
    centre, http = answered()
    tree = {"highest": 9, "files": [{"number": 8, "name": "order-00000008.order"}, {"number": 9, "name": "a.keys"}]}

    def read(content: bytes) -> Any:
        http.content = content
        return centre.listing("station", "orders", after=7)

    def holds(_: None, listing: Any) -> bool:
        names = [entry.name for entry in listing.files]
        plain = all(name.isascii() and name.isprintable() and "/" not in name and name[0] != "." for name in names)
        return plain and all(isinstance(entry, Entry) and entry.number >= 1 for entry in listing.files)

    return texts(tree, read, (LinkDown, Declined), holds)


def tus(world: Any, now: datetime) -> list[Reader]:
    """Headers of an answer: every one of them may be anything that HTTP can carry."""
    centre, http = answered()
    good = {b"upload-length": b"1000", b"upload-offset": b"400", b"location": b"/v1/packets/a"}
    values = (
        b"",
        b"0",
        b"-1",
        b"+400",
        b"4e2",
        b"400 ",
        b"0x190",
        b"9" * 30,
        b"\xb2\xb3",
        b"//evil/a",
        b"/\x01",
        b"/a?b#c",
    )
    more = (b"https://evil:8443/a", b"https://centre.example:8443/b", b"http://[", b"https://a@centre.example:8443/b")

    def change(chance: random.Random) -> tuple[tuple[int, list[tuple[bytes, bytes]]], None]:
        headers = list(good.items())
        for _ in range(chance.randrange(1, 4)):
            name = chance.choice(list(good))
            value = chance.choice((*values, *more, changed_bytes(good[name], chance)))
            headers.insert(chance.randrange(len(headers) + 1), (name, value))
        return (chance.choice((200, 201, 204, 206, 301, 404, 409, 410, 429, 500, 999)), headers), None

    def read(answer: tuple[int, list[tuple[bytes, bytes]]]) -> tuple[str | None, int | None, int | None]:
        http.status, http.headers = answer
        told: list[Any] = []
        for question in (
            lambda: centre.create("a", 1000),
            lambda: centre.offset("/v1/packets/a", 1000),
            lambda: centre.append("/v1/packets/a", 300, bytes(100)),
        ):
            try:
                told.append(question())
            except (LinkDown, Declined, StandsElsewhere):
                told.append(None)
        return told[0], told[1], told[2]

    def holds(_: None, told: tuple[str | None, int | None, int | None]) -> bool:
        address, offset, reached = told
        ours = address is None or (address.startswith("/") and address.isascii() and address.isprintable())
        return ours and (offset is None or 0 <= offset <= 1000) and reached in (None, 400)

    return [Reader(read, (), [(200, list(good.items()))], change, holds)]


def names(world: Any, now: datetime) -> list[Reader]:
    good = ["0000000042-" + "a" * 32 + ".packet", "0000000001-x.packet"]

    def change(chance: random.Random) -> tuple[str, str]:
        name = changed_bytes(chance.choice(good).encode(), chance).decode("utf-8", "surrogateescape")
        return name, name

    def holds(name: str, found: PacketName | None) -> bool:
        return found is None or (str(found) == name and "/" not in name and "." not in found.packet_id)

    return [Reader(PacketName.read, (), list(good), change, holds)]


def stick_names(world: Any, now: datetime) -> list[Reader]:
    """Names of files on a stick, among them some that no text can be."""
    shelf = world.root / "stick" / "rekam" / world.keys.station / "from-centre" / "0000000000"
    shelf.mkdir(parents=True)
    good = [b"order-00000001.order", b"a" * 32 + b".receipt", b"keys-00000001.keys", b"states-00000001.states"]

    def change(chance: random.Random) -> tuple[bytes, None]:
        return changed_bytes(chance.choice(good), chance).replace(b"/", b"\\"), None

    def read(name: bytes) -> list[str]:
        path = shelf / os.fsdecode(name)
        try:
            path.write_bytes(b"content")
        except (OSError, ValueError):
            return []  # no disk can have such a name
        try:
            bring(world.exchange, world.keys.station, world.root / "stick", folder=True)
            return [brought.name for brought in world.exchange.brought.iterdir()]
        finally:
            for left in (path, *world.exchange.brought.iterdir()):
                left.unlink()

    def holds(_: None, brought: list[str]) -> bool:
        return all(
            re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}\.(receipt|order|roster|states|keys)", name) for name in brought
        )

    return [Reader(read, (), list(good), change, holds)]


def encodings(world: Any, now: datetime) -> list[Reader]:
    tree = {"a": [1, -5, {"b": bytes(300), "n": None, "t": True}], "long": "z" * 70, 7: 1 << 40, -1: ["é", []]}

    def change(chance: random.Random) -> tuple[bytes, bytes]:
        other = changed_tree(tree, chance)
        data = written_loosely(other, chance, loose=0.03)
        data = changed_bytes(data, chance) if chance.random() < 0.4 else data
        return data, data

    good = canonical.encode(tree)
    return [
        Reader(
            canonical.decode,
            (canonical.NotCanonical,),
            [good],
            change,
            lambda data, found: canonical.encode(found) == data,
        )
    ]
