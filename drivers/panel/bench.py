"""The panel by hand: ``python -m drivers panel --simulated watch``."""

import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, cast

import typer
from rich.console import Console

from drivers.errors import DeviceError
from drivers.panel import Change, Lamp, Panel

ILL = 1
"""Exit status when the panel is ill; 2 is typer's own for a wrong command line."""
WORDS = {
    Change.HELP_PRESSED: "The help button was pressed.",
    Change.DOOR_OPENED: "The door was opened, or its wire is cut.",
    Change.DOOR_CLOSED: "The door was closed.",
    Change.SOMEONE_CAME: "Somebody came.",
    Change.EVERYONE_LEFT: "Everybody left.",
    Change.POWER_FAILED: "The power failed.",
    Change.POWER_BACK: "The power is back.",
}

Pin = Annotated[int, typer.Option(help="GPIO number (BCM); 0 where nothing is wired.", min=0, max=27)]


def commands() -> typer.Typer:
    """Build the ``panel`` group for ``python -m drivers``."""
    app = typer.Typer(help="Try lights, button, door and sensors by hand.", no_args_is_help=True)

    @app.callback()
    def choose(
        context: typer.Context,
        simulated: Annotated[bool, typer.Option("--simulated", help="Use a simulated panel instead.")] = False,
        capture_light: Pin = 12,
        lamp_ready: Pin = 5,
        lamp_busy: Pin = 6,
        lamp_call: Pin = 13,
        help_button: Pin = 17,
        door: Pin = 22,
        presence: Pin = 0,
        power_fail: Pin = 0,
        power_fail_active_high: Annotated[
            bool, typer.Option(help="The power-fail line rises when power fails.")
        ] = False,
    ) -> None:
        """Try lights, button, door and sensors by hand. Exit status: 0 well, 1 the panel is ill, 2 wrong command line."""
        if context.resilient_parsing or "--help" in sys.argv:
            return
        try:
            if simulated:
                panel = import_module("drivers.panel.simulated").SimulatedPanel()
            else:
                pins = import_module("drivers.panel.wired").Pins(
                    capture_light=capture_light,
                    lamp_ready=lamp_ready,
                    lamp_busy=lamp_busy,
                    lamp_call=lamp_call,
                    help_button=help_button,
                    door=door,
                    presence=presence,
                    power_fail=power_fail,
                    power_fail_active_high=power_fail_active_high,
                )
                panel = import_module("drivers.panel.raspberry").RaspberryPanel(pins)
        except DeviceError as error:
            raise _tell(error) from error
        context.call_on_close(panel.close)
        context.obj = panel

    @app.command()
    def watch(
        context: typer.Context,
        seconds: Annotated[float, typer.Option(help="How long to watch.", min=0.1)] = 60.0,
    ) -> None:
        """Say what happens at the panel, as it happens."""
        panel = cast("Panel", context.obj)
        console, begin = Console(), time.monotonic()
        console.print(f"Watching for {seconds:g} s; what is at rest is not told.", highlight=False)
        try:
            while (left := begin + seconds - time.monotonic()) > 0:
                for change in panel.changes(within=min(left, 1.0)):
                    console.print(f"{time.monotonic() - begin:7.2f} s  {WORDS[change]}", highlight=False)
        except DeviceError as error:
            raise _tell(error) from error

    @app.command()
    def light(
        context: typer.Context,
        level: Annotated[float, typer.Argument(help="0.0 off to 1.0 full.", min=0.0, max=1.0)],
        seconds: Annotated[float, typer.Option(help="How long.", min=0.0)] = 5.0,
    ) -> None:
        """Set the white light on the face for some seconds."""
        _hold(lambda panel: panel.capture_light(level), context, seconds)

    @app.command()
    def lamp(
        context: typer.Context,
        status: Annotated[Lamp, typer.Argument(help="What to show to the room.")],
        seconds: Annotated[float, typer.Option(help="How long.", min=0.0)] = 5.0,
    ) -> None:
        """Show one status to the room for some seconds."""
        _hold(lambda panel: panel.status(status), context, seconds)

    return app


def _hold(act: Callable[[Panel], None], context: typer.Context, seconds: float) -> None:
    try:
        act(cast("Panel", context.obj))
    except DeviceError as error:
        raise _tell(error) from error
    time.sleep(seconds)


def _tell(error: DeviceError) -> typer.Exit:
    Console(stderr=True).print(f"[bold red]✗[/] {error}", highlight=False)
    return typer.Exit(ILL)
