"""Every refusal and every piece of advice in words: why, and what to do next. Never whose fault it is."""

from dataclasses import dataclass
from typing import Final

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.journey.excepting import Doubt, Part, Subject, Why, Written
from kiosk.journey.eyes import Eye
from kiosk.journey.fingers import Finger
from kiosk.journey.steps import Device, Refusal
from kiosk.station.text import word


@dataclass(frozen=True, slots=True)
class Reason:
    """A refusal that ends the visit or this part of it, with a screen of its own."""

    headline: str
    why: str
    todo: str
    picture: str


SCREENS: Final[dict[Refusal, Reason]] = {
    Refusal.NIK_LENGTH: Reason(
        word("This number is not complete"),
        word("A NIK has 16 digits."),
        word("Bring your family card and begin again."),
        "family-card",
    ),
    Refusal.NIK_DATE: Reason(
        word("This number cannot be right"),
        word("The middle of a NIK holds a birth date. Here it does not."),
        word("Compare it with your family card, or ask the officer."),
        "family-card",
    ),
    Refusal.NIK_UNKNOWN: Reason(
        word("This number is not on our list"),
        word("The list of this office does not hold it."),
        word("Compare it with your family card, or ask the officer."),
        "family-card",
    ),
    Refusal.DATE_IMPOSSIBLE: Reason(
        word("This date does not exist"),
        word("Day, month and year do not go together."),
        word("Bring your family card and begin again."),
        "calendar",
    ),
    Refusal.DATE_WRONG: Reason(
        word("The birth date does not match"),
        word("It does not belong to this NIK."),
        word("Take your family card to the officer, who will help you."),
        "calendar",
    ),
    Refusal.LOCKED: Reason(
        word("Let us stop here for safety"),
        word("The birth date did not match several times. Nothing about you was shown."),
        word("Take your family card to the officer, who will help you."),
        "lock",
    ),
    Refusal.BIODATA_WRONG: Reason(
        word("The officer puts your details right"),
        word("Only an officer may change them, so that nobody else can."),
        word("Take your family card to the officer."),
        "officer",
    ),
    Refusal.TOO_YOUNG: Reason(
        word("A little too early"),
        word("Recording is open from the age of {age}."),
        word("Come again when you are old enough, with your family card."),
        "calendar",
    ),
    Refusal.ALREADY_RECORDED: Reason(
        word("You have been recorded before"),
        word("Once is enough. Your recording is kept safe."),
        word("Ask the officer whether your card is ready."),
        "card",
    ),
    Refusal.BEGUN_OVER: Reason(
        word("The time to go on is over"),
        word("What you had begun is erased, as it should be. We begin anew."),
        word("Touch the screen and begin again."),
        "passing",
    ),
    Refusal.CONSENT_NO: Reason(
        word("All right, we stop here"),
        word("Without your consent nothing is recorded. Nothing was kept."),
        word("Do you have questions? Ask the officer."),
        "officer",
    ),
    Refusal.PHOTO_NOT_YET: Reason(
        word("The photo did not come out"),
        word("The camera could not see your face well enough."),
        word("Ask the officer, who will help you."),
        "photo",
    ),
    Refusal.SIGNATURE_EMPTY: Reason(
        word("There is no signature yet"),
        word("A signature is needed for the card. A line is enough."),
        word("Ask the officer, who will help you."),
        "signing",
    ),
    Refusal.FINGER_NONE: Reason(
        word("No finger was on the reader"),
        word("The reader waited and felt no finger."),
        word("Ask the officer, who will help you."),
        "press",
    ),
    Refusal.FINGER_UNCLEAR: Reason(
        word("The fingerprint is not clear"),
        word("That happens with dry or hard-working hands."),
        word("Ask the officer, who will help you."),
        "press",
    ),
    Refusal.FINGER_LIFT: Reason(
        word("The finger stayed on the reader"),
        word("The reader must be free before the next finger."),
        word("Ask the officer, who will help you."),
        "press",
    ),
    Refusal.FINGER_NOT_SAME: Reason(
        word("Your finger was not recognised"),
        word("That happens with dry or hard-working hands."),
        word("Ask the officer, who will help you."),
        "press",
    ),
    Refusal.FINGER_GIVEN_BEFORE: Reason(
        word("The same finger came twice"),
        word("Each finger is needed once."),
        word("Ask the officer, who will help you."),
        "press",
    ),
    Refusal.FINGERS_BOTH_AGAIN: Reason(
        word("Two fingers look alike"),
        word("Perhaps they changed places."),
        word("Ask the officer, who will help you."),
        "press",
    ),
    Refusal.FINGER_OTHER: Reason(
        word("That was another finger"),
        word("The picture shows which one is needed."),
        word("Ask the officer, who will help you."),
        "press",
    ),
    Refusal.HANDS_SWAPPED: Reason(
        word("That was the other hand"),
        word("The picture shows which hand is needed."),
        word("Ask the officer, who will help you."),
        "press",
    ),
    Refusal.NOTHING_MARKED: Reason(
        word("Nothing is marked yet"),
        word("Only what is marked is left out."),
        word("Ask the officer to mark it."),
        "officer",
    ),
    Refusal.EYES_NOT_YET: Reason(
        word("The eyes were not clear"),
        word("The camera could not see them well enough."),
        word("Ask the officer, who will help you."),
        "eye",
    ),
    Refusal.PIN_MISSING: Reason(
        word("The officer's PIN is missing"),
        word("Only an officer can go on here."),
        word("Ask the officer to come."),
        "officer",
    ),
    Refusal.PIN_WRONG: Reason(
        word("The PIN was not right"),
        word("Nothing was kept."),
        word("Ask the officer to come again."),
        "officer",
    ),
    Refusal.PIN_LOCKED: Reason(
        word("The PIN is locked for a while"),
        word("It was wrong too often."),
        word("Wait a few minutes, then ask the officer to come again."),
        "lock",
    ),
    Refusal.NO_ROSTER: Reason(
        word("Not in service just now"),
        word("The list of residents has not arrived here yet."),
        word("Ask the officer when you can come again."),
        "family-card",
    ),
    Refusal.ROSTER_OVER: Reason(
        word("Nobody can be recorded just now"),
        word("The list of residents here is too old."),
        word("Ask the officer when you can come again."),
        "family-card",
    ),
    Refusal.OFFICER_NO: Reason(
        word("The officer wants to talk with you"),
        word("The officer could not yet be sure who you are. Nothing was kept."),
        word("Show the officer your family card."),
        "officer",
    ),
    Refusal.STATION_FULL: Reason(
        word("Nobody can be recorded just now"),
        word("The station has no room for another recording."),
        word("Ask the officer when you can come again."),
        "safe-wait",
    ),
    Refusal.NO_CONTACT: Reason(
        word("Nobody can be recorded just now"),
        word("The station does not reach the centre."),
        word("Ask the officer when you can come again."),
        "safe-wait",
    ),
    Refusal.FROZEN: Reason(
        word("Nobody can be recorded just now"),
        word("Earlier recordings must go to the centre first."),
        word("Ask the officer when you can come again."),
        "safe-wait",
    ),
    Refusal.NOT_NOW: Reason(
        word("This does not work just now"),
        word("The station could not look it up."),
        word("Begin again in a minute, or ask the officer."),
        "safe-wait",
    ),
    Refusal.DISK_FULL: Reason(
        word("Your recording is not kept yet"),
        word("The station has no room left. Your data are still here."),
        word("Please do not leave. Call the officer, then press Try again."),
        "safe-wait",
    ),
    Refusal.SEAL_FAILED: Reason(
        word("Your recording is not kept yet"),
        word("Keeping it did not work. Your data are still here."),
        word("Please do not leave. Call the officer, then press Try again."),
        "safe-wait",
    ),
    Refusal.NO_ORDER: Reason(
        word("Your card is not ready yet"),
        word("It is still being prepared at the centre."),
        word("Ask the officer again in a few days. Coming here costs nothing."),
        "card-wait",
    ),
    Refusal.BLANKS_OUT: Reason(
        word("No empty cards are left"),
        word("Your card is ordered, but the printer has no empty cards now."),
        word("Ask the officer when you can come again."),
        "printer-stop",
    ),
    Refusal.PRINTER_NOT_READY: Reason(
        word("The card printer is not ready"),
        word("Your card was not printed, and no card was used up."),
        word("Ask the officer to look at the printer."),
        "printer-stop",
    ),
    Refusal.CARD_SPOILED: Reason(
        word("The card came out damaged"),
        word("The printer did that, not you."),
        word("Call the officer. You will get a new card."),
        "printer-stop",
    ),
    Refusal.CARD_UNKNOWN: Reason(
        word("Let us look together with the officer"),
        word("The station cannot tell whether your card came out."),
        word("Call the officer to look into the printer."),
        "printer-stop",
    ),
    Refusal.STICK_ABSENT: Reason(
        word("There is no stick"),
        word("None is in, or the station cannot read it."),
        word("Put in a stick formatted as FAT32 or exFAT. Then try again."),
        "stick-stop",
    ),
    Refusal.STICK_NOT_OURS: Reason(
        word("This stick cannot be used"),
        word("There is too much on it, or something stands in the way."),
        word("Empty it on a computer, or take another one."),
        "stick-stop",
    ),
    Refusal.STICK_BUSY: Reason(
        word("The stick is in use"),
        word("Something else is being saved to it."),
        word("Wait a moment. Then try again."),
        "stick-stop",
    ),
    Refusal.STICK_READ_ONLY: Reason(
        word("Nothing can be written to the stick"),
        word("It is locked by its small switch, or damaged."),
        word("Move the switch, or take another stick. Then try again."),
        "stick-stop",
    ),
    Refusal.STICK_FULL: Reason(
        word("The stick is full"),
        word("No recording found room on it."),
        word("Put in an empty stick. Then try again."),
        "stick-stop",
    ),
    Refusal.STICK_ILL: Reason(
        word("The stick was pulled out or is broken"),
        word("No recording is lost. All of them are still here."),
        word("Put it in again, or take another one. Then try again."),
        "stick-stop",
    ),
    Refusal.STICK_STUCK: Reason(
        word("The stick does not answer"),
        word("No recording is lost. All of them are still here."),
        word("Pull the stick out. Then try again with another one."),
        "stick-stop",
    ),
    Refusal.CARRYING_FAILED: Reason(
        word("The station's own disk has a fault"),
        word("Not everything could be saved or fetched."),
        word("Call the technician."),
        "safe-wait",
    ),
}
"""Any refusal can end at a screen of its own: it then says why and what to do next."""

HINTS: Final[dict[Refusal, str]] = {
    Refusal.NIK_LENGTH: word("Not complete yet. Type all 16 digits."),
    Refusal.NIK_DATE: word("This number cannot be right. Compare it with your family card."),
    Refusal.NIK_UNKNOWN: word("This number is not on the list. Check it, or press Help."),
    Refusal.DATE_IMPOSSIBLE: word("This date does not exist. Type day, month and year."),
    Refusal.DATE_WRONG: word("The date does not match. Check it and try again."),
    Refusal.LOCKED: word("This number is locked for a while. Press Help."),
    Refusal.NOT_NOW: word("That does not work just now. Try again in a minute."),
    Refusal.PHOTO_NOT_YET: word("The photo did not come out. Look into the camera once more."),
    Refusal.SIGNATURE_EMPTY: word("The field is still empty. Sign with your finger."),
    Refusal.FINGER_NONE: word("No finger yet. Put it on the glass of the reader."),
    Refusal.FINGER_UNCLEAR: word("Not clear yet. Put the same finger down once more."),
    Refusal.FINGER_LIFT: word("Lift your finger first. Then put it down again."),
    Refusal.FINGER_NOT_SAME: word("Not recognised yet. Put the finger flat on the glass."),
    Refusal.FINGER_GIVEN_BEFORE: word("This finger was taken already. Use the one shown."),
    Refusal.FINGERS_BOTH_AGAIN: word("Two fingers look alike. We take both once more."),
    Refusal.FINGER_OTHER: word("That was another finger. Use the one shown."),
    Refusal.HANDS_SWAPPED: word("That was the other hand. Use the one shown."),
    Refusal.NOTHING_MARKED: word("Touch what cannot be given. Then continue."),
    Refusal.EYES_NOT_YET: word("Not clear yet. Look into the window once more."),
    Refusal.PIN_MISSING: word("Type your PIN first: six digits."),
    Refusal.PIN_WRONG: word("The PIN is wrong. Try again."),
    Refusal.PIN_LOCKED: word("No PIN counts for a few minutes. Then try again."),
    Refusal.NO_ROSTER: word("The list of residents has not arrived here yet."),
}
"""Refusals that can be put right where they happen."""

TRIES_LEFT: Final = word("The date does not match. Tries left: {tries}.")
LAST_TRY: Final = word("The date does not match. One try is left.")
LOCKED_FOR: Final = word("Wrong too often. No PIN counts for {minutes} minutes.")

FACE: Final[dict[FaceAdvice, tuple[str, str]]] = {
    FaceAdvice.GOOD: ("done", word("Good. Hold still")),
    FaceAdvice.NO_FACE: ("face", word("Stand in front of the camera")),
    FaceAdvice.ONE_PERSON: ("one-person", word("One person only, please")),
    FaceAdvice.CLOSER: ("closer", word("A little closer")),
    FaceAdvice.FURTHER: ("further", word("A little further back")),
    FaceAdvice.MOVE_LEFT: ("arrow-left", word("A little to the left")),
    FaceAdvice.MOVE_RIGHT: ("arrow-right", word("A little to the right")),
    FaceAdvice.RAISE: ("arrow-up", word("A little higher")),
    FaceAdvice.LOWER: ("arrow-down", word("A little lower")),
    FaceAdvice.STRAIGHTEN: ("straighten", word("Hold your head straight")),
    FaceAdvice.MORE_LIGHT: ("sun", word("Turn your face to the light")),
    FaceAdvice.LESS_LIGHT: ("shade", word("Too bright. Turn away from the light")),
    FaceAdvice.TURN_LEFT: ("turn-left", word("Turn your face a little to the left")),
    FaceAdvice.TURN_RIGHT: ("turn-right", word("Turn your face a little to the right")),
    FaceAdvice.CHIN_UP: ("chin-up", word("Lift your chin a little")),
    FaceAdvice.CHIN_DOWN: ("chin-down", word("Lower your chin a little")),
    FaceAdvice.EVEN_LIGHT: ("side-light", word("Light comes from one side. Turn towards it")),
    FaceAdvice.GLASSES_OFF: ("no-glasses", word("Take off your glasses, please")),
    FaceAdvice.OPEN_EYES: ("eyes-open", word("Open your eyes, please")),
    FaceAdvice.LOOK_HERE: ("look-here", word("Look into the camera")),
    FaceAdvice.CLOSE_MOUTH: ("mouth-closed", word("Close your mouth, please")),
    FaceAdvice.HOLD_STILL: ("still", word("Hold still")),
    FaceAdvice.BLURRED: ("clock", word("One moment, the picture is getting clear")),
    FaceAdvice.BACKGROUND: ("cloth", word("The cloth behind you is not right. Press Help")),
}
"""Icon and words of the live hint."""

FINGER: Final[dict[FingerAdvice, tuple[str, str]]] = {
    FingerAdvice.GOOD: ("press", word("Good.")),
    FingerAdvice.PRESS_HARDER: ("press-harder", word("Too light. Press a little harder.")),
    FingerAdvice.PRESS_LIGHTER: ("press-lighter", word("Too hard. Rest the finger lightly.")),
    FingerAdvice.DRY: ("dry", word("The finger is dry. Rub it on your palm, then try again.")),
    FingerAdvice.WET: ("wet", word("The finger is damp. Wipe it on a cloth, then try again.")),
    FingerAdvice.CENTRE: ("centre", word("Off the middle. Put the finger in the middle of the glass.")),
    FingerAdvice.WHOLE_TIP: ("whole-tip", word("Only the tip was seen. Lay the whole fingertip flat.")),
    FingerAdvice.STRAIGHTEN: ("straight", word("The finger lies askew. Point it straight ahead.")),
    FingerAdvice.SMUDGED: ("smudged", word("The finger slid. Put it down once and keep it still.")),
    FingerAdvice.UNCLEAR: ("press", word("Not clear yet. Put the same finger down once more.")),
}
"""Picture of what to change, and its words."""

EYES: Final[dict[EyeAdvice, tuple[str, str]]] = {
    EyeAdvice.GOOD: ("done", word("Good. Hold still")),
    EyeAdvice.NO_EYES: ("look-here", word("Look into the round window")),
    EyeAdvice.CLOSER: ("closer", word("A little closer")),
    EyeAdvice.FURTHER: ("further", word("A little further back")),
    EyeAdvice.MOVE_LEFT: ("arrow-left", word("A little to the left")),
    EyeAdvice.MOVE_RIGHT: ("arrow-right", word("A little to the right")),
    EyeAdvice.RAISE: ("arrow-up", word("A little higher")),
    EyeAdvice.LOWER: ("arrow-down", word("A little lower")),
    EyeAdvice.GLASSES_OFF: ("no-glasses", word("Take off your glasses, please")),
    EyeAdvice.OPEN_WIDE: ("eyes-open", word("Open your eyes wide")),
    EyeAdvice.LOOK_HERE: ("look-here", word("Look straight into the window")),
    EyeAdvice.HOLD_STILL: ("still", word("Hold still")),
}
"""Icon and words of the live hint while the irises are taken."""

FINGER_NAMES: Final[dict[Finger, str]] = {
    Finger.RIGHT_THUMB: word("Right thumb"),
    Finger.RIGHT_INDEX: word("Right index finger"),
    Finger.RIGHT_MIDDLE: word("Right middle finger"),
    Finger.RIGHT_RING: word("Right ring finger"),
    Finger.RIGHT_LITTLE: word("Right little finger"),
    Finger.LEFT_THUMB: word("Left thumb"),
    Finger.LEFT_INDEX: word("Left index finger"),
    Finger.LEFT_MIDDLE: word("Left middle finger"),
    Finger.LEFT_RING: word("Left ring finger"),
    Finger.LEFT_LITTLE: word("Left little finger"),
}

DEVICES: Final[dict[Device, tuple[str, str]]] = {
    Device.CAMERA: ("camera-stop", word("The camera has stopped.")),
    Device.FINGERPRINT: ("reader-stop", word("The fingerprint reader has stopped.")),
    Device.PRINTER: ("printer-stop", word("The card printer has stopped.")),
    Device.PANEL: ("reader-stop", word("The station's lights and switches have stopped.")),
    Device.EYE_CAMERA: ("camera-stop", word("The camera for the eyes has stopped.")),
}
"""Picture of a device that stopped, and its words."""

OTHER_FINGER: Final[dict[Refusal, str]] = {
    Refusal.FINGER_GIVEN_BEFORE: "other-finger",
    Refusal.FINGERS_BOTH_AGAIN: "other-finger",
    Refusal.FINGER_OTHER: "other-finger",
    Refusal.HANDS_SWAPPED: "swap-hands",
}
"""Picture of what to do when it was not the finger that was asked for."""

WHYS: Final[dict[Subject, dict[Why, tuple[str, str, str]]]] = {
    Subject.FINGERS: {
        Why.MISSING: ("finger-missing", word("Missing"), word("It is not there.")),
        Why.INJURED: ("finger-injured", word("Injured"), word("It will heal.")),
        Why.UNABLE: ("finger-cannot", word("Cannot be given"), word("Stiff, worn or ill, and it stays so.")),
        Why.NOT_TODAY: ("passing", word("Not today"), word("Another day it can be given.")),
    },
    Subject.SIGNATURE: {
        Why.MISSING: ("no-signature", word("Cannot write"), word("Has never learned to sign.")),
        Why.INJURED: ("finger-injured", word("Hand injured"), word("It will heal.")),
        Why.UNABLE: ("finger-cannot", word("Cannot be given"), word("Stiff or ill, and it stays so.")),
        Why.NOT_TODAY: ("passing", word("Not today"), word("Another day it can be given.")),
    },
    Subject.EYES: {
        Why.MISSING: ("eyes-both-covered", word("Cannot see, or no eye"), word("It stays so.")),
        Why.INJURED: ("eye-injured", word("Eye injured"), word("It will heal.")),
        Why.UNABLE: ("eye-cannot", word("Cannot be given"), word("The eye cannot be seen well, and it stays so.")),
        Why.NOT_TODAY: ("passing", word("Not today"), word("Another day it can be given.")),
    },
}
"""The officer's reasons for leaving something out: picture, word and explanation."""

OTHER_PARTS: Final[dict[Eye | Written, str]] = {
    Eye.RIGHT: word("Right eye"),
    Eye.LEFT: word("Left eye"),
    Written.SIGNATURE: word("Signature"),
}


def within(name: str) -> str:
    """A name inside a sentence: it begins small."""
    return name[:1].lower() + name[1:]


def part_name(part: Part) -> str:
    """What can be left out, by its name."""
    return FINGER_NAMES[part] if isinstance(part, Finger) else OTHER_PARTS[part]


DOUBTS: Final[dict[Doubt, tuple[str, str]]] = {
    Doubt.HANDS_SWAPPED: (word("The hands may be swapped. Look at both."), word("Hands swapped?")),
    Doubt.INDEX_DIFFERS: (word("One index finger did not match. Look closely."), word("Index differs")),
    Doubt.FINGERS_ALIKE: (word("Two fingers look alike. Look at the hands."), word("Two fingers alike")),
    Doubt.INDEX_NOT_AGAIN: (word("An index finger was not given again."), word("Index given once")),
    Doubt.PHOTO: (word("The photo could be better."), word("Photo not so good")),
    Doubt.FINGERS_FAINT: (word("Some fingers stayed unclear."), word("Fingers unclear")),
    Doubt.EYES_NOT_SEEN: (word("The eyes were not taken well."), word("Eyes not taken well")),
}
"""What the officer should look at before confirming, the gravest first: in words, and as a short fact beside others."""
