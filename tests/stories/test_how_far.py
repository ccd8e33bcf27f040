"""A resident asks how far their card is, and is told what the centre said last of their record."""

import pytest

from kiosk.journey.events import Next
from kiosk.journey.steps import HowFar, Purpose, Refusal, Step
from kiosk.record import canonical
from kiosk.record.exchange import write_durably
from kiosk.record.header import Header, Kind
from kiosk.record.keys import CENTRE
from kiosk.record.resident import RecordState
from kiosk.record.seal import seal

from .conftest import now


@pytest.fixture
def centre_says(station):
    """Sign where records stand at the centre, and let the uplink bring it."""

    def say(states):
        made = int(now().timestamp())
        header = Header(
            kind=Kind.STATES, sender=CENTRE, receiver=station.id, id="states-00000001", sequence=1, made=made
        )
        body = canonical.encode(
            {"states": [[packet, state.value, made] for packet, state in states.items()], "missing": []}
        )
        recipient = station.authority.station(station.id).sealing
        blob = seal(body, header, (recipient,), station.authority.states)
        write_durably(station.exchange.states / f"{header.id}.states", blob.data)

    return say


def test_who_asks_is_told_where_their_record_stands(station, centre_says):
    cast = station.cast
    approved, here = station.keep(cast.ordinary), station.keep(cast.farmer)
    centre_says({approved: RecordState.PRINT_READY_RECORD})
    assert here != approved

    def story(visitor):
        yield from visitor.prove(cast.ordinary, Purpose.COLLECT)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.NO_CARD_YET)
        assert visitor.session.record.how_far is HowFar.APPROVED
        yield from visitor.touch(Next())

        yield from visitor.prove(cast.farmer, Purpose.RECORD)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.NOT_ELIGIBLE)
        assert visitor.session.refusal is Refusal.ALREADY_RECORDED
        assert visitor.session.record.how_far is HowFar.KEPT_HERE
        yield from visitor.touch(Next())
        yield from visitor.at(Step.ATTRACT)
        assert visitor.session.record is None

    station.visit(story)


def test_whom_the_centre_asks_for_again_is_recorded_without_beginning_anew(station, centre_says):
    resident = station.cast.ordinary
    centre_says({station.keep(resident): RecordState.SEARCH_FAILURE_AT_CENTRAL})

    def story(visitor):
        yield from visitor.prove(resident, Purpose.COLLECT)
        yield from visitor.touch(Next())
        yield from visitor.at(Step.NO_CARD_YET)
        assert visitor.session.record.how_far is HowFar.RECORD_AGAIN
        yield from visitor.touch(Next())
        yield from visitor.at(Step.CONSENT)
        assert visitor.session.purpose is Purpose.RECORD

    station.visit(story)
