"""How a journey's table is read: one event in, the next session and the effects to perform out. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kiosk.journey.effects import Effect
from kiosk.journey.events import DeviceBack, DeviceLost, Event, MoreTime, Reply, RosterSeen, Tick, TimedOut, Touch
from kiosk.journey.session import Session
from kiosk.journey.steps import Device, Step

WARNING = 20.0
"""Seconds before a step's time is over at which the resident is told."""

Guard = Callable[[Session, Event], bool]
Changes = Mapping[str, object]
"""Names of a session's fields, and their new values."""
Note = Callable[[Session, Event], Changes]
"""What to write into the session, told from the session before the event."""
Ask = Callable[[Session], Effect | None]
"""An effect to ask for, told from the session after the event."""


@dataclass(frozen=True, slots=True)
class Go:
    """To another step, or into the same one anew. What was typed or shown there is cleared.

    ``keeps``: the tries of the finger that is asked for go on counting.
    """

    to: Step
    when: Guard | None = None
    note: tuple[Note, ...] = ()
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Stay:
    """Still the same step, its clock running on."""

    when: Guard | None = None
    note: tuple[Note, ...] = ()
    do: tuple[Ask, ...] = ()


@dataclass(frozen=True, slots=True)
class Aside:
    """To a step that interrupts the story; everything is kept for the way back."""

    to: Step
    when: Guard | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """Past a step that has nothing to do for this resident, to the next one."""

    to: Step
    when: Callable[[Session], bool]


@dataclass(frozen=True, slots=True)
class Return:
    """Back from an aside to where the story stood."""

    when: Guard | None = None


Row = Go | Stay | Aside | Return
Rows = Mapping[type[Event], tuple[Row, ...]]


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the table: what to ask for on coming and leaving, how long it may take, and what can happen."""

    on: Rows = field(default_factory=dict)
    enter: tuple[Ask, ...] = ()
    leave: tuple[Ask, ...] = ()
    secret: bool = False
    """What is typed here is nobody else's: it does not outlast an aside."""
    within: float | None = None
    """Seconds without a touch until TimedOut; None where the step waits for ever."""
    needs: frozenset[Device] = frozenset()
    without: Step = Step.INTERRUPTED
    """Where to go while something it needs is missing."""
    skip: Skip | None = None


Table = Mapping[Step, Stage]


def advance(table: Table, session: Session, event: Event) -> tuple[Session, tuple[Effect, ...]]:
    """Let ``event`` happen to ``session``. What the table has no row for changes nothing; replies to an earlier
    visit are dropped."""
    match event:
        case Tick():
            return _time_goes_on(table, session, event)
        case Reply() if event.visit != session.visit:
            return session, ()
        case DeviceLost():
            session = session.but(missing=session.missing | {event.device})
            if event.device in table[session.step].needs:
                return _interrupt(table, session)
        case DeviceBack():
            session = session.but(missing=session.missing - {event.device})
        case RosterSeen():
            session = session.but(has_roster=event.held)
        case _:
            pass
    if isinstance(event, Touch):
        session = _restart_clock(table, session)
    for row in table[session.step].on.get(type(event), ()):
        if row.when is None or row.when(session, event):
            return _follow(table, session, event, row)
    return session, ()


def _time_goes_on(table: Table, session: Session, tick: Tick) -> tuple[Session, tuple[Effect, ...]]:
    session = session.but(now=tick.now, today=tick.today)
    if session.deadline is None:
        return session, ()
    if tick.now >= session.deadline:
        # Cleared first, so that a step without a row for TimedOut cannot be asked twice.
        return advance(table, session.but(deadline=None, time_is_short=False), TimedOut())
    short = session.deadline - tick.now <= WARNING and MoreTime in table[session.step].on
    return session.but(time_is_short=short), ()


def _restart_clock(table: Table, session: Session) -> Session:
    within = table[session.step].within
    return session.but(deadline=None if within is None else session.now + within, time_is_short=False)


def _follow(table: Table, session: Session, event: Event, row: Row) -> tuple[Session, tuple[Effect, ...]]:
    match row:
        case Stay():
            after = session.but(**_noted(row.note, session, event))
            return after, _asked(row.do, after)
        case Go():
            left, again = _asked(table[session.step].leave, session), row.to is session.step
            after = _cleared(session, keeps=again or row.keeps).but(
                **({"step": row.to, "resume": None} | _noted(row.note, session, event))
            )
            return _arrive(table, after, left, again=again)
        case Aside():
            left = _asked(table[session.step].leave, session)
            resume = session.resume or session.step
            typed = "" if table[session.step].secret else session.typed
            return _arrive(table, session.but(step=row.to, resume=resume, typed=typed), left)
        case Return():
            left = _asked(table[session.step].leave, session)
            back = session.resume or Step.ATTRACT
            resumed = session.but(step=back, resume=None, progress=None, busy=False, good_since=None)
            return _arrive(table, resumed, left)


def _interrupt(table: Table, session: Session) -> tuple[Session, tuple[Effect, ...]]:
    left = _asked(table[session.step].leave, session)
    # Whatever was awaited of the device will not come any more.
    return _arrive(table, session.but(busy=False, progress=None, good_since=None), left)


def _arrive(
    table: Table, session: Session, before: tuple[Effect, ...], *, again: bool = False
) -> tuple[Session, tuple[Effect, ...]]:
    stage = table[session.step]
    while stage.skip is not None and stage.skip.when(session):
        session = session.but(step=stage.skip.to)
        stage, again = table[session.step], False
    if stage.needs & session.missing:
        if stage.without is Step.INTERRUPTED:
            session = session.but(resume=session.step, awaited=stage.needs, interruptions=session.interruptions + 1)
        session = session.but(step=stage.without)
        stage = table[session.step]
    session = _restart_clock(table, session if again else session.but(since=session.now))
    return session, (*before, *_asked(stage.enter, session))


def _cleared(session: Session, *, keeps: bool) -> Session:
    session = session.but(
        typed="", refusal=None, tries_left=None, minutes_locked=None, busy=False, progress=None, good_since=None
    )
    return session if keeps else session.but(attempts=0, best=None, finger_advice=None)


def _noted(notes: tuple[Note, ...], session: Session, event: Event) -> dict[str, object]:
    changes: dict[str, object] = {}
    for note in notes:
        changes.update(note(session, event))
    return changes


def _asked(asks: tuple[Ask, ...], session: Session) -> tuple[Effect, ...]:
    return tuple(effect for ask in asks if (effect := ask(session)) is not None)
