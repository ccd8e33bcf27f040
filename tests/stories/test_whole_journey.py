"""One resident, from the first touch to the card in the hand; the test plays the centre across the exchange."""

from dataclasses import replace

from kiosk.capture.iso.face import read_face_record
from kiosk.capture.iso.signature import read_signature_record
from kiosk.centre.opening import open_packet
from kiosk.centre.residents import OFFICERS
from kiosk.journey.fingers import IN_ORDER, RECHECKED
from kiosk.journey.steps import Purpose, Step
from kiosk.record.exchange import write_durably
from kiosk.record.keys import StationKeys, keys_directory
from kiosk.record.ledger import Ledger, OrderState
from kiosk.record.telemetry import Occasion, StationState

JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n"
CAPTURING = (Step.CONSENT, Step.PHOTO, Step.SIGNATURE, Step.FINGERS, Step.RECHECK, Step.SIGN_OFF, Step.OFFICER_CONFIRMS)


def test_recorded_receipted_refused_a_second_time_and_given_the_card(station, robot, errand):
    resident = station.cast.ordinary

    robot.errands.put("1-record", errand(resident, Purpose.RECORD))
    robot.passed("sealing -> receipt")
    robot.until(station.packets, "a packet in the outbox")
    (sealed,) = station.packets()
    packet = sealed.read_bytes()
    the_packet_holds_everything(open_packet(packet, station.authority).recording, resident)
    assert open_packet(packet, station.authority, with_escrow=True).recording.nik == resident.nik
    robot.until(lambda: station.health().outbox_waiting == 1, "health that tells of the waiting packet")

    robot.errands.put("2-again", errand(resident, Purpose.RECORD))
    robot.passed("is-this-you -> not-eligible")

    receipt = station.exchange.receipts / f"{sealed.stem}.receipt"
    spoiled = bytearray(station.receipt(packet))
    spoiled[-1] ^= 1
    write_durably(station.exchange.receipts / "0-spoiled.receipt", bytes(spoiled))
    robot.until(lambda: Occasion.RECEIPT_REFUSED in kinds(station), "the spoiled receipt to be refused")
    assert station.packets() == [sealed]
    write_durably(receipt, station.receipt(packet))
    robot.until(lambda: not station.packets(), "the packet to be deleted against its receipt")
    robot.until(lambda: station.health().outbox_waiting == 0, "health that tells of the empty outbox")

    order, blob = station.order(packet)
    write_durably(station.exchange.orders / f"{order}.order", blob)
    robot.until((station.exchange.taken / f"{order}.order").exists, "the order to be taken in")
    robot.errands.put("3-collect", errand(resident, Purpose.COLLECT))
    robot.passed("collect-finger -> printing")
    robot.passed("printing -> card-ready")
    robot.passed("card-ready -> attract")

    assert robot.end() == 0
    (card,) = (station.exchange.root / "kiosk" / "cards").glob("*.png")
    assert card.read_bytes().startswith(PNG)
    state = station.exchange.root
    ledger = Ledger(state / "kiosk" / "ledger.db", StationKeys.load(keys_directory(state)).ledger)
    assert ledger.state(order) is OrderState.PRINTED
    ledger.close()
    told = kinds(station)
    milestones = [
        Occasion.STARTED,
        Occasion.RECORDING_SEALED,
        Occasion.RECEIPT_REFUSED,
        Occasion.RECORDING_DELIVERED,
        Occasion.CARD_PRINTED,
    ]
    assert [kind for kind in told if kind in milestones] == milestones
    assert station.health().state is StationState.READY
    throughput = station.throughput()
    assert (throughput.recordings_sealed, throughput.recordings_delivered, throughput.cards_printed) == (1, 1, 1)
    assert (throughput.visits_begun, throughput.visits_finished) == (3, 2)


def the_packet_holds_everything(recording, resident):
    assert [p.finger for p in recording.prints] == list(IN_ORDER)
    assert [p.finger for p in recording.rechecked] == list(RECHECKED)
    assert all(p.template and p.scores[-1] == p.score for p in recording.prints)
    pictures = recording.records.finger_pictures()
    assert len(set(pictures)) == len(IN_ORDER) + len(RECHECKED)
    assert all(picture.startswith(PNG) for picture in pictures)
    assert (recording.doubts, recording.excepted, recording.hands_photo) == ((), (), b"")
    assert recording.records.photo().startswith(JPEG)
    assert {"12.1", "12.2"} <= {point.name for point in read_face_record(recording.records.face).landmarks}
    assert recording.signature.startswith(PNG)
    assert len(read_signature_record(recording.records.signature).samples) > 20
    assert recording.consented
    assert recording.officer == OFFICERS[0].id
    assert recording.biodata == replace(recording.biodata, nik=resident.nik, name=resident.name)
    assert recording.biodata.birth_date == resident.birth_date
    assert recording.began <= recording.ended
    assert all(recording.timings[step.value] >= 0 for step in CAPTURING), "how long each step took"
    assert recording.timings[Step.PHOTO.value] >= 2000, "the shutter waits for a face that is good for two seconds"


def kinds(station):
    return [occasion for occasion, _ in station.occasions()]
