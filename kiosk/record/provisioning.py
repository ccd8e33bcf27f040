"""A station's secrets on their way from the centre: one folder, laid out as the state directory will be.

``kiosk/keys`` is for the kiosk process, ``uplink/tls`` for the uplink. On a station each belongs to a user of its own,
as the installer made the directories; whoever writes there as root writes as that user.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kiosk.record.exchange import write_durably
from kiosk.record.keys import CentreTrust, NotProvisioned, StationKeys, keys_directory

PASSWORD = "mqtt.password"  # noqa: S105 the name of a file, not a password
_RENEWED = {".public", ".keys"}
"""Suffixes of the keys that are the centre's; the others are the station's own and stay for ever."""


def tls_directory(state: Path) -> Path:
    """Where the uplink's secrets lie below a station's state directory."""
    return state / "uplink" / "tls"


def take_in(folder: Path, state: Path, *, station: str) -> None:
    """Copy what the centre made in ``folder`` into ``state``, to be read by the two processes.

    May be repeated, with a newer certificate or list of the centre's keys.

    Raises:
        NotProvisioned: the folder is not complete, or not this ``station``'s; or other keys are here, without which
            nobody could read the station's records any more.
        OSError: among others, without the right to write there.
    """
    brought, held = keys_directory(folder), keys_directory(state)
    if not brought.is_dir():
        raise NotProvisioned(f"{folder} holds no station's secrets; give the folder that the centre made for it.")
    keys = StationKeys.load(brought)
    CentreTrust.load(brought)
    if keys.station != station:
        raise NotProvisioned(f"{folder} was made for the station {keys.station}, and this one is {station}.")
    for key in brought.iterdir():
        here = held / key.name
        if key.suffix not in _RENEWED and here.exists() and here.read_bytes() != key.read_bytes():
            raise NotProvisioned(
                f"{held} holds other keys, which alone open this station's records; they are not overwritten."
            )
    for source, place in ((brought, held), (tls_directory(folder), tls_directory(state))):
        contents = {path.name: path.read_bytes() for path in source.iterdir()}  # before becoming somebody else
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with as_owner_of(place):
            for name, content in contents.items():
                write_durably(place / name, content, mode=0o600)


@contextmanager
def as_owner_of(directory: Path) -> Iterator[None]:
    """Act, where this is root, as the user the directory belongs to.

    Files made there are then theirs, and a link they might have laid leads root nowhere that they cannot go themselves.
    """
    if os.geteuid() != 0:
        yield
        return
    owner, groups = directory.stat(), os.getgroups()
    os.setgroups([])
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
