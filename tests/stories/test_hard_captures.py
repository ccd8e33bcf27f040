"""People whose recording needs patience or an officer: each ends with a complete packet that says what happened."""

import time
from dataclasses import dataclass, field
from functools import partial

import pytest

from drivers.camera.eyeball import Condition
from drivers.camera.eyes import EyeScene
from drivers.camera.scene import Pose
from drivers.fingerprint.synthetic.skin import INTACT, Skin
from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.capture.iso.finger import read_finger_record
from kiosk.capture.iso.iris import read_iris_record
from kiosk.capture.iso.signature import read_signature_record
from kiosk.centre.opening import lay_out, open_packet
from kiosk.centre.residents import OFFICERS
from kiosk.journey import guards
from kiosk.journey.events import CannotGive, Marked, Next, OnlyMarked, WhyChosen
from kiosk.journey.excepting import Doubt, Excepted, Why, Written
from kiosk.journey.eyes import Eye
from kiosk.journey.fingers import IN_ORDER, RECHECKED, Finger
from kiosk.journey.steps import Refusal, Step
from kiosk.station.robot import SIGNATURE, Hands, sign, touch

from .conftest import PERSON
from .test_other_devices import choose

CROSS = (((0.4, 0.3), (0.6, 0.7)), ((0.6, 0.3), (0.4, 0.7)))
JPEG = b"\xff\xd8\xff"
OFFICER = OFFICERS[0]


@dataclass
class Recorded:
    """One visit as this person makes it; what the station said on the way is noted."""

    station: object
    skin: Skin = INTACT
    mistaken: tuple = ()
    strokes: tuple = (SIGNATURE,)
    pose: Pose = Pose.GOOD
    lacks: tuple = ()
    why: Why = Why.MISSING
    signs: bool = True
    unseen: tuple = ()
    before: object = staticmethod(lambda world: None)
    told: set = field(default_factory=set)
    advised: set = field(default_factory=set)

    def run(self):
        self.station.visit(self.story, before=self.before)
        (packet,) = self.station.packets()
        opened = open_packet(packet.read_bytes(), self.station.authority)
        names = {path.name for path in lay_out(opened, self.station.folder / "opened")}
        assert {"recording.json", "photo.jpg", "face.fac", "biometrics.cbeff.xml"} <= names
        return opened.recording

    def story(self, visitor):
        hands = Hands(visitor.world, pause=0.0, skin=self.skin, mistaken=self.mistaken)
        hands.grow(PERSON)
        yield from visitor.prove(self.station.cast.ordinary)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.CONSENT)
        visitor.hang_the_cloth(self.station.cast.ordinary)
        visitor.world.booth.person(self.pose)
        yield from visitor.touch(Next())
        yield from visitor.until(lambda: self._photographed(visitor), "a photo")
        yield from visitor.touch(Next())
        yield from visitor.at(Step.SIGNATURE)
        yield from self._signature(visitor)
        yield from visitor.at(Step.FINGERS)
        if self.lacks:
            yield from self._give(visitor, hands, until=self.lacks[0])
            yield from self._excepted(visitor, self.lacks)
        yield from self._give(visitor, hands)
        if self.lacks:
            yield from visitor.touch(Next())
            yield from visitor.at(Step.HANDS_REVIEW)
            yield from visitor.touch(Next())
            yield from self._give(visitor, hands)
        if self.unseen:
            yield from visitor.at(Step.EYES)
            yield from self._excepted(visitor, self.unseen)
        yield from visitor.at(Step.REVIEW)
        yield from visitor.touch(Next())
        yield from visitor.touch(Next())
        yield from visitor.answer(OFFICER.pin)
        yield from visitor.at(Step.RECEIPT)

    def _photographed(self, visitor):
        session = visitor.session
        self.told.add(session.refusal)
        self.advised.add(session.face_advice)
        if session.step is Step.PHOTO and not session.busy and guards.shutter_offered(session, Next()):
            touch(Next(), visitor.targets, visitor.window)
        return session.step is Step.PHOTO_REVIEW

    def _signature(self, visitor):
        if not self.signs:
            yield from self._excepted(visitor, ())
            return
        yield from visitor.until(lambda: sign(visitor.targets, visitor.window, self.strokes), "a field to sign in")
        yield
        yield from visitor.touch(Next())

    def _give(self, visitor, hands, until=None):
        """Give what is asked, as long as fingers are asked, or until it is the turn of one that cannot be given."""

        def stands():
            session = visitor.session
            return session.step, session.asked_finger, session.attempts, session.repeats

        def moved(before):
            hands.follow(visitor.session, PERSON, time.monotonic())
            self.told.add(visitor.session.refusal)
            self.advised.add(visitor.session.finger_advice)
            return stands() != before

        while visitor.session.step in (Step.FINGERS, Step.RECHECK) and visitor.session.asked_finger is not until:
            before = stands()
            yield from visitor.until(partial(moved, before), "the next finger")

    def _excepted(self, visitor, parts):
        """Call the officer, who marks what is lacking and says why."""
        yield from visitor.touch(CannotGive())
        yield from visitor.at(Step.EXCEPTION_ASKED)
        yield from visitor.answer(OFFICER.pin)
        if Eye.RIGHT in parts:
            yield from visitor.touch(OnlyMarked(frozenset(parts)))
        elif parts:
            yield from visitor.at(Step.EXCEPTION_WHICH)
            for part in {*parts} ^ visitor.session.marked:
                yield from visitor.touch(Marked(part))
            yield from visitor.touch(Next())
        yield from visitor.at(Step.EXCEPTION_WHY)
        yield from visitor.touch(WhyChosen(self.why))


def test_a_resident_with_eight_fingers_who_signs_with_a_cross(station, monkeypatch):
    monkeypatch.setattr(guards, "SELF_TIMER", 0.5)
    lacks = (Finger.RIGHT_INDEX, Finger.LEFT_LITTLE)
    recording = Recorded(station, lacks=lacks, strokes=CROSS).run()
    assert recording.excepted == tuple(Excepted(finger, Why.MISSING, OFFICER.id) for finger in lacks)
    assert recording.hands_photo.startswith(JPEG)
    assert [each.finger for each in recording.prints] == [finger for finger in IN_ORDER if finger not in lacks]
    assert [each.finger for each in recording.rechecked] == [Finger.LEFT_INDEX]
    assert {each.position for each in read_finger_record(recording.records.fingers)} == {1, 3, 4, 5, 6, 7, 8, 9}
    assert max(each.stroke for each in read_signature_record(recording.records.signature).samples) == 1
    assert recording.doubts == ()


def test_a_resident_with_worn_prints(station):
    visit = Recorded(station, skin=Skin(wear=0.85, moisture=0.3))
    recording = visit.run()
    assert [each.finger for each in recording.prints] == list(IN_ORDER), "nobody is turned away"
    poor = [each for each in recording.prints if each.advice is not FingerAdvice.GOOD]
    assert poor
    assert all(len(each.scores) == 3 and each.score == max(each.scores) for each in poor)
    assert Doubt.FINGERS_FAINT in recording.doubts
    assert visit.advised - {None, FingerAdvice.GOOD, FingerAdvice.UNCLEAR}, "it was said what may help"


def test_a_resident_who_blinks(station, monkeypatch):
    monkeypatch.setattr(guards, "SHUTTER_BY_HAND_AFTER", 1.0)
    visit = Recorded(station, pose=Pose.BLINKING)
    recording = visit.run()
    assert FaceAdvice.OPEN_EYES in visit.advised
    assert Refusal.PHOTO_NOT_YET in visit.told
    assert (recording.photo.advice, recording.photo.tries) == (FaceAdvice.OPEN_EYES, 3)
    assert recording.doubts == (Doubt.PHOTO,)
    assert recording.records.photo().startswith(JPEG)


def test_a_resident_who_gives_the_same_finger_twice(station):
    once = (Finger.RIGHT_MIDDLE, Finger.RIGHT_INDEX)
    # The left ring finger is given as the left middle one, and then, rightly, as itself.
    earlier = (Finger.LEFT_MIDDLE, Finger.LEFT_RING)
    visit = Recorded(station, mistaken=(once, earlier))
    recording = visit.run()
    assert {Refusal.FINGER_GIVEN_BEFORE, Refusal.FINGERS_BOTH_AGAIN} <= visit.told
    assert [each.finger for each in recording.prints] == list(IN_ORDER)
    assert [each.finger for each in recording.rechecked] == list(RECHECKED)
    assert recording.doubts == ()


@pytest.fixture
def eyes_too(station):
    choose(station.config, "iris", driver="simulated")
    return station


def test_a_resident_who_cannot_write_and_shows_both_eyes(eyes_too):
    recording = Recorded(eyes_too, signs=False, why=Why.INJURED).run()
    assert recording.excepted == (Excepted(Written.SIGNATURE, Why.INJURED, OFFICER.id),)
    assert (recording.signature, recording.records.signature) == (b"", b"")
    assert [each.eye.name for each in read_iris_record(recording.records.irises)] == ["RIGHT", "LEFT"]
    assert [each.advice for each in recording.irises] == [EyeAdvice.GOOD] * 2
    assert recording.doubts == ()


def test_a_resident_with_one_blind_eye(eyes_too):
    def blind(world):
        world.iris.show(EyeScene(right=Condition.CLOUDED))

    recording = Recorded(eyes_too, unseen=(Eye.RIGHT,), before=blind).run()
    assert recording.excepted == (Excepted(Eye.RIGHT, Why.MISSING, OFFICER.id),)
    assert [each.eye.name for each in read_iris_record(recording.records.irises)] == ["LEFT"]
    assert recording.doubts == ()


def test_hands_in_the_wrong_order_before_an_eye_camera_that_has_stopped(eyes_too):
    def unplugged(world):
        world.iris.unplug()

    swapped = tuple((finger, Finger((finger + 4) % 10 + 1)) for finger in IN_ORDER)
    visit = Recorded(eyes_too, mistaken=swapped, before=unplugged)
    recording = visit.run()
    assert Refusal.HANDS_SWAPPED in visit.told
    assert recording.records.irises == b""
    assert recording.doubts == (Doubt.HANDS_SWAPPED, Doubt.EYES_NOT_SEEN)
