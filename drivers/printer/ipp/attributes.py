"""The words of IPP that the station uses: operations, states, and building and reading of attributes.

Source: RFC 8011, and where it says so PWG 5100.x. Values keep their tags only in the codec.
"""

from collections.abc import Iterable
from enum import IntEnum

from drivers.printer.ipp.codec import Attributes, Resolution, Tag, Value


class Operation(IntEnum):
    """RFC 8011 §5.4.15."""

    VALIDATE_JOB = 0x0004
    CREATE_JOB = 0x0005
    SEND_DOCUMENT = 0x0006
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_JOBS = 0x000A
    GET_PRINTER_ATTRIBUTES = 0x000B


class JobState(IntEnum):
    """RFC 8011 §5.3.7."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9


ENDED = frozenset({JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED})


class PrinterState(IntEnum):
    """RFC 8011 §5.4.11."""

    IDLE = 3
    PROCESSING = 4
    STOPPED = 5


class Status(IntEnum):
    """Status codes that are told apart (RFC 8011 appendix B); below 0x100 all is well."""

    OK = 0x0000
    BAD_REQUEST = 0x0400
    NOT_POSSIBLE = 0x0404
    NOT_FOUND = 0x0406
    FORMAT_NOT_SUPPORTED = 0x040A
    VALUES_NOT_SUPPORTED = 0x040B
    OPERATION_NOT_SUPPORTED = 0x0501
    NOT_ACCEPTING_JOBS = 0x0506
    BUSY = 0x0507
    DEACTIVATED = 0x050A


FIRST_ERROR = 0x0100
NOT_NOW = frozenset({Status.NOT_ACCEPTING_JOBS, Status.BUSY, Status.DEACTIVATED})
"""The printer could take the job, but not as it is."""
ENDED_ALREADY = frozenset({Status.NOT_POSSIBLE, Status.NOT_FOUND})
"""Answers to the calling off of a job that is over."""


def keywords(*words: str) -> tuple[Value, ...]:
    """Type of most choices: ``media``, ``sides``, names of requested attributes."""
    return tuple(Value(Tag.KEYWORD, word) for word in words)


def names(*words: str) -> tuple[Value, ...]:
    """Names that people give."""
    return tuple(Value(Tag.NAME, word) for word in words)


def texts(*words: str) -> tuple[Value, ...]:
    """Texts for people."""
    return tuple(Value(Tag.TEXT, word) for word in words)


def mimes(*words: str) -> tuple[Value, ...]:
    """Document formats."""
    return tuple(Value(Tag.MIME, word) for word in words)


def uri(address: str) -> tuple[Value, ...]:
    """One address."""
    return (Value(Tag.URI, address),)


def integers(*numbers: int) -> tuple[Value, ...]:
    """Plain numbers."""
    return tuple(Value(Tag.INTEGER, number) for number in numbers)


def enums(*numbers: int) -> tuple[Value, ...]:
    """Numbers that stand for something."""
    return tuple(Value(Tag.ENUM, number) for number in numbers)


def truth(is_so: bool) -> tuple[Value, ...]:
    """Yes or no."""
    return (Value(Tag.BOOLEAN, is_so),)


def resolutions(*dots: int) -> tuple[Value, ...]:
    """Square resolutions in dots per inch."""
    return tuple(Value(Tag.RESOLUTION, Resolution(count, count)) for count in dots)


def collections(*members: Attributes) -> tuple[Value, ...]:
    """Attributes that have attributes."""
    return tuple(Value(Tag.COLLECTION, one) for one in members)


def preamble() -> Attributes:
    """What every request and response starts with, in this order (RFC 8011 §4.1.4)."""
    return {
        "attributes-charset": (Value(Tag.CHARSET, "utf-8"),),
        "attributes-natural-language": (Value(Tag.LANGUAGE, "en"),),
    }


def words_of(attributes: Attributes, name: str) -> tuple[str, ...]:
    """All textual values of an attribute; none when it is missing or something else."""
    return tuple(value.content for value in attributes.get(name, ()) if isinstance(value.content, str))


def word_of(attributes: Attributes, name: str) -> str | None:
    """The first textual value of an attribute."""
    return next(iter(words_of(attributes, name)), None)


def numbers_of(attributes: Attributes, name: str) -> tuple[int, ...]:
    """All integers of an attribute, of any kind."""
    return tuple(
        value.content
        for value in attributes.get(name, ())
        if isinstance(value.content, int) and not isinstance(value.content, bool)
    )


def number_of(attributes: Attributes, name: str) -> int | None:
    """The first integer of an attribute."""
    return next(iter(numbers_of(attributes, name)), None)


def truth_of(attributes: Attributes, name: str) -> bool | None:
    """A yes or no, where it is given."""
    return next((value.content for value in attributes.get(name, ()) if isinstance(value.content, bool)), None)


def members_of(attributes: Attributes, name: str) -> Iterable[Attributes]:
    """All collections of an attribute."""
    return (value.content for value in attributes.get(name, ()) if isinstance(value.content, dict))
