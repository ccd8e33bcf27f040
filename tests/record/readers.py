"""How a reader is tried: what it believes, how that is changed, and what must hold of anything it believes."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kiosk.record import canonical
from kiosk.record.header import Untrusted
from tests.record.mutations import changed_bytes, changed_tree, written_loosely

Change = Callable[[random.Random], tuple[Any, Any]]


@dataclass
class Reader:
    """What reads, what it may raise, some things it believes, and how these are changed.

    ``change`` gives what to read, and what is in it; ``holds`` tells of something believed whether it was meant so.
    """

    read: Callable[[Any], Any]
    refuses: tuple[type[Exception], ...]
    good: list[Any]
    change: Change
    holds: Callable[[Any, Any], bool]

    def try_all(self, rounds: int, chance: random.Random) -> None:
        for good in self.good:
            self.read(good)
        for _ in range(rounds):
            data, inside = self.change(chance)
            try:
                found = self.read(data)
            except self.refuses:
                continue
            assert self.holds(inside, found), (data, inside, found)


def outside(*good: bytes, read: Callable[[bytes], Any]) -> Reader:
    """Whole files changed from outside: none may be believed, unless nothing was changed after all."""

    def change(chance: random.Random) -> tuple[bytes, bytes]:
        data = changed_bytes(chance.choice(good), chance)
        return data, data

    return Reader(read, (Untrusted,), list(good), change, lambda data, _: data in good)


def inside(
    tree: Any,
    wrap: Callable[[bytes], bytes],
    *,
    read: Callable[[bytes], Any],
    again: Callable[[Any], Any] = lambda found: None,
    refuses: tuple[type[Exception], ...] = (Untrusted,),
) -> Reader:
    """Bodies changed and signed anew. What is believed is written ``again``, and must be the body; None: unknown."""

    def change(chance: random.Random) -> tuple[bytes, bytes]:
        other = changed_tree(tree, chance)
        match chance.randrange(8):
            case 0:
                body = written_loosely(other, chance)
            case 1:
                body = changed_bytes(canonical.encode(tree), chance)
            case _:
                body = _written(other, chance)
        return wrap(body), body

    def holds(body: bytes, found: Any) -> bool:
        told = again(found)
        return told is None or canonical.encode(told) == body

    return Reader(read, refuses, [wrap(canonical.encode(tree))], change, holds)


def _written(tree: Any, chance: random.Random) -> bytes:
    try:
        return canonical.encode(tree)
    except TypeError:  # nested deeper than we would write
        return written_loosely(tree, chance)


def texts(tree: Any, read: Callable[[bytes], Any], refuses: tuple[type[Exception], ...], holds: Any) -> list[Reader]:
    """JSON, changed as a tree and as bytes."""

    def change(chance: random.Random) -> tuple[bytes, None]:
        plain = json.dumps(changed_tree(tree, chance), default=repr).encode()
        return (plain if chance.random() < 0.7 else changed_bytes(plain, chance)), None

    return [Reader(read, refuses, [json.dumps(tree).encode()], change, holds)]
