"""The steps a resident can stand at, in the order of the story."""

from enum import Enum


class Step(Enum):
    """Where the visit stands. The order here is the order of the official procedure."""

    OUT_OF_SERVICE = "out-of-service"
    ATTRACT = "attract"
    LANGUAGE = "language"
    PURPOSE = "purpose"
    NIK = "nik"
    BIRTH_DATE = "birth-date"
    IS_THIS_YOU = "is-this-you"
    NOT_ELIGIBLE = "not-eligible"
    CONSENT = "consent"
    PHOTO = "photo"
    PHOTO_REVIEW = "photo-review"
    SIGNATURE = "signature"
    FINGERS = "fingers"
    HANDS_PHOTO = "hands-photo"
    HANDS_REVIEW = "hands-review"
    RECHECK = "recheck"
    EYES = "eyes"
    REVIEW = "review"
    SIGN_OFF = "sign-off"
    OFFICER_CONFIRMS = "officer-confirms"
    SEALING = "sealing"
    NOT_KEPT = "not-kept"
    RECEIPT = "receipt"

    BEGUN_BEFORE = "begun-before"
    GO_ON_FINGER = "go-on-finger"
    GO_ON_OFFICER = "go-on-officer"

    NO_CARD_YET = "no-card-yet"
    COLLECT_FINGER = "collect-finger"
    COLLECT_OFFICER = "collect-officer"
    PRINTING = "printing"
    CARD_READY = "card-ready"
    CARD_FAILED = "card-failed"
    CARD_DOUBT = "card-doubt"
    CARD_LOOKED_FOR = "card-looked-for"

    EXCEPTION_ASKED = "exception-asked"
    EXCEPTION_WHICH = "exception-which"
    EXCEPTION_WHY = "exception-why"

    CANCEL = "cancel"
    HELP = "help"
    INTERRUPTED = "interrupted"
    REFUSED = "refused"

    OFFICER_PIN = "officer-pin"
    OFFICER_DESK = "officer-desk"
    STICK_SAVING = "stick-saving"
    STICK_FILLED = "stick-filled"
    STICK_REFUSED = "stick-refused"


CALLING = frozenset({Step.HELP, Step.INTERRUPTED, Step.NOT_KEPT, Step.CARD_DOUBT, Step.EXCEPTION_ASKED})
"""Steps at which an officer is needed beyond what every recording needs: a technician sees that, too."""


OFFICE = frozenset({Step.OFFICER_PIN, Step.OFFICER_DESK, Step.STICK_SAVING, Step.STICK_FILLED, Step.STICK_REFUSED})
"""Steps of an officer who is alone with the station: no visit of a resident."""


class Purpose(Enum):
    """What the person came for."""

    RECORD = "record"
    COLLECT = "collect"


class Card(Enum):
    """What an officer found who looked for a card of which the printer could not tell."""

    MADE = "made"
    SPOILED = "spoiled"
    """A blank was used, and is no card."""
    NONE = "none"
    """No blank was used."""


class Device(Enum):
    """The devices a step can depend on."""

    CAMERA = "camera"
    FINGERPRINT = "fingerprint"
    PRINTER = "printer"
    PANEL = "panel"
    EYE_CAMERA = "eye-camera"


RECORDING_NEEDS = frozenset({Device.CAMERA, Device.FINGERPRINT})
"""Without these nobody can be recorded; the station says so before anyone begins."""


class HowFar(Enum):
    """How far a person's record is, as they are told it: fewer words than the centre has."""

    NOT_RECORDED = "not-recorded"
    KEPT_HERE = "kept-here"
    ON_THE_WAY = "on-the-way"
    SENT = "sent"
    AT_THE_CENTRE = "at-the-centre"
    APPROVED = "approved"
    ORDERED = "ordered"
    PRINTED = "printed"
    SHIPPED = "shipped"
    HANDED_OUT = "handed-out"
    RECORD_AGAIN = "record-again"
    LOOKED_AT = "looked-at"
    """People at the centre compare it with another one."""
    QUESTIONED = "questioned"
    """The centre asks about the details."""
    TWICE = "twice"


MAY_RECORD = frozenset({HowFar.NOT_RECORDED, HowFar.RECORD_AGAIN})
"""From here recording (again) leads anywhere."""


class Refusal(Enum):
    """Why the station said no; the text room says it in words, with the way on."""

    NIK_LENGTH = "nik-length"
    NIK_DATE = "nik-date"
    NIK_UNKNOWN = "nik-unknown"
    DATE_IMPOSSIBLE = "date-impossible"
    DATE_WRONG = "date-wrong"
    LOCKED = "locked"
    BIODATA_WRONG = "biodata-wrong"
    TOO_YOUNG = "too-young"
    ALREADY_RECORDED = "already-recorded"
    BEGUN_OVER = "begun-over"
    CONSENT_NO = "consent-no"
    PHOTO_NOT_YET = "photo-not-yet"
    SIGNATURE_EMPTY = "signature-empty"
    FINGER_NONE = "finger-none"
    FINGER_UNCLEAR = "finger-unclear"
    FINGER_LIFT = "finger-lift"
    FINGER_NOT_SAME = "finger-not-same"
    FINGER_GIVEN_BEFORE = "finger-given-before"
    FINGERS_BOTH_AGAIN = "fingers-both-again"
    FINGER_OTHER = "finger-other"
    HANDS_SWAPPED = "hands-swapped"
    NOTHING_MARKED = "nothing-marked"
    EYES_NOT_YET = "eyes-not-yet"
    PIN_MISSING = "pin-missing"
    PIN_WRONG = "pin-wrong"
    PIN_LOCKED = "pin-locked"
    NO_ROSTER = "no-roster"
    ROSTER_OVER = "roster-over"
    OFFICER_NO = "officer-no"
    STATION_FULL = "station-full"
    NO_CONTACT = "no-contact"
    FROZEN = "frozen"
    NOT_NOW = "not-now"
    """The station's own records do not answer just now."""
    DISK_FULL = "disk-full"
    SEAL_FAILED = "seal-failed"
    NO_ORDER = "no-order"
    BLANKS_OUT = "blanks-out"
    PRINTER_NOT_READY = "printer-not-ready"
    CARD_SPOILED = "card-spoiled"
    CARD_UNKNOWN = "card-unknown"
    STICK_ABSENT = "stick-absent"
    STICK_NOT_OURS = "stick-not-ours"
    STICK_BUSY = "stick-busy"
    STICK_READ_ONLY = "stick-read-only"
    STICK_FULL = "stick-full"
    STICK_ILL = "stick-ill"
    STICK_STUCK = "stick-stuck"
    CARRYING_FAILED = "carrying-failed"
