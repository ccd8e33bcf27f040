"""``kiosk export`` and ``kiosk import``: a stick filled and emptied by a technician, while the service runs or not.

No database is opened: the kiosk process alone does that. So the centre is not told which of its files have come
already, but for the list of its keys, and writes all of them again; those that came before do no harm.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from kiosk.record.exchange import Exchange
from kiosk.record.header import Untrusted
from kiosk.record.keys import CentreTrust, StationKeys, keys_directory
from kiosk.record.safekeeping import NotProvisioned, as_owner_of
from kiosk.record.stick import Seen, StickIll, StickTrouble, bring, export
from kiosk.record.stick.folder import Tell
from kiosk.station.settings import BadSettings, Settings, load

DONE, STICK_ILL, CANNOT, MISCONFIGURED = 0, 1, 69, 78
"""Exit statuses; the last two are EX_UNAVAILABLE and EX_CONFIG of sysexits.h."""


def carry_out(config: Path, stick: Path | None) -> int:
    """Copy the waiting recordings to the stick, and say what was done; the exit status."""
    return _say_how(config, "Copying and reading back", lambda settings, tell: _out(settings, stick, tell))


def carry_in(config: Path, stick: Path | None) -> int:
    """Copy what the centre wrote to where the kiosk process takes it in, and say what was done; the exit status."""
    return _say_how(config, "Copying", lambda settings, tell: _in(settings, stick, tell))


def _out(settings: Settings, stick: Path | None, tell: Tell) -> list[str]:
    exchange, directory = Exchange(settings.state), keys_directory(settings.state)
    keys = StationKeys.load(directory)
    try:
        seen = Seen(keys=CentreTrust.load(directory).sequence)
    except (NotProvisioned, Untrusted):
        seen = Seen()  # then the centre writes the list of its keys, which is what is wrong
    with as_owner_of(exchange.outbox):
        done = export(
            exchange,
            keys,
            stick or Path(settings.stick.place),
            now=datetime.now(UTC),
            seen=seen,
            tell=tell,
            folder=settings.stick.folder,
        )
    said = [f"Recordings on the stick, read back and whole: {done.packets}. New there: {done.written}."]
    if done.left:
        said.append(f"No room for {done.left}: put in another stick, and run this again.")
    if done.unreadable:
        said.append(f"This station's own disk does not give {done.unreadable}: call whoever keeps the station.")
    said.append(
        "The stick may be taken out. Bring it to the centre: only the centre's receipts delete recordings here."
    )
    return said


def _in(settings: Settings, stick: Path | None, tell: Tell) -> list[str]:
    exchange = Exchange(settings.state)
    with as_owner_of(exchange.brought):
        done = bring(
            exchange,
            settings.station.id,
            stick or Path(settings.stick.place),
            tell=tell,
            folder=settings.stick.folder,
        )
    if done.files:
        said = [
            f"Brought: receipts {done.receipts}, orders {done.orders}, rosters {done.rosters}, states {done.states},"
            f" keys {done.keys}.",
            "The station verifies them and takes them in while its screen runs. The stick may be taken out.",
        ]
    else:
        said = [f"There is nothing from the centre for the station {settings.station.id} on this stick."]
    if done.refused:
        said.append(f"Left alone, being something else or unreadable: {done.refused}.")
    if done.left:
        said.append(f"No room here for {done.left}: run this again when receipts have freed some.")
    return said


def _say_how(config: Path, doing: str, work: Callable[[Settings, Tell], list[str]]) -> int:
    out, err = Console(soft_wrap=True), Console(stderr=True, soft_wrap=True)

    def wrong(sentence: object, status: int) -> int:
        err.print(f"{sentence}", style="red", markup=False)
        return status

    try:
        settings = load(config)
        with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
            task = progress.add_task(doing, total=1.0)
            said = work(settings, lambda share: progress.update(task, completed=share))
    except BadSettings as error:
        return wrong(error, MISCONFIGURED)
    except StickIll as ill:
        hint = " A technician: `lsblk -f` shows what is in." if ill.trouble is StickTrouble.ABSENT else ""
        return wrong(f"{ill}{hint}", STICK_ILL)
    except PermissionError as error:
        return wrong(f"{error}; run it with sudo", CANNOT)
    except (NotProvisioned, OSError) as error:
        return wrong(error, CANNOT)
    for sentence in said:
        out.print(sentence, markup=False, highlight=False)
    return DONE
