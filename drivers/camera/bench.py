"""The camera by hand: ``python -m drivers camera --driver usb --device /dev/video0 shot out.jpg``."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated, Protocol, cast

import cv2
import typer
from rich.console import Console

from drivers.camera import Camera
from drivers.errors import DeviceError

UNFIT, ILL = 1, 3
"""Exit statuses: what the camera saw does not do; it is ill. 2 is typer's own for a wrong command line."""
GREY = 0.06
"""Share by which the colours of white paper may differ: less than anybody sees in a face."""
LIT = 60.0, 240.0
"""Brightness that paper must have to tell a colour: neither lost in the dark nor clipped."""


class Balanced(Camera, Protocol):
    """What the drivers do beyond the seam, for this bench."""

    @property
    def white_balance(self) -> float | tuple[float, float] | None:
        """How this sitting's colours were balanced, as the configuration wants it."""
        ...


class Kind(StrEnum):
    """The drivers there are."""

    PICAMERA2 = "picamera2"
    USB = "usb"
    SIMULATED = "simulated"


def commands() -> typer.Typer:
    """Build the ``camera`` group for ``python -m drivers``."""
    app = typer.Typer(help="Try the camera by hand.", no_args_is_help=True)

    @app.callback()
    def choose(
        context: typer.Context,
        driver: Annotated[Kind, typer.Option(help="Which driver to use.")] = Kind.PICAMERA2,
        device: Annotated[
            str,
            typer.Option(help="A Raspberry Pi camera's number, or a USB camera's path.", show_default="0, /dev/video0"),
        ] = "",
    ) -> None:
        """Try the camera by hand. Exit status: 0 well, 1 not fit for it, 2 wrong command line, 3 the camera is ill."""
        if driver is Kind.PICAMERA2 and device and not device.isdecimal():
            raise typer.BadParameter("A Raspberry Pi camera has a number: 0, 1 …", param_hint="--device")
        context.obj = partial(_open, driver, device)

    @app.command()
    def shot(
        context: typer.Context,
        out: Annotated[Path, typer.Argument(help="Where the picture goes, .jpg or .png.", dir_okay=False)],
        within: Annotated[float, typer.Option(help="Seconds to wait at most.", min=0.1)] = 10.0,
    ) -> None:
        """Focus, settle, and take one picture at full size."""
        if out.suffix.lower() not in {".jpg", ".jpeg", ".png"} or not out.parent.is_dir():
            raise typer.BadParameter("It is a .jpg or .png file in a folder that exists.", param_hint="OUT")
        with _opened(context) as camera:
            begin = time.monotonic()
            frame = camera.still(within=within)
            seconds = time.monotonic() - begin
        _, data = cv2.imencode(out.suffix, cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2BGR))
        try:
            out.write_bytes(data.tobytes())
        except OSError as error:
            raise typer.BadParameter(f"It cannot be written: {error.strerror}.", param_hint="OUT") from None
        height, width = frame.pixels.shape[:2]
        told = f"{camera.name}: {width} × {height} in {seconds:.2f} s, written to {out}"
        Console().print(told, highlight=False, soft_wrap=True)

    @app.command(name="white-balance")
    def white_balance(
        context: typer.Context,
        within: Annotated[float, typer.Option(help="Seconds to wait at most.", min=0.1)] = 20.0,
    ) -> None:
        """Find the white balance of the station's own light, for the configuration.

        Hold a sheet of white paper where faces will be, with the capture light on.
        """
        with _opened(context) as camera:
            frame = camera.still(within=within)
            found = camera.white_balance
        height, width = frame.pixels.shape[:2]
        middle = frame.pixels[height * 2 // 5 : height * 3 // 5, width * 2 // 5 : width * 3 // 5]
        red, green, blue = (float(level) for level in middle.reshape(-1, 3).mean(axis=0))
        Console().print(f"The middle: red {red:.0f}, green {green:.0f}, blue {blue:.0f}", highlight=False)
        if found is None:
            raise _unfit("This camera does not tell its white balance; leave it automatic.")
        if not LIT[0] <= green <= LIT[1]:
            raise _unfit("The paper is too dark or too bright; set the capture light, and try again.")
        if max(red, green, blue) > (1 + GREY) * min(red, green, blue):
            raise _unfit("The middle is not grey; hold white paper there, let no other light in, and try again.")
        value = f"[{found[0]:.3f}, {found[1]:.3f}]" if isinstance(found, tuple) else f"[{found:.0f}]"
        Console().print(f"white_balance = {value}", highlight=False, markup=False)

    @app.command()
    def watch(
        context: typer.Context,
        seconds: Annotated[float, typer.Option(help="How long to watch.", min=0.5)] = 10.0,
    ) -> None:
        """Count preview frames, once a second: frames, the longest gap, mean brightness."""
        with _opened(context) as camera:
            console = Console()
            console.print(camera.name, highlight=False)
            begin = time.monotonic()
            while (now := time.monotonic()) < begin + seconds:
                _second(camera, console, now, until=min(now + 1.0, begin + seconds))

    return app


def _second(camera: Camera, console: Console, begin: float, *, until: float) -> None:
    frames, longest, last, brightness = 0, 0.0, begin, 0.0
    while time.monotonic() < until:
        frame = camera.preview(within=2.0)
        longest, last = max(longest, frame.taken - last), frame.taken
        frames += 1
        brightness = float(frame.pixels[::16, ::16].mean())
    rate = frames / (time.monotonic() - begin)
    console.print(f"{rate:5.1f} frames a second   longest gap {1000 * longest:4.0f} ms   brightness {brightness:3.0f}")


def _open(kind: Kind, device: str) -> Balanced:
    """Open the chosen driver, importing only its file: the others' hardware libraries may not be installed."""
    match kind:
        case Kind.PICAMERA2:
            camera = import_module("drivers.camera.picamera2_camera").PiCamera(int(device or 0))
        case Kind.USB:
            camera = import_module("drivers.camera.usb").UsbCamera(device or "/dev/video0")
        case Kind.SIMULATED:
            camera = import_module("drivers.camera.simulated").SimulatedCamera()
    return cast("Balanced", camera)


@contextmanager
def _opened(context: typer.Context) -> Iterator[Balanced]:
    """The camera for one command; its illness becomes one sentence and an exit status."""
    try:
        camera: Balanced = context.obj()
        try:
            yield camera
        finally:
            camera.close()
    except DeviceError as error:
        raise _ill(str(error)) from error
    except ModuleNotFoundError as error:
        raise _ill(f"This driver needs {error.name}, which is not installed: apt install python3-picamera2.") from error


def _ill(sentence: str) -> typer.Exit:
    Console(stderr=True).print(f"[bold red]✗[/] {sentence}", highlight=False, soft_wrap=True)
    return typer.Exit(ILL)


def _unfit(sentence: str) -> typer.Exit:
    Console(stderr=True).print(f"[bold red]✗[/] {sentence}", highlight=False, soft_wrap=True)
    return typer.Exit(UNFIT)
