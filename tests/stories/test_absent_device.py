"""A device that is not there: the screen and the health message say which, and nobody has to restart anything."""

from kiosk.journey.steps import Device, Step
from kiosk.record.telemetry import Condition, Occasion, StationState, Trouble
from kiosk.station.robot import Hands


def test_a_reader_that_is_unplugged_at_the_start_is_waited_for(station):
    def story(visitor):
        yield from visitor.until(lambda: ill(station, Device.FINGERPRINT), "health that tells of the reader")
        yield from visitor.until(lambda: well(station, Device.CAMERA), "health that tells of nothing but the reader")
        assert ill(station, Device.FINGERPRINT)
        assert station.health().state is StationState.OUT_OF_SERVICE
        assert visitor.session.step is Step.OUT_OF_SERVICE
        assert Device.FINGERPRINT in visitor.session.missing
        visitor.world.reader.replug()
        yield from visitor.at(Step.ATTRACT)
        yield from visitor.until(lambda: station.health().state is StationState.READY, "health that is well again")

    station.visit(story, before=lambda world: world.reader.unplug())
    told = station.occasions()
    assert told.index((Occasion.DEVICE_LOST, Device.FINGERPRINT)) < told.index(
        (Occasion.DEVICE_BACK, Device.FINGERPRINT)
    )


def test_a_camera_that_goes_away_between_visits_closes_the_station_until_it_is_back(station):
    def story(visitor):
        yield from visitor.at(Step.ATTRACT)
        visitor.world.booth.unplug()
        yield from visitor.at(Step.OUT_OF_SERVICE)
        yield from visitor.until(lambda: ill(station, Device.CAMERA), "health that tells of the camera")
        assert station.health().state is StationState.OUT_OF_SERVICE
        visitor.world.booth.replug()
        yield from visitor.begin()

    station.visit(story)


def test_a_reader_unplugged_amid_the_ten_fingers_goes_on_at_the_same_finger(station):
    def story(visitor):
        hands = Hands(visitor.world, pause=0.0)
        yield from visitor.come_to_the_fingers(station.cast.ordinary)
        yield from visitor.give_fingers(hands, as_far_as=2)
        asked, taken = visitor.session.asked_finger, visitor.session.impressions
        visitor.world.reader.unplug()
        yield from visitor.at(Step.INTERRUPTED)
        yield from visitor.until(lambda: ill(station, Device.FINGERPRINT), "health that tells of the reader")
        visitor.world.reader.replug()
        yield from visitor.at(Step.FINGERS)
        assert visitor.session.asked_finger is asked
        assert visitor.session.impressions == taken
        yield from visitor.give_fingers(hands, as_far_as=3)
        assert visitor.session.impressions[2].finger is asked

    station.visit(story)


def well(station, device):
    return station.health().devices[device].condition is Condition.OK


def ill(station, device):
    health = station.health()
    return health is not None and health.devices[device].trouble is Trouble.ABSENT
