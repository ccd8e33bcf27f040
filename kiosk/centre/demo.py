"""``kiosk demo``: everything at once on this machine's loopback, and a summary of what came of it.

Each part is the program a real installation runs, in a process of its own: mosquitto, the reference centre, the
uplink and the kiosk with simulated devices. Only this file and stage.py are the demo's.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from kiosk.centre.broker import NoBroker
from kiosk.centre.residents import OFFICERS
from kiosk.centre.stage import MARK, DemoFailed, Stage, wait
from kiosk.journey.steps import Purpose
from kiosk.record.resident import Resident
from kiosk.station.robot import Errand, Errands
from kiosk.station.settings import BadSettings

VISIT, DELIVERY, LOOK = 240.0, 60.0, 3.0
"""Seconds until a visit must be over and a packet be receipted; seconds that the fleet view listens."""
FAILED, MISSING = 1, 3
SAFE = r"recording [0-9]+ safe after ([0-9]+) ms"
"""How the kiosk's log tells of a recording; the milliseconds from sign-off to safe on disk."""
RECORDED_PERSON, OTHER_PERSON = 11, 12
"""Seeds of two made-up people's fingers."""


@dataclass
class Findings:
    """What the demo found out; each line says what should hold and whether it does."""

    lines: list[tuple[str, str, bool]] = field(default_factory=list)

    def note(self, what: str, found: str, *, holds: bool) -> None:
        """One line of the summary."""
        self.lines.append((what, found, holds))

    @property
    def all_hold(self) -> bool:
        """Whether there is nothing to complain about."""
        return bool(self.lines) and all(holds for _, _, holds in self.lines)


def show(folder: Path, *, robot: bool, keep: bool, size: str, pause: float, pictures: bool = True) -> int:
    """Run the demo below ``folder``; the exit status says whether everything held."""
    console = Console(soft_wrap=True, highlight=False)
    if not re.fullmatch(r"[0-9]{3,4}x[0-9]{3,4}", size):
        console.print("--size must look like 1280x800.")
        return 2
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        console.print(f"{folder} holds something else than a demo; name another folder.", markup=False)
        return 2
    has_display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    by_hand = has_display and not robot
    if keep and not by_hand:
        console.print("--keep goes on with an earlier demo by hand; a robot needs a fresh one.")
        return 2
    if not keep and folder.exists():
        shutil.rmtree(folder)
    findings = Findings()
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        with ExitStack() as stack:
            stage = Stage.build(folder, size, stack, console)
            if by_hand:
                _by_hand(stage, findings, console, album=pictures)
            else:
                _by_robot(stage, findings, console, pause=pause, headless=not has_display, album=pictures)
            stage.end()
            _listened(stage, findings)
    except BadSettings as error:
        console.print(str(error), markup=False)
        return 2
    except NoBroker as error:
        console.print(f"[bold]{error}[/]")
        return MISSING
    except DemoFailed as error:
        findings.note("Everything in time", str(error), holds=False)
    except KeyboardInterrupt:
        console.print("Stopped.")
        return FAILED
    _summary(findings, folder, console)
    return 0 if findings.all_hold else FAILED


def _interrupted(*_: object) -> None:
    """Told to end: leave as after Ctrl-C, with nothing left running."""
    raise KeyboardInterrupt


def _by_hand(stage: Stage, findings: Findings, console: Console, *, album: bool) -> None:
    """A person goes through in a window; cards are ordered as recordings come in."""
    someone, young, recorded = stage.cast.ordinary, stage.cast.too_young, stage.cast.recorded
    console.print("\nA window opens. Your fingers are laid on the simulated reader for you. Try:")
    for who, what in ((someone, "to be recorded"), (young, "too young"), (recorded, "already recorded")):
        console.print(f"  NIK [bold]{_grouped(who.nik)}[/]  born [bold]{who.birth_date:%d-%m-%Y}[/]  {what}")
    console.print(f"  Officer's PIN [bold]{OFFICERS[0].pin}[/]")
    stick = stage.folder / "stick"
    stick.mkdir(exist_ok=True)
    console.print(f"  The officer's screens: Help, then I am the officer. The folder {stick} counts as a USB stick.")
    console.print("After the receipt, come again and collect the card. Close the window to end.")
    console.print(f"As a technician, in another terminal: {sys.executable} -m kiosk {' '.join(stage.watching)}\n")
    pictures = stage.folder / "pictures"
    arguments = ["--config", str(stage.config), "--hands", str(RECORDED_PERSON)]
    stage.start("kiosk", "run", *arguments, *(["--pictures", str(pictures)] if album else []))
    while stage.processes["kiosk"].poll() is None:
        stage.order_cards()
        time.sleep(1.0)
    if any(stage.exchange.outbox.glob("*.packet")):
        # Only the uplink can bring them; that no receipt is taken in any more, the next start makes up for.
        console.print("Waiting for the last recordings to be delivered …")
        made = len(re.findall(SAFE, _log(stage)))
        wait(lambda: len(stage.packets()) >= made, DELIVERY, "not every recording was delivered")
        stage.order_cards()
    _found(stage, findings, pictures)


def _by_robot(stage: Stage, findings: Findings, console: Console, *, pause: float, headless: bool, album: bool) -> None:
    """A robot resident is recorded, one is too young, then the first collects the card."""
    errands = Errands(stage.folder / "errands")
    pictures = stage.folder / "pictures"
    resident, young = stage.cast.ordinary, stage.cast.too_young
    arguments = ["--config", str(stage.config), "--errands", str(stage.folder / "errands"), "--pause", str(pause)]
    arguments += ["--frames", str(stage.folder / "frames.csv")] + (["--pictures", str(pictures)] if album else [])
    environment = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"} if headless else {}
    stage.start("kiosk", "run", *arguments, environment=environment)
    console.print("A robot resident is being recorded …")
    errands.put("1-record", _errand(resident, Purpose.RECORD, RECORDED_PERSON))
    with _shown(pictures, console):
        stage_alive = lambda: stage.alive("kiosk")  # noqa: E731 a name for what is asked while waiting
        wait(lambda: bool(stage.packets()), VISIT, "no packet reached the centre", stage_alive)
        errands.put("2-too-young", _errand(young, Purpose.RECORD, OTHER_PERSON))
        stage.order_cards()
        wait(lambda: not any(stage.exchange.outbox.glob("*.packet")), DELIVERY, "no receipt came back", stage_alive)
        wait(stage.order_has_come, DELIVERY, "no order came", stage_alive)
        errands.put("3-collect", _errand(resident, Purpose.COLLECT, RECORDED_PERSON))
        cards = stage.folder / "station" / "kiosk" / "cards"
        wait(lambda: any(cards.glob("card-*.png")), VISIT, "no card was printed", stage_alive)
        _seen_from_afar(stage, findings)
        errands.put_end()
        wait(lambda: stage.processes["kiosk"].poll() is not None, VISIT, "the kiosk does not end")
    _found(stage, findings, pictures)
    _came_about(stage, findings)


def _seen_from_afar(stage: Stage, findings: Findings) -> None:
    """Look as a technician does, with the program a technician uses."""
    seen = subprocess.run(  # noqa: S603 our own program
        [sys.executable, "-m", "kiosk", *stage.watching, "--once", str(LOOK)],
        capture_output=True,
        text=True,
        check=False,
        timeout=10 * LOOK,
    )
    rows = [line.split("\t") for line in seen.stdout.splitlines()]
    row = next((row for row in rows if row[0].endswith(stage.settings.station.id)), None)
    told = "not seen" if row is None else ", ".join(f"{name} {cell}" for name, cell in zip(rows[0], row, strict=False))
    findings.note("Fleet view, from afar", told, holds=row is not None and seen.returncode == 0)


def _log(stage: Stage) -> str:
    return (stage.folder / "logs" / "kiosk.log").read_text(encoding="utf-8")


def _found(stage: Stage, findings: Findings, pictures: Path) -> None:
    """What came of it, whoever went through."""
    safe, packets = re.findall(SAFE, _log(stage)), stage.packets()
    findings.note("Recordings made, at the centre", f"{len(safe)}, {len(packets)}", holds=len(safe) == len(packets))
    for opened, path in zip(stage.opened, packets, strict=False):
        recording = opened.recording
        findings.note("Packet", f"{opened.header.id}, {path.stat().st_size:,} bytes", holds=True)
        complete = len(recording.prints) == 10 and len(recording.rechecked) == 2 and bool(recording.records.photo())
        eyes = f", {len(recording.irises)} irises" if recording.irises else ""
        found = f"{len(recording.prints)} fingers, {len(recording.rechecked)} checked again, photo, signature{eyes}"
        findings.note("Opened by the centre", found, holds=complete and not recording.doubts)
    if safe:
        findings.note(
            "From sign-off to safe on disk", ", ".join(f"{milliseconds} ms" for milliseconds in safe), holds=True
        )
    for card in sorted((stage.folder / "station" / "kiosk" / "cards").glob("card-*.png")):
        findings.note("Card printed", str(card), holds=True)
    findings.note("Screens pictured", str(len(list(pictures.glob("*.png")))), holds=True)
    status = stage.processes["kiosk"].returncode
    findings.note("Kiosk process ended", f"status {status}", holds=status == 0)


def _came_about(stage: Stage, findings: Findings) -> None:
    """What must have happened on the robot's three errands, no more and no less."""
    log = _log(stage)
    cards = list((stage.folder / "station" / "kiosk" / "cards").glob("card-*.png"))
    findings.note(
        "One recording, one card",
        f"{len(stage.packets())}, {len(cards)}",
        holds=len(stage.packets()) == len(cards) == 1,
    )
    delivered = not any(stage.exchange.outbox.glob("*.packet"))
    findings.note("Delivered and receipted", "outbox empty" if delivered else "still waiting", holds=delivered)
    refused = "is-this-you -> not-eligible" in log
    findings.note("Too young, and told why", "yes" if refused else "no", holds=refused)
    ready = "-> card-ready" in log
    findings.note("Card collected by finger", "yes" if ready else "no", holds=ready)


def _listened(stage: Stage, findings: Findings) -> None:
    seen = stage.listener.counts
    told = ", ".join(f"{count} {leaf}" for leaf, count in sorted(seen.items()))
    wanted = {"state", "info", "health", "throughput", "event"}
    findings.note("MQTT messages seen", told or "none", holds=wanted <= set(seen))


def _summary(findings: Findings, folder: Path, console: Console) -> None:
    table = Table(title="What came of it", show_header=False, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for what, found, holds in findings.lines:
        table.add_row("[green]✓[/]" if holds else "[bold red]✗[/]", what, found)
    console.print(table)
    console.print(f"\nPictures of every screen: {folder / 'pictures'}")
    console.print(f"The packet as the centre sees it: {folder / 'opened'}")
    console.print(f"Logs: {folder / 'logs'}")
    if not findings.all_hold:
        console.print("[bold red]Not everything held.[/]")


@contextmanager
def _shown(pictures: Path, console: Console) -> Iterator[None]:
    """Say which screen is reached, while waiting."""
    over = threading.Event()

    def tell() -> None:
        told: set[str] = set()
        while not over.wait(0.3):
            for picture in sorted(pictures.glob("*.png")):
                if picture.name not in told:
                    told.add(picture.name)
                    console.print(f"  {picture.stem}")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _errand(resident: Resident, purpose: Purpose, person: int) -> Errand:
    return Errand(
        purpose=purpose,
        person=person,
        nik=resident.nik,
        birth_date=f"{resident.birth_date:%d%m%Y}",
        officer_pin=OFFICERS[0].pin,
    )


def _grouped(nik: str) -> str:
    return " ".join(nik[at : at + 4] for at in range(0, len(nik), 4))
