"""``kiosk centre …``: the reference centre by hand."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from kiosk.centre.authority import Authority, NoAuthority
from kiosk.centre.opening import lay_out, open_packet
from kiosk.centre.orders import CARD_AGE, NotOrdered, Orders
from kiosk.centre.outgoing import Outgoing
from kiosk.centre.registry import Registry
from kiosk.centre.residents import OFFICERS, made_up
from kiosk.centre.roster_maker import make_roster
from kiosk.centre.serve import command
from kiosk.record.header import Kind, Untrusted
from kiosk.record.keys import NotProvisioned
from kiosk.record.nik import Areas
from kiosk.record.packet import Unreadable
from kiosk.record.provisioning import PASSWORD, tls_directory

_Directory = Annotated[Path, typer.Option("--directory", "-d", help="Where the centre keeps its things.")]
_Hosts = Annotated[
    list[str] | None,
    typer.Option("--host", help="Name or address under which others reach the server; may be given several times."),
]
_Packet = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A sealed packet file.")]
_DIRECTORY = Path(".demo/centre")
_PASSWORDS = Path("/etc/mosquitto/stations/passwords")
"""At the broker, as config/mosquitto/mosquitto.conf has it."""
_WILAYAH = Path(__file__).parents[2] / "config" / "wilayah.csv"


def commands() -> typer.Typer:
    """Gather the centre's commands."""
    app = typer.Typer(
        no_args_is_help=True, add_completion=False, help="The reference centre: keys, rosters, packets, print orders."
    )
    app.command("keys")(_keys)
    app.command("certificate")(_certificate)
    app.command("provision-station")(_provision_station)
    app.command("roster")(_roster)
    app.command("open")(_open)
    app.command("order")(_order)
    app.command("report")(_report)
    app.command("serve")(command)
    return app


def _keys(host: _Hosts = None, directory: _Directory = _DIRECTORY) -> None:
    """Make the centre's keys, and certificates for its server and broker, once."""
    with _plainly():
        Authority.create(directory, hosts=host or ())
        _say(f"Keys made in {directory / 'keys'}, certificates in {directory / 'tls'}.")


def _certificate(
    name: Annotated[str, typer.Argument(help="centre, broker, or a name for whoever is to have it: a technician.")],
    host: _Hosts = None,
    directory: _Directory = _DIRECTORY,
) -> None:
    """Make a certificate and its key, again or for somebody new; each is good for a year."""
    with _plainly():
        made = Authority(directory).certify(name, hosts=host or ())
        _say(f"{made.certificate} and {made.key}, vouched for by {made.authority}.")


def _provision_station(
    station: Annotated[str, typer.Argument(help="The station's id: lower-case letters, digits and dashes.")],
    folder: Annotated[Path, typer.Argument(help="A folder for its secrets, which goes to the station.")],
    province: Annotated[str, typer.Option(help="The station's province.")] = "ntt",
    directory: _Directory = _DIRECTORY,
) -> None:
    """Make a station's secrets, client certificate and password, and give it the centre's public keys."""
    with _plainly():
        Authority(directory).provision_station(station, folder, now=_now(), province=province)
        password = shlex.quote(str(tls_directory(folder) / PASSWORD))
        _say(f"Station {station} provisioned in {folder}. On the broker's machine, let it in:")
        # Asked for twice; on the command line, others on that machine could see it.
        _say(f"  cat {password} {password} | sudo -u mosquitto mosquitto_passwd {_PASSWORDS} {station}")
        _say("  sudo systemctl reload mosquitto")
        _say("On the station, from a copy of the folder:")
        _say(f"  sudo kiosk provision {shlex.quote(folder.name)}")
        _say("Then erase the copy, and lock the folder away: whoever has one can pass for the station.")


def _roster(
    station: Annotated[str, typer.Argument(help="The station the roster is for.")],
    wilayah: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Area codes and names.")] = _WILAYAH,
    seed: Annotated[int, typer.Option(help="The same number makes the same residents.")] = 17,
    extras: Annotated[int, typer.Option(min=0, help="How many residents beside the eight special ones.")] = 32,
    directory: _Directory = _DIRECTORY,
) -> None:
    """Sign a roster of made-up residents and put it where the station fetches it."""
    with _plainly():
        authority, registry = Authority(directory), Registry(directory)
        if not registry.residents():
            registry.put_residents(
                made_up(Areas.load(wilayah), today=_now().date(), seed=seed, extras=extras).residents
            )
        residents = registry.residents()
        number, blob = make_roster(authority, registry, station, residents, OFFICERS, now=_now())
        path = Outgoing(directory / "out").publish(station, Kind.ROSTER, number, blob)
        _say(f"Roster {number} with {len(residents)} residents and {len(OFFICERS)} officers: {path}")


def _open(
    packet: _Packet,
    out: Annotated[Path, typer.Option("--out", "-o", help="A folder for what is inside.")],
    escrow: Annotated[bool, typer.Option(help="Open with the escrow key instead of the centre's.")] = False,
    directory: _Directory = _DIRECTORY,
) -> None:
    """Verify a packet, open it, and lay out what is inside."""
    with _plainly():
        opened = open_packet(packet.read_bytes(), Authority(directory), with_escrow=escrow)
        files = lay_out(opened, out)
        _say(f"Packet {opened.header.id}, number {opened.header.sequence} of {opened.header.sender}: both signatures")
        _say(f"are right. {len(files)} files in {out}.")


def _order(
    packet: _Packet,
    directory: _Directory = _DIRECTORY,
    card_age: Annotated[int, typer.Option(help="Years from which a card is printed.")] = CARD_AGE,
    replacing: Annotated[
        bool, typer.Option("--replacing", help="Another card, although one was ordered: lost, or damaged later.")
    ] = False,
) -> None:
    """Order the card of the resident in a packet to be printed where they were recorded."""
    with _plainly():
        orders = Orders(Authority(directory), Registry(directory), Outgoing(directory / "out"), card_age=card_age)
        order_id, blob = orders.order_for_packet(packet.read_bytes(), now=_now(), replacing=replacing)
        _say(f"{order_id}: {len(blob)} bytes, signed, and sealed to the station.")


def _report(
    station: Annotated[str, typer.Argument(help="The station to look at.")], directory: _Directory = _DIRECTORY
) -> None:
    """Tell of gaps and repetitions among a station's packets."""
    with _plainly():
        Authority(directory).station(station)
        report = Registry(directory).report(station)
        _say(f"Highest packet number: {report.highest}")
        for name, numbers in (("Missing", report.missing), ("Repeated", report.repeated), ("Broken", report.broken)):
            _say(f"{name}: {', '.join(map(str, numbers)) or 'none'}")


@contextmanager
def _plainly() -> Iterator[None]:
    """Say what is wrong in a sentence, and exit with status 1."""
    try:
        yield
    except (NoAuthority, NotOrdered, NotProvisioned, Unreadable, Untrusted, OSError, ValueError) as error:
        Console(stderr=True, soft_wrap=True).print(f"{error}", style="red", markup=False)
        raise typer.Exit(1) from None


def _say(sentence: str) -> None:
    Console(soft_wrap=True).print(sentence, markup=False, highlight=False)


def _now() -> datetime:
    return datetime.now(UTC)
