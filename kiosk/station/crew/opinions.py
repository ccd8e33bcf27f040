"""Second opinions on the fingers of a visit, asked for as they are taken, so that nobody waits for them."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from datetime import datetime

from kiosk.journey.session import Impression
from kiosk.record.biometrics import Opinion
from kiosk.station.crew.second_opinion import SecondOpinion

PATIENCE = 5.0
"""Seconds for which a recording that is being sealed waits for opinions that are still to come, all together."""


class Opinions:
    """Asks on a thread of its own; without a command nothing is asked, and nobody has an opinion."""

    def __init__(self, asked: SecondOpinion | None) -> None:
        self._asked = asked
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="second opinion")
        self._coming: dict[datetime, Future[Opinion | None]] = {}

    def ask(self, impression: Impression) -> None:
        """Have this impression looked at; by the time it is sealed the opinion is there."""
        if self._asked is not None and impression.captured is not None:
            self._coming[impression.captured] = self._pool.submit(_opinion, self._asked, impression)

    def of(self) -> Callable[[Impression], Opinion | None]:
        """What is thought of each impression; asked now, it waits a little for what is still to come."""
        coming, until = dict(self._coming), time.monotonic() + PATIENCE

        def opinion(impression: Impression) -> Opinion | None:
            future = coming.get(impression.captured) if impression.captured is not None else None
            if future is None:
                return None
            try:
                return future.result(max(0.0, until - time.monotonic()))
            except TooLate:
                return None

        return opinion

    def forget(self) -> None:
        """The visit is over: nothing of it is looked at any more."""
        for future in self._coming.values():
            future.cancel()
        self._coming = {}

    def close(self) -> None:
        """Ask nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _opinion(asked: SecondOpinion, impression: Impression) -> Opinion | None:
    score = asked.score(impression.pixels, impression.width, impression.height, ppi=impression.ppi)
    return None if score is None else Opinion(score, asked.version())
