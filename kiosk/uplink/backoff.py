"""How long to wait after a failure: doubling, capped, and spread at random lest all stations come back in step."""

from dataclasses import dataclass, field
from random import Random, SystemRandom


@dataclass(slots=True)
class Backoff:
    """Waits in seconds: each between half and the whole of a limit that doubles from ``first`` up to ``longest``."""

    first: float
    longest: float
    spread: Random = field(default_factory=SystemRandom, repr=False)
    failures: int = 0

    def next(self) -> float:
        """Count one more failure and say how long to wait."""
        # Beyond 2^30 the cap has long been reached; a larger power would overflow after weeks without network.
        limit = min(self.longest, self.first * 2.0 ** min(self.failures, 30))
        self.failures += 1
        return limit * self.spread.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Something went well: begin again with the short wait."""
        self.failures = 0
