"""Delivery by hand: sealed packets out to a USB stick, and what the centre wrote back into the exchange.

On the stick, below ``rekam/<station>/``: each packet under its ``PacketName`` in the shelf of its sequence, then
``manifest.cose``; and ``from-centre/`` with what the centre wrote, on shelves or not. Nothing but sealed files leaves
the station, and nothing that a stick brings is believed here: the kiosk process verifies it as it does the uplink's.
"""

from pathlib import Path

from kiosk.record.stick.back import Brought, bring
from kiosk.record.stick.folder import open_stick
from kiosk.record.stick.manifest import Seen
from kiosk.record.stick.out import Exported, export
from kiosk.record.stick.trouble import StickIll, StickTrouble

__all__ = ["PLACE", "Brought", "Exported", "Seen", "StickIll", "StickTrouble", "bring", "export", "is_in"]

PLACE = Path("/run/rekam/stick")
"""Where systemd/rekam-stick@.service mounts a stick."""


def is_in(place: Path, *, folder: bool = False) -> bool:
    """Whether a stick is in; ``folder``: any folder at ``place`` counts as one."""
    try:
        with open_stick(place, folder=folder, within=1):
            return True
    except StickIll:
        return False
