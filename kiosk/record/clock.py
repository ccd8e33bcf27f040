"""What a machine's clocks say, and whether its calendar can be believed.

A Raspberry Pi without a battery-backed clock comes up with the time at which it went down: such a calendar is late by
as long as the power was off.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

AGREES = 60.0
"""Seconds by which a hardware clock and the calendar may differ."""
DRIFT = 1e-4
"""Seconds a second by which both together may drift apart, where no network puts them right: twice 50 ppm."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment by both clocks: ``uptime`` in seconds since the boot of this id, sleep included; ``unix`` seconds.

    ``kept``: something that knows the time has set the calendar since then.
    """

    boot: str
    uptime: float
    unix: int
    kept: bool

    def trusted(self, *, not_before: int | None) -> bool:
        """Whether the calendar can be believed. ``not_before``: Unix seconds at which something known to be past was
        made, such as the roster."""
        return self.kept and (not_before is None or self.unix >= not_before)


Clock = Callable[[], Moment]


def day_of(unix: int | None) -> date | None:
    """Tell the office's own calendar day of a moment; None where there is none."""
    return None if unix is None else datetime.fromtimestamp(unix).astimezone().date()


def machine_clock(*, kept_elsewhere: bool = False, root: Path = Path("/")) -> Clock:
    """Tell the time of this machine.

    Its calendar counts as kept when the kernel set it from a hardware clock at boot (``hctosys`` and ``since_epoch`` in
    Documentation/ABI/testing/sysfs-class-rtc) that still tells the same time, or systemd-timesyncd from the network
    (systemd-timesyncd.service(8)), and where the settings say that something else keeps it, which cannot be asked. A
    hardware clock without a battery begins in 1970; systemd then goes on from the last time it saved. ``root``: below
    which /proc, /sys and /run are looked for.
    """
    boot = (root / "proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()

    def now() -> Moment:
        unix, uptime = time.time(), time.clock_gettime(time.CLOCK_BOOTTIME)
        return Moment(
            boot=boot,
            uptime=uptime,
            unix=int(unix),
            kept=kept_elsewhere
            or _set_from_hardware(root, unix, within=AGREES + DRIFT * uptime)
            or (root / "run/systemd/timesync/synchronized").exists(),
        )

    return now


def _set_from_hardware(root: Path, unix: float, *, within: float) -> bool:
    return any(_tells(clock, unix, within) for clock in (root / "sys/class/rtc").glob("rtc*"))


def _tells(clock: Path, unix: float, within: float) -> bool:
    """Whether the kernel read its time from this clock, and this clock tells it still."""
    try:
        read_at_boot = (clock / "hctosys").read_text(encoding="ascii").strip() == "1"
        return read_at_boot and abs(int((clock / "since_epoch").read_text(encoding="ascii")) - unix) <= within
    except (OSError, ValueError):  # unplugged between the look and the reading, or it has no time to tell
        return False
