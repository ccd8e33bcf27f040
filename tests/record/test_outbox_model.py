"""The outbox against a model, in any order of events, with the power or the index failing at any step of any of them.

The uplink of this model delivers whatever lies whole in the outbox at once, the worst it can do, or has no network.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kiosk.record import canonical
from kiosk.record.exchange import PACKET, Exchange, complete_files
from kiosk.record.header import Header, Kind
from kiosk.record.outbox import Outbox, ReceiptRefused
from kiosk.record.outbox.packet_index import PacketIndex
from kiosk.record.outbox.room import Retention
from kiosk.record.seal import peek, seal, sign

STEPS = 14
"""More than any one event has."""
failing = st.none() | st.integers(0, STEPS)


def machine(world: Any, power: Any, now: Any, root: Path) -> type[RuleBasedStateMachine]:
    opening, runs = world.keys.opening.public, iter(range(1_000_000))

    class Model(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            self.exchange = Exchange(root / str(next(runs)))
            self.exchange.create()
            self.now, self.ids, self.files = now, 0, 0
            self.network = True
            self.told: set[str] = set()
            """Whom the resident was told is safe."""
            self.tried: list[str] = []
            self.centre: dict[str, bytes] = {}
            self.receipts: dict[str, bytes] = {}
            self.old: list[bytes] = []
            self.gone: set[str] = set()
            """What the centre has lost and the station no longer had."""
            self.start()

        def start(self) -> None:
            index = self.exchange.root / "kiosk" / "index.db"
            retention = Retention(keep_delivered_days=7, tombstone_days=3650)
            self.outbox = Outbox(self.exchange, index, keys=world.keys, trust=world.trust, floor=0, retention=retention)
            assert (self.outbox.found.lost, self.outbox.found.damaged) == (0, 0)

        @contextmanager
        def cut(self, step: int | None) -> Iterator[None]:
            if step is None:
                yield
                return
            with power.cut_at(step):
                yield
            if power.was_cut:
                self.restart()

        # What may happen

        @rule()
        def restart(self) -> None:
            self.outbox.close()
            self.start()

        @rule(step=failing, again=st.booleans())
        def accept(self, step: int | None, again: bool) -> None:
            if not (again and self.tried):
                self.ids += 1
                self.tried.append(f"{self.ids:032x}")
            packet_id = self.tried[-1]
            if packet_id in self.gone:
                return
            with self.cut(step):
                self.outbox.accept(b"payload", packet_id=packet_id, now=self.now)
                self.told.add(packet_id)

        @rule(committed=st.booleans())
        def accept_with_an_ill_index(self, committed: bool) -> None:
            entering = PacketIndex.enter

            def ill(*arguments: Any, **named: Any) -> None:
                if committed:
                    entering(*arguments, **named)
                raise sqlite3.OperationalError("disk I/O error")

            self.ids += 1
            self.tried.append(f"{self.ids:032x}")
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(PacketIndex, "enter", ill)
                with pytest.raises(sqlite3.Error):
                    self.outbox.accept(b"payload", packet_id=self.tried[-1], now=self.now)
            assert not list(self.exchange.outbox.glob(f"*{self.tried[-1]}{PACKET}"))

        @rule()
        def the_network_goes_or_comes(self) -> None:
            self.network = not self.network

        @precondition(lambda self: self.receipts)
        @rule(step=failing, pick=st.integers(0, 1000))
        def take_a_receipt(self, step: int | None, pick: int) -> None:
            packet_id = sorted(self.receipts)[pick % len(self.receipts)]
            with self.cut(step):
                self.outbox.settle(self.receipts[packet_id], now=self.now)
                self.old.append(self.receipts.pop(packet_id))

        @precondition(lambda self: self.old)
        @rule(pick=st.integers(0, 1000))
        def an_old_receipt_comes_again(self, pick: int) -> None:
            with suppress(ReceiptRefused):
                self.outbox.settle(self.old[pick % len(self.old)], now=self.now)

        @precondition(lambda self: self.centre)
        @rule(step=failing, lost=st.sets(st.integers(0, 1000), min_size=1, max_size=3))
        def the_centre_is_restored_from_a_backup(self, step: int | None, lost: set[int]) -> None:
            self.now += timedelta(seconds=1)
            picked = {sorted(self.centre)[pick % len(self.centre)] for pick in lost}
            missing = sorted(peek(self.centre.pop(packet_id)).sequence for packet_id in picked)
            self.old += [self.receipts.pop(packet_id) for packet_id in picked if packet_id in self.receipts]
            self.files += 1
            head = Header(Kind.STATES, "centre", world.keys.station, "states", self.files, int(self.now.timestamp()))
            body = canonical.encode({"states": [], "missing": missing})
            blob = seal(body, head, (opening,), world.authority.states).data
            with self.cut(step):
                self.outbox.take_states(blob, now=self.now)
            self.outbox.take_states(blob, now=self.now)
            self.gone |= {lost.packet_id for lost in self.outbox.lost()}
            assert self.gone <= set(self.tried) - set(self.centre)

        @rule(step=failing, days=st.integers(0, 9))
        def time_passes(self, step: int | None, days: int) -> None:
            self.now += timedelta(days=days)
            with self.cut(step):
                self.outbox.room.tidy(now=self.now)

        # What must hold

        @invariant()
        def what_is_in_sight_is_known_and_nothing_told_is_lost(self) -> None:
            if not hasattr(self, "exchange"):
                return
            for path in complete_files(self.exchange.outbox, PACKET):
                data = path.read_bytes()
                packet_id = peek(data).id
                stored = self.outbox.find(packet_id)
                assert stored is not None
                if not self.network and packet_id not in self.centre:
                    continue
                assert self.centre.setdefault(packet_id, data) == data
                if packet_id not in self.receipts:
                    head = Header(Kind.RECEIPT, "centre", world.keys.station, packet_id, 1, int(self.now.timestamp()))
                    receipt = canonical.encode({"packet": packet_id, "sha256": stored.sha256})
                    self.receipts[packet_id] = sign(receipt, head, world.authority.receipts)

            assert all(self.outbox.holds(packet_id) for packet_id in self.told - self.gone)
            if self.network:
                assert self.told - self.gone <= set(self.centre)

        def teardown(self) -> None:
            if not hasattr(self, "exchange"):
                return
            self.network = True
            self.restart()
            self.what_is_in_sight_is_known_and_nothing_told_is_lost()
            numbers = sorted(peek(data).sequence for data in self.centre.values())
            assert len(set(numbers)) == len(numbers)
            if not self.gone:
                assert numbers == list(range(1, len(numbers) + 1))
            self.outbox.close()

    return Model


def test_nothing_lost_and_nothing_twice_in_any_order_of_events(
    world: Any, power: Any, now: Any, tmp_path: Path
) -> None:
    """A longer run by hand: raise ``max_examples``."""
    model: Callable[[], RuleBasedStateMachine] = machine(world, power, now, tmp_path / "runs")
    run_state_machine_as_test(
        model,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
