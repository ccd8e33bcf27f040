"""Changes as an enemy or a bad disk would make them: to bytes, to trees of CBOR, and to how a tree is written."""

import copy
import math
import random
from typing import Any

import cbor2

from kiosk.record import canonical

NUMBERS = (0, 1, 23, 24, 255, 256, 1 << 31, (1 << 53) - 1, 1 << 53, (1 << 63) - 1, (1 << 64) - 1, -1, -(1 << 63))
TEXTS = ("", "a", "A", "..", "../x", "a" * 64, "\x00", "\u202e", "é", "٣", "2026-02-30", "10000-01-01", "centre", "ktp")
LEAVES: tuple[Any, ...] = (*NUMBERS, *TEXTS, b"", b"\x00", bytes(32), bytes(1216), None, True, False)
HEADS = (
    0x00,
    0x1B,
    0x1F,
    0x3B,
    0x41,
    0x5B,
    0x5F,
    0x61,
    0x7B,
    0x81,
    0x9B,
    0x9F,
    0xA1,
    0xBB,
    0xBF,
    0xC2,
    0xD8,
    0xF7,
    0xFB,
)


def changed_bytes(good: bytes, chance: random.Random) -> bytes:
    """Flip, cut, double, swap or overwrite, once or a few times; lengths are a favourite."""
    data = bytearray(good)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        at, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        at = min(at, max(len(data) - 1, 0))
        match chance.randrange(8):
            case 0 if data:
                data[at] ^= 1 << chance.randrange(8)
            case 1 if data:
                data[at] = chance.randrange(256)
            case 2:
                del data[at:]
            case 3:
                del data[at : min(end, at + chance.choice((1, 4, 64)))]
            case 4:
                data[at:at] = data[at : at + chance.choice((1, 2, 8, 64))]
            case 5:
                data[at:at] = chance.randbytes(chance.choice((1, 2, 9)))
            case 6:
                # A head that claims something, and a length behind it that may be a lie.
                width = chance.choice((0, 1, 2, 4, 8))
                lie = chance.choice((0, 1, 0xFF, len(data), chance.getrandbits(64))) % (1 << 8 * width)
                data[at : at + 1 + width] = bytes((chance.choice(HEADS),)) + lie.to_bytes(width, "big")
            case _:
                data[at:end] = b""
                data += data[:at]
    return bytes(data)


def changed_tree(tree: Any, chance: random.Random) -> Any:
    """Another tree that can still be written: something in it is gone, doubled, moved, or of another kind."""
    root = [copy.deepcopy(tree)]
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        holder, key = chance.choice(list(_places(root)))
        match chance.randrange(9):
            case 0 if holder is not root:
                del holder[key]
            case 1 if isinstance(holder, list) and holder is not root:
                holder.insert(key, copy.deepcopy(holder[key]))
            case 2 if isinstance(holder, dict):
                holder[chance.choice(TEXTS + (0, 1, -1))] = holder.pop(key)  # noqa: RUF005 of two kinds
            case 3:
                other, name = chance.choice(list(_places(root)))
                holder[key] = copy.deepcopy(other[name])
            case 4:
                holder[key] = [holder[key]] if chance.random() < 0.5 else {"a": holder[key]}
            case 5 if isinstance(holder[key], (int, str, bytes)):
                holder[key] = _near(holder[key], chance)
            case 6 if isinstance(holder[key], dict):
                holder[key][chance.choice((*TEXTS, 7))] = chance.choice(LEAVES)
            case 7 if isinstance(holder[key], list):
                holder[key].append(chance.choice(LEAVES))
            case _:
                holder[key] = chance.choice(LEAVES)
    return root[0]


def _places(root: list[Any]) -> list[tuple[Any, Any]]:
    """Every place in a tree: what holds it, and its key there."""
    found: list[tuple[Any, Any]] = []
    waiting: list[Any] = [root]
    while waiting:
        holder = waiting.pop()
        keys = range(len(holder)) if isinstance(holder, list) else list(holder)
        found += [(holder, key) for key in keys]
        waiting += [holder[key] for key in keys if isinstance(holder[key], (list, dict))]
    return found


def _near(value: Any, chance: random.Random) -> Any:
    match value:
        case bool():
            return int(value)
        case int():
            return max(-(1 << 64), min((1 << 64) - 1, value + chance.choice((-1, 1, 1 << 32, -(1 << 40)))))
        case str():
            return chance.choice((value + "a", value[:-1], value.upper(), value.encode(), value + "\n"))
        case _:
            short = value[:-1]
            return chance.choice((value + b"\x00", short, bytes(len(value)), value.decode("latin-1")))


def written_loosely(tree: Any, chance: random.Random, *, loose: float = 0.05) -> bytes:
    """Write a tree so that, now and then, a head is longer than needed, a length is left open, or a key comes twice."""

    def head(major: int, argument: int) -> bytes:
        width = 0 if argument < 24 else 1 << max(0, math.ceil(math.log2(max(1, (argument.bit_length() + 7) // 8))))
        if chance.random() < loose:
            width = chance.choice([wide for wide in (1, 2, 4, 8) if wide >= width])
        if width == 0:
            return bytes((major << 5 | argument,))
        return bytes((major << 5 | 23 + width.bit_length(),)) + argument.to_bytes(width, "big")

    def item(value: Any) -> bytes:
        if chance.random() < loose / 4:
            value = chance.choice(
                (0.5, float("nan"), cbor2.undefined, cbor2.CBORTag(2, b"\x01"), cbor2.CBORSimpleValue(9))
            )
            return cbor2.dumps(value)
        match value:
            case bytes() | str():
                major, content = (2, value) if isinstance(value, bytes) else (3, value.encode())
                if chance.random() < loose:
                    return bytes((major << 5 | 31,)) + head(major, len(content)) + content + b"\xff"
                return head(major, len(content)) + content
            case list() | dict():
                major, count = (4, len(value)) if isinstance(value, list) else (5, len(value))
                rows = [item(each) for each in value] if isinstance(value, list) else pairs(value)
                if chance.random() < loose:
                    return bytes((major << 5 | 31,)) + b"".join(rows) + b"\xff"
                lie = chance.choice((-1, 1)) if chance.random() < loose / 4 else 0
                return head(major, max(0, count + lie)) + b"".join(rows)
            case bool() | None:
                return canonical.encode(value)
            case _:
                return head(0, value) if value >= 0 else head(1, -1 - value)

    def pairs(value: dict[Any, Any]) -> list[bytes]:
        rows = [(item(key), item(each)) for key, each in value.items()]
        if chance.random() > loose:
            rows.sort()
        if rows and chance.random() < loose:
            rows[-1] = chance.choice(rows)
        return [key + each for key, each in rows]

    return item(tree)
