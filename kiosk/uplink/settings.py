"""What the uplink needs to be told; the settings loader fills it in."""

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.uplink.hours import Span

_NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,62}$")


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the authority that vouches for the other side, our certificate (chain) and its key."""

    authority: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """Where telemetry goes. The user name is the station's id: the broker's ACL counts on it.

    Without ``tls`` only this machine's own broker may be named: a password would go over the wire in the clear.
    """

    host: str
    port: int
    password: str = field(repr=False)
    tls: TlsFiles | None = None
    will_delay_seconds: int = 30
    """How long the broker waits for a lost station to come back before it says so."""
    keepalive_seconds: int = 30

    def __post_init__(self) -> None:
        if self.tls is None and not _is_this_machine(self.host):
            raise ValueError(f"broker {self.host}: a broker on another machine needs TLS files")


@dataclass(frozen=True, slots=True)
class UplinkSettings:
    """The uplink's whole configuration. ``province`` and ``station``: lower-case letters, digits and dashes."""

    station: str
    province: str
    root: Path
    """The state directory, the root of ``Exchange``."""
    centre_url: str
    """``https://host:port``, without a path."""
    centre_tls: TlsFiles
    broker: BrokerSettings
    poll_seconds: float = 60.0
    """How often the centre is asked for keys, orders, rosters and states."""
    health_seconds: float = 60.0
    """How often health is published even when nothing changed."""
    rollup_seconds: float = 300.0
    """How often throughput is cut into a roll-up."""
    silent_seconds: float = 30.0
    """How long the kiosk process may write no new health before the station counts as silent."""
    retry_first_seconds: float = 1.0
    retry_longest_seconds: float = 300.0
    most_kbit: int = 0
    """Kilobits a second that go up to the centre at most; 0 = as many as the line carries."""
    disk_floor: int = 512 * 1024 * 1024
    """Bytes of the disk that are the kiosk process's: what the centre has for it never fills them."""
    hours: tuple[str, ...] = ()
    """When packets go up, by the office's clock, as "18:00-06:00"; always, where none are named."""

    def __post_init__(self) -> None:
        for name, value in (("station", self.station), ("province", self.province)):
            if not _NAME.match(value):
                raise ValueError(f"{name} {value!r}: use lower-case letters, digits and dashes, at most 63")
        for hours in self.hours:
            Span.read(hours)
        if not self.centre_url.startswith("https://"):
            raise ValueError(f"centre_url {self.centre_url!r}: packets go over https only")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
