"""``kiosk provision``: the station's own keys, its request to the centre, and the centre's grant."""

import sys
import time
from pathlib import Path

import typer

from kiosk.record.enrolment import LARGEST, Request
from kiosk.record.exchange import write_durably
from kiosk.record.header import Untrusted
from kiosk.record.keys import NotProvisioned
from kiosk.record.provisioning import RootUnknown, ask, take_in
from kiosk.record.safekeeping import INSTALLED, SYSTEMD, Keep, best
from kiosk.station.settings import BadSettings, Settings, load

CANNOT, BAD_CONFIGURATION = 69, 78
"""Exit statuses of sysexits.h: EX_UNAVAILABLE, EX_CONFIG."""


def provision_from(
    file: Path,
    *,
    software: str,
    grant: Path | None,
    out: Path | None,
    root: str | None,
    renew: bool,
    keep: Keep | None,
) -> int:
    """Ask, or with a ``grant`` take it in, for the station that ``file`` describes; the exit status."""
    try:
        settings = load(file)
        chosen = _kept(keep, settings.state)
        if grant is None:
            _ask(settings, out or Path(f"{settings.station.id}.request"), chosen, software=software, renew=renew)
        else:
            _take_in(settings, grant, chosen, root=root)
    except BadSettings as error:
        sys.stderr.write(f"{error}\n")
        return BAD_CONFIGURATION
    except (NotProvisioned, Untrusted, OSError) as error:
        needs_root = "; run it with sudo" if isinstance(error, PermissionError) else ""
        sys.stderr.write(f"kiosk provision: {error}{needs_root}\n")
        return CANNOT
    return 0


def _kept(asked: Keep | None, state: Path) -> Keep:
    if asked in (Keep.MACHINE, Keep.TPM) and state != INSTALLED:
        raise NotProvisioned(f"systemd keeps keys only for an installed station, whose state lies in {INSTALLED}.")
    return asked or best(state, SYSTEMD)


def _ask(settings: Settings, out: Path, keep: Keep, *, software: str, renew: bool) -> None:
    station = settings.station
    request = ask(
        settings.state,
        station.id,
        province=station.province,
        software=software,
        now=int(time.time()),
        keep=keep,
        renew=renew,
    )
    write_durably(out, request, mode=0o644)
    typer.echo(keep.promise)
    typer.echo(f"{out} is the request of the station {station.id}; there is no secret in it. At the centre:")
    typer.echo(f"  ./install.sh centre enrol {out.name} {station.id}.grant")
    typer.echo("The centre asks for this fingerprint, by telephone:")
    typer.echo(Request.read(request).fingerprint)
    if renew:
        typer.echo("From then on the centre seals to the new keys, which a running station opens once it is restarted:")
        typer.echo("  sudo systemctl restart kiosk")


def _take_in(settings: Settings, file: Path, keep: Keep, *, root: str | None) -> None:
    with file.open("rb") as opened:
        grant = opened.read(LARGEST + 1)
    station, now = settings.station.id, int(time.time())
    try:
        take_in(grant, settings.state, station=station, now=now, root=root, keep=keep)
    except RootUnknown as unknown:
        if not sys.stdin.isatty():
            raise
        typer.echo(f"The centre's root has this fingerprint: {unknown.fingerprint}")
        typer.confirm("Does the centre tell the same (ask by telephone)?", abort=True)
        take_in(grant, settings.state, station=station, now=now, root=unknown.fingerprint, keep=keep)
    typer.echo(keep.promise)
    typer.echo(f"This is the station {station} now. A station that runs takes it up when it is restarted:")
    typer.echo("  sudo systemctl restart kiosk kiosk-uplink")
