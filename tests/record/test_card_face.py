"""The card's front: every field is there, nothing overlaps whatever the name, and what is printed is what was drawn."""

import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

import kiosk.screens
from drivers.printer import CardImage, Printed
from drivers.printer.evolis.codec import Panel
from drivers.printer.evolis.panels import separate
from drivers.printer.evolis.printer import EvolisPrinter
from drivers.printer.evolis.simulated import SimulatedPrinter
from kiosk.journey.session import Sex
from kiosk.record.card_face import (
    FIELDS,
    MARGIN,
    NIK_LINE,
    PHOTO,
    PLACE,
    SIGNATURE,
    TEXT_RIGHT,
    CardFace,
    Typeface,
    Unprintable,
    card_face,
    wrap,
)
from kiosk.record.card_ornament import Pixels, ornament
from kiosk.record.order import CardOrder
from kiosk.record.resident import BloodGroup, MaritalStatus, RecordState, Resident

FONTS = Path(kiosk.screens.__file__).parent / "fonts"
TYPEFACE = Typeface(FONTS / "AtkinsonHyperlegibleNext-Medium.ttf", FONTS / "AtkinsonHyperlegibleNext-Bold.ttf")
RED = (190, 25, 35)


def encoded(picture: Image.Image, format_: str) -> bytes:
    out = io.BytesIO()
    picture.save(out, format_)
    return out.getvalue()


def a_signature(mode: str = "L") -> bytes:
    picture = Image.new(mode, (900, 300), 255 if mode == "L" else (0, 0, 0, 0))
    ink = 0 if mode == "L" else (0, 0, 0, 255)
    ImageDraw.Draw(picture).line([(120, 220), (300, 60), (420, 240), (780, 90)], fill=ink, width=12, joint="curve")
    return encoded(picture, "PNG")


RESIDENT = Resident(
    nik="5301014508900001",
    name="MARIA YULIANA NDOLU",
    birth_place="KUPANG",
    birth_date=date(1990, 8, 5),
    sex=Sex.FEMALE,
    blood_group=BloodGroup.O,
    address="JL. TIMOR RAYA KM 12",
    rt="003",
    rw="007",
    village="OESAO",
    district="KUPANG TIMUR",
    regency="KABUPATEN KUPANG",
    province="NUSA TENGGARA TIMUR",
    religion="KRISTEN",
    marital_status=MaritalStatus.MARRIED,
    occupation="PETANI/PEKEBUN",
    citizenship="WNI",
    state=RecordState.PRINT_READY_RECORD,
)
CARD = CardFace(
    resident=RESIDENT,
    photo=encoded(Image.new("RGB", (480, 640), RED), "JPEG"),
    signature=a_signature(),
    issued_place="KUPANG",
    issued_on=date(2026, 11, 24),
)


@pytest.fixture(scope="module")
def drawn() -> Pixels:
    return card_face(CARD, typeface=TYPEFACE)


def of(**changes: object) -> Pixels:
    return card_face(replace(CARD, resident=replace(RESIDENT, **changes)), typeface=TYPEFACE)  # type: ignore[arg-type]


def box(face: Pixels, place: tuple[int, int, int, int]) -> Pixels:
    left, top, right, bottom = place
    return face[top:bottom, left:right]


def test_it_fills_the_printers_raster_and_is_pure(drawn: Pixels) -> None:
    assert drawn.shape == (648, 1016, 3)
    assert drawn.dtype == np.uint8
    assert np.array_equal(drawn, card_face(CARD, typeface=TYPEFACE))


letters = st.text(st.sampled_from("WMIJ ALQ.-/'ÉŃ"), max_size=60)
short = st.text(st.sampled_from("WMI AL"), max_size=40)


@settings(max_examples=8, deadline=None)
@given(name=letters, birth_place=short, address=st.text(st.sampled_from("WI .0"), max_size=150), village=short)
@example(name="W" * 60, birth_place="W" * 40, address="W" * 150, village="W" * 40)
@example(name="A " * 30, birth_place="", address="", village="")
def test_no_text_leaves_its_block_whatever_it_is(
    drawn: Pixels, name: str, birth_place: str, address: str, village: str
) -> None:
    wide = {"district": village, "religion": village, "occupation": village, "citizenship": village}
    face = of(name=name, birth_place=birth_place, address=address, village=village, **wide)
    left, right = MARGIN - 2, TEXT_RIGHT + 4
    top, bottom = NIK_LINE + 2, FIELDS[1] + 4
    for name_, part in {
        "photo and signature": np.s_[:, right:],
        "left margin": np.s_[:, :left],
        "headings and NIK": np.s_[:top, :],
        "bottom margin": np.s_[bottom:, :],
    }.items():
        assert np.array_equal(face[part], drawn[part]), name_


@pytest.mark.parametrize(
    "change",
    [
        {"nik": "5301014508900002"},
        {"name": "MARIA YULIANA NDOLA"},
        {"birth_place": "SOE"},
        {"birth_date": date(1990, 8, 6)},
        {"sex": Sex.MALE},
        {"blood_group": BloodGroup.AB},
        {"address": "JL. TIMOR RAYA KM 13"},
        {"rt": "004"},
        {"rw": "008"},
        {"village": "OESAA"},
        {"district": "KUPANG BARAT"},
        {"regency": "KOTA KUPANG"},
        {"province": "NUSA TENGGARA BARAT"},
        {"religion": "KATOLIK"},
        {"marital_status": MaritalStatus.WIDOWED},
        {"occupation": "GURU"},
        {"citizenship": "WNA"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_field_shows(drawn: Pixels, change: dict[str, object]) -> None:
    assert not np.array_equal(of(**change), drawn)


def test_the_centres_state_of_the_record_does_not_show(drawn: Pixels) -> None:
    assert np.array_equal(of(state=RecordState.CARD_PRINTED), drawn)


@settings(max_examples=100, deadline=None)
@given(text=st.text(st.sampled_from("WMIA .-"), max_size=150), width=st.integers(60, 500), size=st.integers(14, 28))
def test_wrapping_loses_no_letter_and_keeps_to_the_width(text: str, width: int, size: int) -> None:
    font = TYPEFACE.at(size)
    lines = wrap(text, font, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(font.getlength(line) <= width for line in lines)
    assert all(line for line in lines[1:])


def test_words_are_kept_whole_where_they_fit() -> None:
    font = TYPEFACE.at(28)
    assert wrap("RADEN AJENG SITI", font, font.getlength("RADEN AJENG ")) == ["RADEN AJENG", "SITI"]


def test_text_that_cannot_be_read_any_more_is_refused_without_being_told() -> None:
    with pytest.raises(Unprintable) as refusal:
        of(address="RAHASIA " * 300)
    assert "RAHASIA" not in str(refusal.value)


def test_a_heading_that_cannot_fit_is_refused() -> None:
    with pytest.raises(Unprintable, match="province or regency"):
        of(province="W" * 120)


def test_place_and_date_of_issue_stand_under_the_photo(drawn: Pixels) -> None:
    for change in ({"issued_place": "TIMOR TENGAH SELATAN"}, {"issued_on": date(2026, 11, 25)}):
        other = card_face(replace(CARD, **change), typeface=TYPEFACE)  # type: ignore[arg-type]
        changed = (other != drawn).any(axis=2)
        assert box(changed, PLACE).any()
        left, top, right, bottom = PLACE
        changed[top : bottom + 6, left:right] = False
        assert not changed.any()


def test_the_photo_is_in_its_place(drawn: Pixels) -> None:
    assert np.abs(box(drawn, PHOTO).astype(int) - RED).max() <= 4  # what JPEG costs


def test_text_is_resin_and_a_photo_never() -> None:
    night = replace(CARD, photo=encoded(Image.new("RGB", (300, 400)), "JPEG"))
    face = card_face(night, typeface=TYPEFACE)
    assert box(face, PHOTO).min() > 1
    left, top, right, bottom = PHOTO
    alone = np.full_like(face, 255)
    alone[top:bottom, left:right] = box(face, PHOTO)
    assert not any(separate(alone, 128)[Panel.BLACK])
    assert any(separate(face, 128)[Panel.BLACK])


@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_a_signature_fills_its_place_on_white_or_on_nothing(mode: str) -> None:
    face = card_face(replace(CARD, signature=a_signature(mode)), typeface=TYPEFACE)
    ink = (face == 0).all(axis=2)
    inside = box(ink, SIGNATURE)
    left, _, right, _ = SIGNATURE
    assert inside.any(axis=0).sum() > 0.9 * (right - left)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"photo": b""}, "photo in the print order is no readable JPEG"),
        ({"photo": CARD.photo[:400]}, "photo in the print order is no readable JPEG"),
        ({"photo": a_signature()}, "photo in the print order is no readable JPEG"),
        ({"photo": encoded(Image.new("L", (6001, 1)), "JPEG")}, "photo in the print order is larger"),
        ({"signature": CARD.photo}, "signature in the print order is no readable PNG"),
        ({"signature": a_signature()[:90]}, "signature in the print order is no readable PNG"),
        ({"signature": encoded(Image.new("L", (900, 300), 255), "PNG")}, "signature in the print order is empty"),
    ],
)
def test_a_picture_that_cannot_be_used_is_named(change: dict[str, bytes], sentence: str) -> None:
    with pytest.raises(Unprintable, match=sentence):
        card_face(replace(CARD, **change), typeface=TYPEFACE)


def test_the_ground_is_light_enough_for_small_type() -> None:
    luminance = ornament(1016, 648) @ (0.2126, 0.7152, 0.0722)
    assert luminance.min() > 0.72 * 255


def test_nothing_personal_can_be_logged() -> None:
    assert repr(CARD) == "CardFace()"


def test_a_face_is_taken_out_of_a_print_order() -> None:
    order = CardOrder("1", RESIDENT, CARD.photo, CARD.signature, CARD.issued_place, CARD.issued_on, ())
    assert CardFace.of(order) == CARD


def test_what_is_printed_is_what_was_drawn(drawn: Pixels, tmp_path: Path) -> None:
    with SimulatedPrinter(tmp_path / "lp0", tmp_path / "cards") as device:
        printer = EvolisPrinter(device.port)
        assert printer.print(CardImage(drawn), within=30) == Printed()
        printer.close()
    with Image.open(tmp_path / "cards" / "card-0001.png") as card:
        assert np.abs(np.asarray(card).astype(int) - drawn).max() <= 2
