"""The command line: ``kiosk run``, ``uplink``, ``check``, ``provision``, ``measure …``, ``centre …``, ``fleet …``, …

Each command imports only its own rooms: the process that has the network never loads the screens or the drivers.
"""

import logging
import os
import signal
import sqlite3
import sys
import threading
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from kiosk.record.safekeeping import Keep

CANNOT_START, BAD_CONFIGURATION = 69, 78
"""Exit statuses of sysexits.h: EX_UNAVAILABLE, EX_CONFIG."""
CONFIG = Path("/etc/rekam/station.toml")
Config = Annotated[Path, typer.Option("--config", "-c", help="The station's settings.")]
Stick = Annotated[
    Path | None, typer.Argument(metavar="STICK", help="Where it is mounted; left out: where the system does so.")
]

PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Rekam: the self-recording station for the KTP-el.",
)


def software() -> str:
    """The version that is installed, or that of the checkout it runs from."""
    try:
        return version("rekam")
    except PackageNotFoundError:
        return "0.1.0+checkout"


@app.command()
def run(
    config: Config = CONFIG,
    pictures: Annotated[
        Path | None, typer.Option(help="Keep a picture of every screen that is shown in this folder.")
    ] = None,
    errands: Annotated[
        Path | None, typer.Option(help="Let a robot resident run the errands in this file, on simulated devices.")
    ] = None,
    pause: Annotated[float, typer.Option(help="Seconds between two touches of the robot.")] = 0.8,
    hands: Annotated[
        int | None, typer.Option(help="Lend simulated hands of this made-up person to whoever touches the window.")
    ] = None,
    frames: Annotated[Path | None, typer.Option(help="Write how long each frame took into this file (CSV).")] = None,
) -> None:
    """Run the station: screen, devices and records. Has no network and needs none."""
    from kiosk.station.running import log_to_stderr, run_from  # this process alone loads screens and drivers

    log_to_stderr()
    raise typer.Exit(
        run_from(
            config,
            software=software(),
            environment=os.environ,
            pictures=pictures,
            errands=errands,
            pause=pause,
            hands=hands,
            frames=frames,
        )
    )


@app.command()
def uplink(config: Config = CONFIG) -> None:
    """Run the uplink: delivers sealed packets, brings receipts and orders, publishes telemetry."""
    # This process never loads screens, drivers or anything that could open what is sealed.
    from kiosk.station.machine import Process
    from kiosk.station.settings import BadSettings, load
    from kiosk.uplink.service import run
    from kiosk.uplink.settings import BrokerSettings, TlsFiles, UplinkSettings

    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = load(config, here=[Process.UPLINK])
        centre, broker = settings.centre, settings.broker
        tls = TlsFiles(Path(centre.authority), Path(centre.certificate), Path(centre.key))
        chosen = UplinkSettings(
            station=settings.station.id,
            province=settings.station.province,
            root=settings.state,
            centre_url=centre.url,
            centre_tls=tls,
            broker=BrokerSettings(
                host=broker.host,
                port=broker.port,
                password=Path(broker.password_file).read_text(encoding="utf-8").strip(),
                tls=TlsFiles(Path(broker.authority), tls.certificate, tls.key) if broker.authority else None,
            ),
            poll_seconds=centre.poll_seconds,
            health_seconds=broker.health_seconds,
            most_kbit=centre.most_kbit,
            hours=centre.hours,
            disk_floor=settings.policy.disk_floor_mb * 1_000_000,
        )
    except BadSettings as error:
        print(error, file=sys.stderr)
        raise typer.Exit(BAD_CONFIGURATION) from None
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        run(chosen, stop=stop)
    except (OSError, sqlite3.DatabaseError) as error:
        print(f"kiosk uplink: {error}", file=sys.stderr)
        raise typer.Exit(CANNOT_START) from None


@app.command()
def check(config: Config = CONFIG) -> None:
    """Look, without starting anything, for all that is wrong with the settings and what they need of this machine."""
    from kiosk.station.machine import Process
    from kiosk.station.settings import BadSettings, load

    try:
        load(config, here=list(Process))
    except BadSettings as error:
        print(error, file=sys.stderr)
        raise typer.Exit(BAD_CONFIGURATION) from None
    print(f"{config}: nothing is wrong")


@app.command()
def provision(
    grant: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="The centre's answer; without it, ask for one.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the request: STATION.request here.")] = None,
    root: Annotated[
        str | None, typer.Option(help="The fingerprint of the centre's root, as the centre told it by telephone.")
    ] = None,
    renew: Annotated[
        bool, typer.Option("--renew", help="Make keys anew; the old stay until the grant is here.")
    ] = False,
    keep: Annotated[Keep | None, typer.Option(help="How to keep the keys: the best this machine has.")] = None,
    config: Config = CONFIG,
) -> None:
    """Make this station's own keys and ask the centre to know it, as root; then take the centre's grant in."""
    from kiosk.station.identity import provision_from  # only here

    raise typer.Exit(
        provision_from(config, software=software(), grant=grant, out=out, root=root, renew=renew, keep=keep)
    )


@app.command("export")
def carry_out(stick: Stick = None, config: Config = CONFIG) -> None:
    """Copy the waiting recordings, sealed as they are, to a USB stick; what is there already is not written again."""
    from kiosk.station import by_hand

    raise typer.Exit(by_hand.carry_out(config, stick))


@app.command("import")
def carry_in(stick: Stick = None, config: Config = CONFIG) -> None:
    """Bring in from a USB stick what the centre wrote: receipts, orders, rosters, states and keys."""
    from kiosk.station import by_hand

    raise typer.Exit(by_hand.carry_in(config, stick))


@app.command(context_settings=PASSED_ON)
def centre(context: typer.Context) -> None:
    """The reference centre: keys, rosters, packets, receipts, print orders."""
    from kiosk.centre.commands import commands

    commands()(args=context.args, prog_name="kiosk centre")


@app.command(context_settings=PASSED_ON)
def fleet(context: typer.Context) -> None:
    """All stations at a glance, over MQTT."""
    from kiosk.fleet.watch import commands

    commands()(args=context.args, prog_name="kiosk fleet")


@app.command(context_settings=PASSED_ON)
def measure(context: typer.Context) -> None:
    """Measure, for technicians: pictures in a folder (CSV), or live what a camera or the finger reader sees."""
    from kiosk.station.workbench.commands import commands

    commands()(args=context.args, prog_name="kiosk measure")


@app.command()
def demo(
    robot: Annotated[
        bool, typer.Option("--robot", help="Let a robot resident go through, even where there is a display.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep what the last demo left, and go on with it.")] = False,
    size: Annotated[str, typer.Option(help="Window size, for example 1280x800 or 720x1280.")] = "1280x800",
    pause: Annotated[float, typer.Option(help="Seconds between two touches of the robot.")] = 0.5,
    pictures: Annotated[bool, typer.Option(help="Keep a picture of every screen.")] = True,
    folder: Annotated[Path, typer.Option(help="Where everything is kept.")] = Path(".demo"),
) -> None:
    """Show everything at once on this machine: station, uplink, broker, centre, simulated devices."""
    from kiosk.centre.demo import show  # only here

    raise typer.Exit(show(folder, robot=robot, keep=keep, size=size, pause=pause, pictures=pictures))


@app.command()
def diagram() -> None:
    """Print the journey's diagram (Mermaid), drawn from the table."""
    from kiosk.journey.diagram import mermaid  # only here
    from kiosk.journey.table import TABLE  # only here

    print(mermaid(TABLE), end="")


def main() -> None:
    """Enter from the command line."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    app()


if __name__ == "__main__":
    main()
