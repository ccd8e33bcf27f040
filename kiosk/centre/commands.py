"""``kiosk centre …``: the reference centre by hand."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from kiosk.centre.authority import Authority
from kiosk.centre.by_stick import command as import_stick
from kiosk.centre.identity_commands import register
from kiosk.centre.opening import lay_out, open_packet
from kiosk.centre.orders import CARD_AGE, Orders
from kiosk.centre.outgoing import Outgoing
from kiosk.centre.registry import Registry
from kiosk.centre.residents import OFFICERS, made_up
from kiosk.centre.roster_maker import make_roster
from kiosk.centre.saying import CENTRE_DIRECTORY, Directory, plainly, say
from kiosk.centre.serve import command
from kiosk.record.header import Kind
from kiosk.record.nik import Areas
from kiosk.record.resident import RecordState

_Packet = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A sealed packet file.")]
_WILAYAH = Path(__file__).parents[2] / "config" / "wilayah.csv"


def commands() -> typer.Typer:
    """Gather the centre's commands."""
    app = typer.Typer(
        no_args_is_help=True, add_completion=False, help="The reference centre: keys, rosters, packets, print orders."
    )
    register(app)
    app.command("roster")(_roster)
    app.command("open")(_open)
    app.command("order")(_order)
    app.command("state")(_state)
    app.command("report")(_report)
    app.command("import")(import_stick)
    app.command("serve")(command)
    return app


def _roster(
    station: Annotated[str, typer.Argument(help="The station the roster is for.")],
    wilayah: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Area codes and names.")] = _WILAYAH,
    seed: Annotated[int, typer.Option(help="The same number makes the same residents.")] = 17,
    extras: Annotated[int, typer.Option(min=0, help="How many residents beside the eight special ones.")] = 32,
    directory: Directory = CENTRE_DIRECTORY,
) -> None:
    """Sign a roster of made-up residents and put it where the station fetches it."""
    with plainly():
        authority, registry = Authority(directory), Registry(directory)
        if not registry.residents():
            registry.put_residents(
                made_up(Areas.load(wilayah), today=_now().date(), seed=seed, extras=extras).residents
            )
        residents = registry.residents()
        number, blob = make_roster(authority, registry, station, residents, OFFICERS, now=_now())
        path = Outgoing(directory / "out").publish(station, Kind.ROSTER, number, blob)
        say(f"Roster {number} with {len(residents)} residents and {len(OFFICERS)} officers: {path}")


def _open(
    packet: _Packet,
    out: Annotated[Path, typer.Option("--out", "-o", help="A folder for what is inside.")],
    escrow: Annotated[bool, typer.Option(help="Open with the escrow key instead of the centre's.")] = False,
    directory: Directory = CENTRE_DIRECTORY,
) -> None:
    """Verify a packet, open it, and lay out what is inside."""
    with plainly():
        opened = open_packet(packet.read_bytes(), Authority(directory), with_escrow=escrow)
        files = lay_out(opened, out)
        say(f"Packet {opened.header.id}, number {opened.header.sequence} of {opened.header.sender}: both signatures")
        say(f"are right. {len(files)} files in {out}.")


def _order(
    packet: _Packet,
    directory: Directory = CENTRE_DIRECTORY,
    card_age: Annotated[int, typer.Option(help="Years from which a card is printed.")] = CARD_AGE,
    replacing: Annotated[
        bool, typer.Option("--replacing", help="Another card, although one was ordered: lost, or damaged later.")
    ] = False,
) -> None:
    """Order the card of the resident in a packet to be printed where they were recorded."""
    with plainly():
        orders = Orders(Authority(directory), Registry(directory), Outgoing(directory / "out"), card_age=card_age)
        order_id, blob = orders.order_for_packet(packet.read_bytes(), now=_now(), replacing=replacing)
        say(f"{order_id}: {len(blob)} bytes, signed, and sealed to the station.")


def _state(
    packet: _Packet,
    state: Annotated[RecordState, typer.Argument(help="Where its record stands now.")],
    directory: Directory = CENTRE_DIRECTORY,
) -> None:
    """Move the record of the resident in a packet on; the station that recorded them is told, and tells them."""
    with plainly():
        opened, registry, now = open_packet(packet.read_bytes(), Authority(directory)), Registry(directory), _now()
        registry.set_state(opened.recording.nik, state)
        registry.put_state(opened.header.sender, opened.header.id, state, since=int(now.timestamp()))
        say(f"The record of packet {opened.header.id} is {state.value} now.")


def _report(
    station: Annotated[str, typer.Argument(help="The station to look at.")], directory: Directory = CENTRE_DIRECTORY
) -> None:
    """Tell of gaps and repetitions among a station's packets."""
    with plainly():
        Authority(directory).station(station)
        report = Registry(directory).report(station)
        say(f"Highest packet number: {report.highest}")
        for name, numbers in (("Missing", report.missing), ("Repeated", report.repeated), ("Broken", report.broken)):
            say(f"{name}: {', '.join(map(str, numbers)) or 'none'}")


def _now() -> datetime:
    return datetime.now(UTC)
