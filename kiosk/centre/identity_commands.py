"""``kiosk centre keys``, ``enrol``, ``rotate`` and the like: whom stations believe, and which stations there are."""

import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from kiosk.centre.authority import Authority
from kiosk.centre.keyring import Purpose
from kiosk.centre.outgoing import Outgoing
from kiosk.centre.saying import CENTRE_DIRECTORY, Directory, plainly, say
from kiosk.record.enrolment import LARGEST, Request, same_fingerprint
from kiosk.record.exchange import write_durably
from kiosk.record.header import Kind
from kiosk.record.safekeeping import SYSTEMD, best

_Hosts = Annotated[
    list[str] | None,
    typer.Option("--host", help="Name or address under which others reach the server; may be given several times."),
]
_PASSWORDS = Path("/etc/mosquitto/stations/passwords")
"""At the broker, as config/mosquitto/mosquitto.conf has it."""


class NotCompared(ValueError):
    """Nobody has said that the request is the station's."""


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("keys")(_keys)
    app.command("certificate")(_certificate)
    app.command("enrol")(_enrol)
    app.command("revoke")(_revoke)
    app.command("rotate")(_rotate)
    app.command("provision-station")(_provision_station)


def _keys(host: _Hosts = None, directory: Directory = CENTRE_DIRECTORY) -> None:
    """Make the centre's keys, and certificates for its server and broker, once."""
    with plainly():
        authority = Authority.create(directory, hosts=host or ())
        say(f"Keys made in {directory / 'keys'}, certificates in {directory / 'tls'}.")
        say(f"The root's fingerprint, which every station compares once: {authority.fingerprint}")


def _certificate(
    name: Annotated[str, typer.Argument(help="centre, broker, or a name for whoever is to have it: a technician.")],
    host: _Hosts = None,
    directory: Directory = CENTRE_DIRECTORY,
) -> None:
    """Make a certificate and its key, again or for somebody new; each is good for a year."""
    with plainly():
        made = Authority(directory).certify(name, hosts=host or ())
        say(f"{made.certificate} and {made.key}, vouched for by {made.authority}.")


def _enrol(
    request: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `kiosk provision` wrote.")],
    grant: Annotated[
        Path, typer.Argument(dir_okay=False, help="Where to write the answer, which goes to the station.")
    ],
    fingerprint: Annotated[
        str | None, typer.Option(help="The request's fingerprint as the station showed it; else it is asked for.")
    ] = None,
    only: Annotated[
        bool, typer.Option("--only", help="Believe no earlier key or certificate of this station: somebody has them.")
    ] = False,
    directory: Directory = CENTRE_DIRECTORY,
) -> None:
    """Know a station by its request, for the first time or again, and write its grant: certificate, keys, password."""
    with plainly():
        authority = Authority(directory)
        with request.open("rb") as file:
            asked = Request.read(file.read(LARGEST + 1))
        say(
            f"Station {asked.station}, province {asked.province or 'not told'},"
            f" software {asked.software or 'not told'}."
        )
        say(f"The request's fingerprint: {asked.fingerprint}")
        if fingerprint is None:
            if not sys.stdin.isatty():
                raise NotCompared("Nobody compared it. Give what the station showed with --fingerprint.")
            typer.confirm("Does the station show the same (ask by telephone)?", abort=True)
        elif not same_fingerprint(fingerprint, asked.fingerprint):
            raise NotCompared("That is not what the station showed: the request was changed on its way.")
        write_durably(grant, authority.enrol(asked, now=_now(), only=only), mode=0o644)
        say(f"{grant} is its grant: nobody else can read it. On the station:")
        say(f"  sudo kiosk provision {shlex.quote(grant.name)} --root '{authority.fingerprint}'")
        say("At the first time, tell it the root's fingerprint by telephone, not along with the file.")
        password = shlex.quote(str(authority.password_file(asked.station)))
        say("On the broker's machine, once, let it in:")
        # Asked for twice; on the command line, others on that machine could see it.
        say(f"  cat {password} {password} | sudo -u mosquitto mosquitto_passwd {_PASSWORDS} {asked.station}")
        say("  sudo systemctl reload mosquitto")


def _revoke(
    station: Annotated[str, typer.Argument(help="The station to deal with no longer.")],
    directory: Directory = CENTRE_DIRECTORY,
) -> None:
    """Deal with a station no longer: it is refused at the door, and its packets are. Another grant lets it in again."""
    with plainly():
        Authority(directory).revoke(station)
        say(f"Station {station} is refused from now on. On the broker's machine:")
        say(f"  sudo -u mosquitto mosquitto_passwd -D {_PASSWORDS} {shlex.quote(station)}")
        say("  sudo systemctl reload mosquitto")


def _rotate(
    purpose: Annotated[Purpose, typer.Argument(help="What the key is for.")],
    drop: Annotated[
        bool,
        typer.Option("--drop", help="Make none, but forget the earlier ones for good: what waits for them is lost."),
    ] = False,
    directory: Directory = CENTRE_DIRECTORY,
) -> None:
    """Use a new key from now on, and tell all stations; the earlier ones are still known until they are dropped."""
    with plainly():
        authority = Authority(directory)
        if drop:
            say(f"Earlier keys for {purpose.value} forgotten: {authority.keyring.drop(purpose)}.")
        else:
            authority.keyring.rotate(purpose)
            say(f"A new key for {purpose.value} is in use.")
        stations = tell_stations(authority, Outgoing(directory / "out"), now=_now())
        say(f"The new list of keys waits for the stations: {', '.join(stations) or 'there are none'}.")


def tell_stations(authority: Authority, outgoing: Outgoing, *, now: datetime) -> list[str]:
    """Put the list of keys, as it is now, where every station that is known fetches it; which stations those are."""
    stations = authority.stations()
    for station in stations:
        number, blob = authority.numbered_list(authority.station(station), now=now)
        outgoing.publish(station, Kind.KEYS, number, blob)
    return stations


def _provision_station(
    station: Annotated[str, typer.Argument(help="The station's id: lower-case letters, digits and dashes.")],
    state: Annotated[Path, typer.Argument(help="Its state directory, on this machine.")],
    province: Annotated[str, typer.Option(help="The station's province.")] = "ntt",
    directory: Directory = CENTRE_DIRECTORY,
) -> None:
    """Request and grant at once, for a station on this same machine: to try things out."""
    with plainly():
        keep = best(state, SYSTEMD)
        Authority(directory).provision_station(station, state, now=_now(), province=province, keep=keep)
        say(f"Station {station} provisioned in {state}. {keep.promise}")


def _now() -> datetime:
    return datetime.now(UTC)
