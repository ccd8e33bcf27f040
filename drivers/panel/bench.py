"""The panel by hand: ``python -m drivers panel --simulated watch``."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Annotated, cast

import typer
from rich.console import Console

from drivers.errors import DeviceError
from drivers.panel import Change, Lamp, Panel
from drivers.panel.rhythm import BEEP

ILL = 3
"""Exit status when the panel is ill; 2 is typer's own for a wrong command line."""
WORDS = {
    Change.HELP_PRESSED: "The help button was pressed.",
    Change.DOOR_OPENED: "The door was opened, or its wire is cut.",
    Change.DOOR_CLOSED: "The door was closed.",
    Change.SOMEONE_CAME: "Somebody came.",
    Change.EVERYONE_LEFT: "Everybody left.",
    Change.TAMPERED: "The housing was opened, or its wire is cut.",
    Change.POWER_FAILED: "The power failed.",
    Change.POWER_BACK: "The power is back.",
    Change.SHUTDOWN_REQUESTED: "The battery's board asks for a shutdown.",
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
        buzzer: Pin = 0,
        help_button: Pin = 17,
        door: Pin = 22,
        tamper: Pin = 0,
        presence: Pin = 0,
        power_fail: Pin = 0,
        power_fail_active_high: Annotated[bool, typer.Option(help="The line rises when power fails.")] = False,
        shutdown_request: Pin = 0,
        shutdown_request_active_high: Annotated[bool, typer.Option(help="The line rises with the request.")] = False,
    ) -> None:
        """Try lights, button, door and sensors by hand. Exit status: 0 well, 2 wrong command line, 3 panel ill."""
        wires = {
            "capture_light": capture_light,
            "lamp_ready": lamp_ready,
            "lamp_busy": lamp_busy,
            "lamp_call": lamp_call,
            "buzzer": buzzer,
            "help_button": help_button,
            "door": door,
            "tamper": tamper,
            "presence": presence,
            "power_fail": power_fail,
            "power_fail_active_high": power_fail_active_high,
            "shutdown_request": shutdown_request,
            "shutdown_request_active_high": shutdown_request_active_high,
        }
        context.obj = partial(_open, wires, simulated=simulated)

    @app.command()
    def watch(
        context: typer.Context,
        seconds: Annotated[float, typer.Option(help="How long to watch.", min=0.1)] = 60.0,
    ) -> None:
        """Say what happens at the panel, as it happens."""
        with _opened(context) as panel:
            console, begin = Console(), time.monotonic()
            console.print(f"Watching for {seconds:g} s; what is at rest is not told.", highlight=False)
            while (left := begin + seconds - time.monotonic()) > 0:
                for change in panel.changes(within=min(left, 1.0)):
                    console.print(f"{time.monotonic() - begin:7.2f} s  {WORDS[change]}", highlight=False)

    @app.command()
    def light(
        context: typer.Context,
        level: Annotated[float, typer.Argument(help="0.0 off to 1.0 full.", min=0.0, max=1.0)],
        seconds: Annotated[float, typer.Option(help="How long.", min=0.0)] = 5.0,
    ) -> None:
        """Set the white light on the face for some seconds."""
        with _opened(context) as panel:
            panel.capture_light(level)
            time.sleep(seconds)

    @app.command()
    def lamp(
        context: typer.Context,
        status: Annotated[Lamp, typer.Argument(help="What to show to the room.")],
        seconds: Annotated[float, typer.Option(help="How long.", min=0.0)] = 5.0,
    ) -> None:
        """Show one status to the room for some seconds."""
        with _opened(context) as panel:
            panel.status(status)
            _stay(panel, seconds)

    @app.command()
    def beep(
        context: typer.Context,
        times: Annotated[int, typer.Argument(help="How often.", min=1, max=100)] = 3,
    ) -> None:
        """Sound the buzzer."""
        with _opened(context) as panel:
            panel.beep(times)
            _stay(panel, 2 * BEEP * times)

    return app


def _stay(panel: Panel, seconds: float) -> None:
    """Let the panel blink and beep; what happens meanwhile is for watch()."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        panel.changes(within=left)


def _open(wires: Mapping[str, int | bool], *, simulated: bool) -> Panel:
    """Open the chosen driver, importing only its file: lgpio is not installed off the Raspberry Pi."""
    if simulated:
        return cast("Panel", import_module("drivers.panel.simulated").SimulatedPanel())
    pins = import_module("drivers.panel.wired").Pins(**wires)
    return cast("Panel", import_module("drivers.panel.raspberry").RaspberryPanel(pins))


@contextmanager
def _opened(context: typer.Context) -> Iterator[Panel]:
    """The panel for one command; its illness becomes one sentence and an exit status."""
    try:
        panel: Panel = context.obj()
        try:
            yield panel
        finally:
            panel.close()
    except DeviceError as error:
        raise _ill(str(error)) from error
    except ModuleNotFoundError as error:
        raise _ill(f"This driver needs {error.name}, which is not installed: apt install python3-lgpio.") from error


def _ill(sentence: str) -> typer.Exit:
    Console(stderr=True).print(f"[bold red]✗[/] {sentence}", highlight=False, soft_wrap=True)
    return typer.Exit(ILL)
