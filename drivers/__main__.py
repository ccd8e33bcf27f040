"""``python -m drivers <family> …``: each device by hand, without the kiosk."""

from importlib import import_module

import typer

FAMILIES = ("fingerprint", "printer", "camera", "panel")


def assemble() -> typer.Typer:
    """Build the command line out of each family's own bench; a family's hardware library loads only when chosen."""
    app = typer.Typer(
        name="drivers",
        help="Try each device of the station by hand, without the kiosk.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_show_locals=False,
    )
    for family in FAMILIES:
        app.add_typer(import_module(f"drivers.{family}.bench").commands(), name=family)
    return app


def main() -> None:
    """Run the command line."""
    assemble()(prog_name="python -m drivers")


if __name__ == "__main__":
    main()
