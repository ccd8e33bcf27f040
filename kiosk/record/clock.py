"""What a machine's clocks say, and whether its calendar can be believed.

A Raspberry Pi without a battery-backed clock comes up with the time at which it went down: such a calendar is late by
as long as the power was off.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


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


def machine_clock(*, kept_elsewhere: bool = False, root: Path = Path("/")) -> Clock:
    """Tell the time of this machine.

    Its calendar counts as kept when the kernel set it from a hardware clock at boot (``hctosys`` in
    Documentation/ABI/testing/sysfs-class-rtc) or systemd-timesyncd from the network (systemd-timesyncd.service(8)), and
    where the settings say that something else keeps it, which cannot be asked. ``root``: below which /proc, /sys and
    /run are looked for.
    """
    boot = (root / "proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()

    def now() -> Moment:
        return Moment(
            boot=boot,
            uptime=time.clock_gettime(time.CLOCK_BOOTTIME),
            unix=int(time.time()),
            kept=kept_elsewhere or _set_from_hardware(root) or (root / "run/systemd/timesync/synchronized").exists(),
        )

    return now


def _set_from_hardware(root: Path) -> bool:
    return any(_is_one(told) for told in (root / "sys/class/rtc").glob("rtc*/hctosys"))


def _is_one(told: Path) -> bool:
    try:
        return told.read_text(encoding="ascii").strip() == "1"
    except OSError:  # unplugged between the look and the reading
        return False
