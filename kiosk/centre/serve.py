"""``kiosk centre serve``: the reference centre's server over one centre directory."""

import logging
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from kiosk.centre.authority import Authority, NoAuthority
from kiosk.centre.desk import Desk
from kiosk.centre.registry import Registry
from kiosk.centre.server import CentreServer, server

LOOKS = 0.2
"""Seconds between looks whether to stop."""


def serve(directory: Path, *, host: str, port: int, stop: threading.Event, ready: threading.Event) -> None:
    """Serve until ``stop`` is set; sets ``ready`` when stations may come. The centre's keys must have been made.

    Raises NoAuthority without keys, and OSError where the port cannot be had.
    """
    authority = Authority(directory)
    registry = Registry(directory)
    try:
        desk = Desk.of(directory, authority, registry)
        application = CentreServer(directory / "uploads", desk)
        running = server(application, host=host, port=port, tls=authority.server_tls)
        thread = threading.Thread(target=_run, args=(running,), name="centre")
        thread.start()
        try:
            while thread.is_alive() and not stop.wait(LOOKS):
                if running.started:
                    ready.set()
        finally:
            running.should_exit = True
            thread.join()
        if not running.started:
            raise OSError(f"cannot serve on {host} port {port}: is it taken already?")
    finally:
        registry.close()


def _run(running: uvicorn.Server) -> None:
    try:
        running.run()
    except SystemExit:
        return  # uvicorn's way to say that it cannot bind; ``started`` tells


def command(
    directory: Annotated[Path, typer.Option("--directory", "-d", help="Where the centre keeps its things.")] = Path(
        ".demo/centre"
    ),
    host: Annotated[str, typer.Option(help="Address to serve on; 0.0.0.0 for all of this machine's.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to serve on.", min=1, max=65535)] = 8443,
) -> None:
    """Receive packets, sign receipts, hand out orders and rosters, until interrupted."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    typer.echo(f"Serving {directory} on https://{host}:{port} (Ctrl-C ends)")
    try:
        serve(directory, host=host, port=port, stop=stop, ready=threading.Event())
    except KeyboardInterrupt:
        typer.echo("Stopped.")
    except (NoAuthority, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
