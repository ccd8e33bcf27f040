"""What the station says: gettext catalogues, read as they are edited (.po), and dates and numbers by Babel.

Msgids are plain English. A word that a language lacks is found when the catalogues are read, not when it is needed.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from babel.dates import format_date
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_decimal

DOMAIN: Final = "rekam"


class BadCatalogue(Exception):
    """A catalogue cannot be read or lacks words; the sentence names file and words."""


def word(msgid: str) -> str:
    """Mark a msgid for the catalogues where it stands in a table and is spoken later."""
    return msgid


class Words:
    """One language: call it with a msgid and the values of its ``{places}``."""

    def __init__(self, language: str, translations: Mapping[str, str]) -> None:
        self.language = language
        self._translations = translations

    def __call__(self, msgid: str, **values: object) -> str:
        """The words for ``msgid``. Raises KeyError when no catalogue has them: a mistake of the programmer's."""
        spoken = self._translations[msgid]
        return spoken.format(**values) if values else spoken

    def date(self, day: date) -> str:
        """A day as it is said, "5 Maret 1958"."""
        return format_date(day, format="d MMMM y", locale=self.language)

    def number(self, number: float) -> str:
        """A number with the language's own marks."""
        return format_decimal(number, locale=self.language)


class Text:
    """All languages that are on."""

    def __init__(self, languages: Mapping[str, Words]) -> None:
        self._languages = languages

    @classmethod
    def load(cls, directory: Path, languages: Sequence[str]) -> "Text":
        """Read ``<language>/LC_MESSAGES/rekam.po`` of each language. Raises BadCatalogue unless all say the same."""
        read = {language: _read(directory, language) for language in languages}
        everything = set().union(*read.values())
        for language, translations in read.items():
            lacking = sorted(msgid for msgid in everything if not translations.get(msgid))
            if lacking:
                raise BadCatalogue(f"{_file(directory, language)} has no words for: {'; '.join(lacking)}")
        return cls({language: Words(language, translations) for language, translations in read.items()})

    def into(self, language: str) -> Words:
        """The words of one language."""
        return self._languages[language]


def _file(directory: Path, language: str) -> Path:
    return directory / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def _read(directory: Path, language: str) -> dict[str, str]:
    file = _file(directory, language)
    try:
        with file.open("rb") as content:
            catalogue = read_po(content, locale=language, abort_invalid=True)
    except (OSError, PoFileError, UnicodeDecodeError) as error:
        raise BadCatalogue(f"{file} cannot be read: {error}") from None
    return {
        str(message.id): str(message.string)
        for message in catalogue
        if message.id and message.string and not message.fuzzy
    }
