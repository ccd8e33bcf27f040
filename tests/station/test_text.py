"""The catalogues: complete in every language, in plain words, with the same places."""

import re
from datetime import date
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from kiosk.station.text import BadCatalogue, Text

ROOT = Path(__file__).parents[2]
LOCALES = ROOT / "config" / "locales"
LANGUAGES = ("id", "en")
JARGON = {
    "id": (
        *("biometrik", "verifikasi", "autentikasi", "validasi", "kualitas", "skor", "template", "enkripsi", "sistem"),
        *("input", "submit", "error", "gagal", "invalid", "server", "database", "upload", "scan", "sensor", "timeout"),
        *("klik", "kamu", "silahkan", "dimohon", "di karenakan", "buta", "cacat", "berikan"),
    ),
    "en": (
        *("biometric", "verify", "verification", "authenticate", "validate", "quality", "score", "template", "encrypt"),
        *("system", "input", "submit", "error", "failed", "invalid", "server", "database", "upload", "scan", "sensor"),
        *("timeout", "click", "device fault"),
    ),
}


def catalogue(language: str) -> dict[str, str]:
    with (LOCALES / language / "LC_MESSAGES" / "rekam.po").open("rb") as file:
        return {str(each.id): str(each.string) for each in read_po(file, locale=language) if each.id}


@pytest.fixture(scope="module")
def spoken() -> set[str]:
    """Every msgid in the code."""
    found = extract_from_dir(ROOT / "kiosk" / "station", [("**.py", "python")], keywords={"say": None, "word": None})
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_code_is_spoken_and_no_other(spoken, language):
    words = catalogue(language)
    assert spoken - set(words) == set()
    assert set(words) - spoken == set()
    assert [msgid for msgid, told in words.items() if not told.strip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_places_are_the_same_as_in_the_msgid(language):
    places = re.compile(r"\{\w+\}")
    for msgid, told in catalogue(language).items():
        assert sorted(places.findall(msgid)) == sorted(places.findall(told)), msgid


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_jargon(language):
    found = [
        (word, told)
        for told in catalogue(language).values()
        for word in JARGON[language]
        if re.search(rf"\b{word}", told, re.IGNORECASE)
    ]
    assert found == []


def test_indonesian_is_translated():
    same = {msgid for msgid, told in catalogue("id").items() if msgid == told}
    assert same == {"NIK"}


def test_sentences_are_short():
    for language in LANGUAGES:
        for told in catalogue(language).values():
            longest = max(len(sentence.split()) for sentence in re.split(r"[.!?:]", told))
            assert longest <= 14, told


def test_dates_and_numbers_are_said_as_people_say_them():
    text = Text.load(LOCALES, LANGUAGES)
    assert text.into("id").date(date(1958, 3, 5)) == "5 Maret 1958"
    assert text.into("en").date(date(1958, 3, 5)) == "5 March 1958"
    assert text.into("id").number(1234.5) == "1.234,5"


def test_values_are_put_into_their_places():
    text = Text.load(LOCALES, LANGUAGES)
    assert text.into("id")("Finger {number} of {count}", number="3", count="10") == "Jari 3 dari 10"


def test_a_catalogue_that_lacks_a_word_is_refused_with_the_word(tmp_path):
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    for language, told in (("id", 'msgid "Back"\nmsgstr "Kembali"\n'), ("en", 'msgid "Back"\nmsgstr ""\n')):
        folder = tmp_path / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "rekam.po").write_text(head + told, encoding="utf-8")
    with pytest.raises(BadCatalogue, match=r"en/LC_MESSAGES/rekam\.po has no words for: Back"):
        Text.load(tmp_path, LANGUAGES)


def test_a_missing_catalogue_is_refused(tmp_path):
    with pytest.raises(BadCatalogue, match="cannot be read"):
        Text.load(tmp_path, ("id",))
