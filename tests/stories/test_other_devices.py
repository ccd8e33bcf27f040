"""The same journey with the other families: Suprema's reader and an IPP printer behind the socket of a CUPS."""

import re

from kiosk.capture.iso.finger import read_finger_record
from kiosk.centre.opening import open_packet
from kiosk.journey.fingers import IN_ORDER
from kiosk.journey.steps import Purpose
from kiosk.record.exchange import write_durably

from .conftest import RobotStation


def choose(config, section, **changes):
    """Change settings of one section in place."""
    text = config.read_text(encoding="utf-8")
    head, rest = text.split(f"[{section}]\n", 1)
    body, *others = re.split(r"(?m)^(?=\[)", rest, maxsplit=1)
    for key, value in changes.items():
        line = f'{key} = "{value}"'
        body, found = re.subn(rf"(?m)^{key} = .*$", line, body)
        body = body if found else f"{line}\n{body}"
    config.write_text(f"{head}[{section}]\n{body}{''.join(others)}", encoding="utf-8")


def test_recorded_and_given_the_card_by_other_devices(station, errand):
    choose(station.config, "fingerprint", driver="simulated-sfm")
    choose(station.config, "printer", driver="simulated-ipp")
    resident = station.cast.ordinary
    robot = RobotStation(station)
    try:
        robot.errands.put("1-record", errand(resident, Purpose.RECORD))
        robot.passed("sealing -> receipt")
        robot.until(station.packets, "a packet in the outbox")
        (sealed,) = station.packets()
        packet = sealed.read_bytes()
        recording = open_packet(packet, station.authority).recording
        assert [each.finger for each in recording.prints] == list(IN_ORDER)
        images = read_finger_record(recording.records.fingers)
        assert {(each.width, each.height, each.ppi) for each in images} == {(272, 320, 500)}
        assert {each.template_family for each in recording.prints} == {"sfm-type-7e"}
        assert recording.doubts == ()

        write_durably(station.exchange.receipts / f"{sealed.stem}.receipt", station.receipt(packet))
        order, blob = station.order(packet)
        write_durably(station.exchange.orders / f"{order}.order", blob)
        robot.until((station.exchange.taken / f"{order}.order").exists, "the order to be taken in")
        robot.errands.put("2-collect", errand(resident, Purpose.COLLECT))
        robot.passed("collect-finger -> printing")
        robot.passed("printing -> card-ready")
        assert robot.end() == 0
    finally:
        robot.close()
    (card,) = (station.exchange.root / "kiosk" / "cards").glob("*.png")
    assert card.stat().st_size > 10_000
