"""What must hold of the table itself, whatever story is told with it."""

import inspect
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.journey import events
from kiosk.journey.carrying import Carried, Desk
from kiosk.journey.diagram import mermaid
from kiosk.journey.effects import OUTCOMES, Forget, PrintCard, Seal, SettleCard, TakeUp
from kiosk.journey.events import DeviceBack, DeviceLost, Event, MoreTime, Reply, Tick, TimedOut
from kiosk.journey.excepting import Why, Written
from kiosk.journey.eyes import Eye
from kiosk.journey.fingers import IN_ORDER, RECHECKED, Finger
from kiosk.journey.guards import EYE_TRIES, FINGER_TRIES, REPEATS, SELF_TIMER, SHUTTER_BY_HAND_AFTER
from kiosk.journey.kept import ON_AT
from kiosk.journey.machine import Aside, Go, Return, Row
from kiosk.journey.session import TRIES_A_FINGER, Accepted, Begun, Record, Session
from kiosk.journey.steps import OFFICE, Card, Device, HowFar, Purpose, Refusal, Step
from kiosk.journey.table import TABLE

from .conftest import EARLIER, NOT_RECORDED, PHOTO, TODAY, Visit, biodata, impression, iris, kept_at

WAITS_FOR_EVER = {Step.ATTRACT, Step.OUT_OF_SERVICE, Step.PRINTING}
TYPED = {
    Step.NIK,
    Step.BIRTH_DATE,
    Step.OFFICER_CONFIRMS,
    Step.COLLECT_OFFICER,
    Step.CARD_DOUBT,
    Step.EXCEPTION_ASKED,
    Step.GO_ON_OFFICER,
    Step.OFFICER_PIN,
}
BETWEEN_VISITS = {Step.ATTRACT, Step.OUT_OF_SERVICE}


def rows() -> Iterator[tuple[Step, type[Event], Row]]:
    for step, stage in TABLE.items():
        for event, choices in stage.on.items():
            for row in choices:
                yield step, event, row


def arrows() -> dict[Step, set[Step]]:
    resumable = {step for step, _, row in rows() if isinstance(row, Aside)} | {
        step for step, stage in TABLE.items() if stage.needs and stage.without is Step.INTERRUPTED
    }
    found: dict[Step, set[Step]] = {step: set() for step in TABLE}
    for step, _, row in rows():
        if isinstance(row, Go | Aside):
            found[step].add(row.to)
        elif isinstance(row, Return):
            found[step] |= resumable
    for step, stage in TABLE.items():
        if stage.needs:
            found[step].add(stage.without)
        if stage.skip:
            found[step].add(stage.skip.to)
    return found


def reachable(start: Step) -> set[Step]:
    seen, todo, ways = {start}, [start], arrows()
    while todo:
        for step in ways[todo.pop()] - seen:
            seen.add(step)
            todo.append(step)
    return seen


def test_every_step_has_its_stage() -> None:
    assert set(TABLE) == set(Step)


def test_every_step_can_be_reached() -> None:
    assert reachable(Step.OUT_OF_SERVICE) == set(Step)


@pytest.mark.parametrize("step", Step)
def test_home_can_be_reached_from_everywhere(step: Step) -> None:
    assert Step.ATTRACT in reachable(step)


@pytest.mark.parametrize("step", [step for step in Step if step not in WAITS_FOR_EVER])
def test_every_step_ends_by_itself_and_can_be_given_more_time(step: Step) -> None:
    stage = TABLE[step]
    assert stage.within is not None
    assert TimedOut in stage.on
    # Sealing takes a moment and waits for nobody: there is nothing to be hurried about.
    assert MoreTime in stage.on or step is Step.SEALING


@pytest.mark.parametrize("step", [step for step in Step if step in WAITS_FOR_EVER])
def test_nothing_hurries_where_nobody_waits(step: Step) -> None:
    assert TABLE[step].within is None


@pytest.mark.parametrize("step", Step)
def test_every_outcome_of_what_a_step_asks_for_has_a_row(step: Step) -> None:
    stage = TABLE[step]
    asks = [*stage.enter, *(ask for choices in stage.on.values() for row in choices for ask in getattr(row, "do", ()))]
    kinds = {kind for kind in OUTCOMES for ask in asks if f"{kind.__name__}(" in inspect.getsource(ask)}
    for kind in kinds:
        assert set(OUTCOMES[kind]) <= set(stage.on), f"{step} asks for {kind.__name__}"


def test_the_last_row_of_a_choice_never_shadows_another() -> None:
    for step, stage in TABLE.items():
        for event, choices in stage.on.items():
            assert all(row.when is not None for row in choices[:-1]), f"{step} {event.__name__}"


def test_the_diagram_shows_every_arrow_of_the_table() -> None:
    drawn = mermaid(TABLE)
    for step, event, row in rows():
        if isinstance(row, Go | Aside):
            guard = f" [{row.when.__name__}]" if row.when else ""
            arrow = f"--> {row.to.value.title().replace('-', '')}: {event.__name__}{guard}"
            note = f"{event.__name__} to {row.to.value}, from "
            assert any(
                (arrow in line and line.strip().startswith(step.value.title().replace("-", "")))
                or (note in line and step.value in line)
                for line in drawn.splitlines()
            ), f"{step} {event.__name__} -> {row.to}"


def any_event() -> st.SearchStrategy[Event]:
    """Anything at all, replies to this visit and to others among it."""
    visits = st.integers(0, 4)
    made: dict[type[Event], st.SearchStrategy[Event]] = {
        events.LanguageChosen: st.builds(events.LanguageChosen, st.sampled_from(["id", "en"])),
        events.PurposeChosen: st.builds(events.PurposeChosen, st.sampled_from(Purpose)),
        events.Digit: st.builds(events.Digit, st.sampled_from("0123456789x")),
        events.Inked: st.just(events.Inked((((0.1, 0.1, 0.0), (0.9, 0.9, 1.0)),))),
        events.Tick: st.builds(lambda: Tick(0.0, TODAY)),
        events.IdentityProved: st.builds(
            lambda visit, how_far, begun: events.IdentityProved(
                visit,
                biodata(),
                Record(how_far, TODAY),
                begun,
            ),
            visits,
            st.sampled_from(HowFar),
            st.none() | st.builds(Begun, st.sampled_from([(), RECHECKED]), st.booleans()),
        ),
        events.FaceJudged: st.builds(events.FaceJudged, visits, st.sampled_from(FaceAdvice)),
        events.PhotoTaken: st.builds(
            events.PhotoTaken,
            visits,
            st.builds(lambda advice: replace(PHOTO, advice=advice), st.sampled_from(FaceAdvice)),
        ),
        events.HandsPhotoTaken: st.builds(events.HandsPhotoTaken, visits, st.just(PHOTO)),
        events.EyesJudged: st.builds(events.EyesJudged, visits, st.sampled_from(EyeAdvice)),
        events.EyesTaken: st.builds(
            events.EyesTaken, visits, st.lists(st.builds(iris, st.sampled_from(Eye)), max_size=2).map(tuple)
        ),
        events.OnlyMarked: st.builds(events.OnlyMarked, st.frozensets(st.sampled_from([*Eye]), min_size=1)),
        events.Marked: st.builds(events.Marked, st.sampled_from([*Finger, *Eye, *Written])),
        events.FingerTaken: st.builds(
            events.FingerTaken,
            visits,
            st.builds(impression, st.sampled_from(Finger), score=st.integers(0, 100)),
            st.sampled_from(FingerAdvice),
            st.none() | st.sampled_from(Finger),
        ),
        events.FingerCompared: st.builds(
            events.FingerCompared,
            visits,
            st.booleans(),
            st.none() | st.builds(impression, st.sampled_from(Finger)),
            st.none() | st.sampled_from(Finger),
        ),
        events.TakenUp: st.builds(
            lambda visit, step: events.TakenUp(visit, kept_at(step), EARLIER),
            visits,
            st.sampled_from([*ON_AT.values()]),
        ),
        events.Sealed: st.builds(events.Sealed, visits, st.just(Accepted("r", "p", 0.1))),
        events.DeviceLost: st.builds(DeviceLost, st.sampled_from(Device)),
        events.DeviceBack: st.builds(DeviceBack, st.sampled_from(Device)),
    }
    kinds = [
        kind
        for _, kind in inspect.getmembers(events, inspect.isclass)
        if issubclass(kind, Event) and kind not in (Event, Reply, events.Touch, TimedOut)
    ]
    return st.one_of([made[kind] if kind in made else st.from_type(kind) for kind in kinds])


class Likely:
    """A resident who mostly does what the step waits for, so that random visits get deep into the story."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit

    def next(self) -> Event:
        session, number = self.visit.session, self.visit.number
        finger = session.asked_finger or Finger.RIGHT_INDEX
        match session.step:
            case Step.OUT_OF_SERVICE | Step.INTERRUPTED:
                return DeviceBack(min(session.missing or {Device.CAMERA}, key=lambda device: device.value))
            case Step.ATTRACT if number % 5 == 3:
                return events.HelpAsked()
            case Step.ATTRACT:
                return events.Begin()
            case Step.HELP if session.resume in BETWEEN_VISITS:
                return events.OfficerAsked()
            case Step.OFFICER_DESK if session.desk is None:
                return events.DeskSeen(number, Desk(230, TODAY, None, under_way=False))
            case Step.STICK_SAVING:
                return events.StickFilled(number, Carried(230))
            case Step.LANGUAGE:
                return events.LanguageChosen("id")
            case Step.PURPOSE:
                return events.PurposeChosen(Purpose.RECORD if number % 2 else Purpose.COLLECT)
            case step if step in TYPED and session.busy:
                return {
                    Step.NIK: events.NikKnown(number, session.typed),
                    Step.BIRTH_DATE: events.IdentityProved(number, biodata(), NOT_RECORDED),
                }.get(session.step, events.OfficerKnown(number, "o"))
            case step if step in TYPED:
                full = {Step.NIK: 16, Step.BIRTH_DATE: 8}.get(session.step, 6)
                return events.Next() if len(session.typed) >= full else events.Digit("1")
            case Step.IS_THIS_YOU if session.busy:
                return events.OrderFound(number, "order", RECHECKED)
            case Step.PHOTO if session.busy:
                return events.PhotoTaken(number, PHOTO)
            case Step.PHOTO:
                self.visit.wait(SHUTTER_BY_HAND_AFTER)
                return events.Next()
            case Step.SIGNATURE if not session.strokes:
                return events.Inked((((0.1, 0.1, 0.0), (0.9, 0.9, 1.0)),))
            case Step.SIGNATURE if number % 4 == 1 and not session.excepted:
                return events.CannotGive()
            case Step.FINGERS if number % 4 == 3 and finger in (Finger.RIGHT_THUMB, Finger.LEFT_INDEX):
                return events.CannotGive()
            case Step.FINGERS:
                return events.FingerTaken(number, impression(finger), FingerAdvice.GOOD)
            case Step.EXCEPTION_WHY:
                return events.WhyChosen(Why.MISSING)
            case Step.HANDS_PHOTO if session.busy:
                return events.HandsPhotoTaken(number, PHOTO)
            case Step.HANDS_PHOTO if session.good_since is None:
                return events.Next()
            case Step.HANDS_PHOTO:
                self.visit.wait(SELF_TIMER)
                return events.FaceJudged(number, FaceAdvice.NO_FACE)
            case Step.EYES if not session.busy:
                self.visit.wait(SHUTTER_BY_HAND_AFTER * (session.eye_tries + 1))
                return events.EyesJudged(number, EyeAdvice.CLOSER)
            case Step.EYES:
                return events.EyesTaken(number, tuple(iris(eye) for eye in session.wanted_eyes))
            case Step.RECHECK:
                return events.FingerCompared(number, True, impression(finger))
            case Step.GO_ON_FINGER if session.busy:
                return events.TakenUp(number, kept_at(Step.FINGERS), EARLIER)
            case Step.COLLECT_FINGER | Step.GO_ON_FINGER:
                return events.FingerCompared(number, True, None)
            case Step.SEALING:
                return events.Sealed(number, Accepted("r", "p", 0.1))
            case Step.PRINTING if number % 3:
                return events.CardPrinted(number)
            case Step.PRINTING:
                return events.CardNotPrinted(number, Refusal.CARD_UNKNOWN)
            case Step.CARD_LOOKED_FOR if session.busy:
                return events.OrderFound(number, "order", RECHECKED)
            case Step.CARD_LOOKED_FOR:
                return events.CardLookedFor(Card.NONE)
            case _:
                return events.Next()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.none(), st.none(), st.none(), st.floats(0.5, 200), any_event()), max_size=120),
    st.booleans(),
)
def test_whatever_happens_the_invariants_hold(happenings: list[Event | float | None], takes_eyes: bool) -> None:
    visit = Visit(Session(missing=frozenset(Device), takes_eyes=takes_eyes))
    visit(Tick(1.0, TODAY), events.RosterSeen(True), *(DeviceBack(device) for device in Device))
    likely = Likely(visit)
    for happening in happenings:
        before = visit.session
        told = len(visit.effects)
        match happening:
            case None:
                visit(likely.next())
            case float():
                visit.wait(happening)
            case Tick():
                visit.wait(0.1)
            case _:
                visit(happening)
        holds(before, visit.session, visit.effects[told:], takes_eyes=takes_eyes)


def holds(before: Session, after: Session, asked: list[object], *, takes_eyes: bool) -> None:
    for effect in asked:
        if isinstance(effect, PrintCard):
            assert effect.by_finger or effect.officer is not None, "no card without its owner or an officer"
        if isinstance(effect, TakeUp):
            assert before.step in (Step.GO_ON_FINGER, Step.GO_ON_OFFICER)
            assert before.begun is not None
            assert after.photo is None, "nothing of it is here before it was proved whose it is"
            assert after.step is Step.GO_ON_FINGER or after.officer_agrees
        if isinstance(effect, SettleCard):
            assert after.card is effect.found
            assert effect.officer, "only an officer says what became of a card"
        if isinstance(effect, Seal):
            sealed = effect.session
            assert isinstance(sealed, Session)
            assert sealed.consented
            assert sealed.biodata is not None
            assert sealed.photo is not None
            assert bool(sealed.strokes) is not sealed.unsigned
            assert sealed.officer is not None
            assert sealed.officer_agrees
            settled = [each.finger for each in sealed.impressions] + list(sealed.excepted_fingers)
            assert sorted(settled) == list(IN_ORDER), "each finger once: given, or excepted"
            assert all(each.officer for each in sealed.excepted), "only an officer excepts"
            assert bool(sealed.hands_photo) == bool(sealed.excepted_fingers)
            again = {each.finger for each in sealed.rechecked} | sealed.not_again
            assert again == {*RECHECKED} - {*sealed.excepted_fingers}
            assert all(each.eye in sealed.wanted_eyes for each in sealed.irises)
            if takes_eyes and Device.EYE_CAMERA not in sealed.missing:
                assert sealed.eye_tries or not sealed.wanted_eyes
    if after.step in BETWEEN_VISITS:
        for name in ("nik", "typed"):
            assert getattr(after, name) == ""
        for name in (
            "biodata",
            "record",
            "photo",
            "hands_photo",
            "best",
            "accepted",
            "order",
            "officer",
            "desk",
            "carried",
        ):
            assert getattr(after, name) is None
        assert (after.strokes, after.impressions, after.rechecked, after.irises, after.excepted) == ((),) * 5
        assert after.marked == frozenset()
        assert before.step in BETWEEN_VISITS or any(isinstance(effect, Forget) for effect in asked)
    if after.step in OFFICE - {Step.OFFICER_PIN}:
        assert after.officer, "only an officer sees how the station stands"
        assert after.biodata is None
    if after.photo is not None:
        assert after.consented, "nothing is captured without consent"
    assert after.biodata is None or after.nik
    assert after.repeats <= REPEATS
    assert after.eye_tries <= EYE_TRIES
    assert after.attempts <= max(FINGER_TRIES, TRIES_A_FINGER * len(RECHECKED))
    assert after.visit >= before.visit
    assert (after.deadline is None) == (TABLE[after.step].within is None)
    assert after.refusal is None or isinstance(after.refusal, Refusal)
