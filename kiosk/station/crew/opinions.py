"""Second opinions on the fingers of a visit, asked for as they are taken, so that nobody waits for them."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from datetime import datetime

from kiosk.journey.session import Impression
from kiosk.record.biometrics import Opinion
from kiosk.station.crew.second_opinion import SecondOpinion
from kiosk.station.worker import report

PATIENCE = 5.0
"""Seconds for which a recording that is being sealed waits for opinions that are still to come, all together."""


class Opinions:
    """Asks on a thread of its own; without a command nothing is asked, and nobody has an opinion."""

    def __init__(self, asked: SecondOpinion | None) -> None:
        self._asked = asked
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="second opinion")
        self._lock = threading.Lock()
        self._coming: dict[datetime, Future[Opinion | None]] = {}
        self._over = threading.Event()

    def ask(self, impression: Impression, *, unless: threading.Event) -> None:
        """Have this impression looked at; by the time it is sealed the opinion is there.

        Not when ``unless`` is set: whoever sets it before forget() hears of nothing that came after.
        """
        with self._lock:
            if self._asked is not None and impression.captured is not None and not unless.is_set():
                future = self._pool.submit(_opinion, self._asked, impression, self._over)
                self._coming[impression.captured] = future

    def of(self) -> Callable[[Impression], Opinion | None]:
        """What is thought of each impression; asked now, it waits a little for what is still to come."""
        with self._lock:
            coming, until = dict(self._coming), time.monotonic() + PATIENCE

        def opinion(impression: Impression) -> Opinion | None:
            future = coming.get(impression.captured) if impression.captured is not None else None
            if future is None:
                return None
            try:
                return future.result(max(0.0, until - time.monotonic()))
            except (TooLate, CancelledError):
                return None
            except Exception as error:
                # A recording is never refused, and never lost, for want of an opinion.
                report(error, "second opinion")
                return None

        return opinion

    def forget(self) -> None:
        """The visit is over: nothing of it is looked at any more, and what is being looked at is dropped."""
        with self._lock:
            for future in self._coming.values():
                future.cancel()
            self._over.set()
            self._coming, self._over = {}, threading.Event()

    def close(self) -> None:
        """Ask nothing more."""
        self.forget()
        self._pool.shutdown(wait=False, cancel_futures=True)


def _opinion(asked: SecondOpinion, impression: Impression, over: threading.Event) -> Opinion | None:
    score = asked.score(impression.pixels, impression.width, impression.height, ppi=impression.ppi, over=over)
    return None if score is None else Opinion(score, asked.version(over=over))
