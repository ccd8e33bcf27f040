"""Every piece of advice on its screen, and every kind of view that tells what was set aside, without a visit.

``python -m tests.screens.advised FOLDER`` draws contact sheets of them, at every size in every language, to look at.
"""

import sys
from collections.abc import Callable
from enum import Enum
from itertools import product
from pathlib import Path

import pygame

from kiosk.capture.advice import EyeAdvice, FaceAdvice, FingerAdvice
from kiosk.screens.canvas import Canvas
from kiosk.screens.drawing import draw
from kiosk.screens.views import (
    Button,
    Choice,
    Fact,
    Hands,
    Header,
    Hint,
    Mark,
    Marks,
    Mood,
    Page,
    Preview,
    Receipt,
    Summary,
    View,
)
from kiosk.station import reasons
from kiosk.station.presenting.telling import RECORDING_STEPS
from kiosk.station.text import Text, Words

from .conftest import LOCALES, RINGS, SIZES, STATION, STROKES, eyes_frame, frame, portrait, theme

OVAL = (0.5, 0.47, 0.2, 0.34)

AS_THEY_LIE = ((10, 9, 8, 7, 6), (1, 2, 3, 4, 5))
"""Fingers of the left and of the right hand from left to right."""


def advised(text: Text, language: str) -> dict[str, View]:
    """Views by name: all advice in its own words, then what was set aside in words of usual length."""
    say = text.into(language)
    told = {f"face-{advice.value}": _face(say, advice) for advice in FaceAdvice}
    told |= {f"finger-{advice.value}": _finger(say, advice) for advice in FingerAdvice}
    told |= {f"eyes-{advice.value}": _eyes(say, advice) for advice in EyeAdvice}
    told |= {f"hands-{picture}": _hands(say, picture) for picture in ("other-finger", "swap-hands")}
    return told | _set_aside(say)


def _page(say: Words, headline: str, sentence: str = "", **more: object) -> Page:
    header = Header(
        steps=tuple(say(step) for step in RECORDING_STEPS),
        at=4,
        stop=Button(say("Stop"), "stop", "close"),
        help=Button(say("Help"), "help", "help"),
    )
    return Page(headline, sentence, **({"header": header} | more))  # type: ignore[arg-type]


def _officer(say: Words) -> Header:
    return Header(title=say("Officer"), icon="shield", officer=True, help=Button(say("Help"), "help", "help"))


def _hint(say: Words, table: dict[Enum, tuple[str, str]], advice: Enum) -> Hint:
    icon, words = table[advice]
    return Hint(say(words), icon, Mood.GOOD if advice.value == "good" else Mood.ATTENTION)


def _face(say: Words, advice: FaceAdvice) -> View:
    page = _page(
        say,
        say("Look into the camera"),
        say("Take off your glasses. Keep your face inside the line. The photo is taken by itself."),
        secondary=Button(say("Take the photo now"), "shutter", "camera"),
        hint=_hint(say, reasons.FACE, advice),  # type: ignore[arg-type]
    )
    return Preview(page, "glasses", frame(), oval=OVAL, good=advice is FaceAdvice.GOOD)


def _eyes(say: Words, advice: EyeAdvice) -> View:
    page = _page(
        say,
        _either(say, "Lihat ke jendela bulat", "Look into the round window"),
        _either(say, "Buka mata lebar-lebar dan tahan diam.", "Open your eyes wide and hold still."),
        secondary=Button(_either(say, "Saya tidak bisa", "I cannot do this"), "cannot", "no-eyes"),
        hint=_hint(say, reasons.EYES, advice),  # type: ignore[arg-type]
    )
    return Preview(page, "eyes-window", eyes_frame(), guide="eyes", rings=RINGS, good=advice is EyeAdvice.GOOD)


def _finger(say: Words, advice: FingerAdvice) -> View:
    picture, words = reasons.FINGER[advice]
    return _hands(say, picture, Hint(say(words), "again", Mood.ATTENTION))


def _hands(say: Words, picture: str, hint: Hint | None = None) -> View:
    page = _page(
        say,
        say("Left index finger"),
        "" if hint else say("Put it flat on the glass of the reader and hold still."),
        overline=say("Finger {number} of {count}", number=7, count=10),
        secondary=Button(_cannot(say), "cannot", "no-finger"),
        hint=hint,
    )
    sides = say("Left hand"), say("Right hand")
    return Hands(page, sides, 7, (1, 2, 3, 4, 6), change=picture, excepted=(5, 10))


def _set_aside(say: Words) -> dict[str, View]:
    back, on = Button(say("Back"), "back", "backward"), Button(say("Continue"), "next", "forward")
    names = {int(finger): say(name) for finger, name in reasons.FINGER_NAMES.items()}
    states = {10: "marked", 9: "marked", 1: "taken", 2: "taken"}
    groups = tuple(
        (title, tuple(Mark(Button(names[each], each), states.get(each, "free")) for each in hand))  # type: ignore[arg-type]
        for title, hand in zip((say("Left hand"), say("Right hand")), AS_THEY_LIE, strict=True)
    )
    which = _either(say, "Jari mana yang tidak bisa?", "Which fingers cannot be given?")
    touch = _either(say, "Sentuh dulu setidaknya satu jari.", "Touch at least one finger first.")
    marks = _page(say, which, header=_officer(say), back=back, primary=on)
    hinted = _page(say, which, header=_officer(say), back=back, primary=on, hint=Hint(touch, "info", Mood.ATTENTION))
    reasons_of = (
        (
            "finger-missing",
            _either(say, "Tidak ada", "Missing"),
            _either(say, "Jari tidak ada lagi", "It is not there"),
        ),
        ("finger-injured", _either(say, "Terluka", "Injured"), _either(say, "Luka atau perban", "Wound or bandage")),
        ("finger-cannot", _either(say, "Tidak bisa diletakkan", "Cannot be given"), _either(say, "Kaku", "Stiff")),
        ("press-1", _either(say, "Bisa diberikan", "Can be given"), _either(say, "Coba lagi", "Try again")),
    )
    choices = tuple((Button(label, picture), picture, note) for picture, label, note in reasons_of)
    lasting = (
        (Button(_either(say, "Sementara", "For now"), 1), "passing", _either(say, "Akan sembuh", "It will heal")),
        (Button(_either(say, "Tetap", "For good"), 2), "lasting", _either(say, "Tidak berubah", "It will stay")),
    )
    why = _page(say, names[10], header=_officer(say), back=back)
    both = _page(
        say,
        _either(say, "Foto wajah dan kedua tangan", "A photo of face and both hands"),
        _either(say, "Punggung tangan ke kamera, jari terbuka.", "Backs of the hands to the camera, fingers spread."),
        header=_officer(say),
        back=back,
        primary=Button(_either(say, "Ambil foto", "Take the photo"), "shutter", "camera"),
    )
    return {
        "marks": Marks(marks, groups),
        "marks-hint": Marks(hinted, groups),
        "reasons": Choice(why, choices[:3]),
        "reasons-four": Choice(why, choices),
        "how-long": Choice(why, lasting),
        "hands-photo": Preview(both, "face-and-hands", frame(), guide="face-and-hands"),
        "summary": _summary(say, on, notes=False),
        "summary-set-aside": _summary(say, on, notes=True),
        "receipt": _receipt(say, names[10]),
    }


def _summary(say: Words, on: Button, *, notes: bool) -> View:
    photo, signature = say("Photo"), say("Signature")
    page = _page(say, say("Everything is here"), say("Look at it once more, then continue."), primary=on)
    if not notes:
        eyes = (_either(say, "Mata kiri", "Left eye"), _either(say, "Mata kanan", "Right eye"))
        fingers = say("{count} fingers", count=10)
        ink = tuple(tuple((point.x, point.y, point.t) for point in stroke) for stroke in STROKES)
        return Summary(page, portrait(), ink, tuple(range(1, 11)), (photo, signature, fingers), eyes=eyes)
    told = (
        Fact(
            "no-finger",
            _either(
                say, "Dua jari dikecualikan: kelingking kiri dan kanan.", "Two fingers are excepted: both little ones."
            ),
        ),
        Fact("camera", _either(say, "Foto bisa lebih baik: petugas melihatnya.", "The officer looks at the photo.")),
    )
    return Summary(
        page,
        portrait(),
        (),
        (1, 2, 3, 4, 6, 7, 8, 9),
        (photo, _either(say, "Tidak menulis", "Not signed"), say("{count} fingers", count=8)),
        excepted=(5, 10),
        signed=False,
        eyes=(_either(say, "Tanpa iris", "No irises"),),
        seen=False,
        notes=told,
    )


def _receipt(say: Words, finger: str) -> View:
    page = _page(say, say("Done. Thank you!"), say("Your recording is safe."), primary=Button(say("Finish"), 1, "home"))
    points = (
        Fact("pen", say("Write it down, or take a picture.")),
        Fact("no-finger", f"{finger}: " + _either(say, "tidak diambil (terluka)", "not taken (injured)")),
        Fact("clock", say("The centre checks. That can take some weeks.")),
        Fact("bell", say("Then come again with your family card (KK) and collect it.")),
    )
    return Receipt(page, say("Your registration number"), "5301-0001-0042", points)


def _cannot(say: Words) -> str:
    return _either(say, "Saya tidak bisa memberikan jari ini", "I cannot give this finger")


def _either(say: Words, indonesian: str, english: str) -> str:
    return indonesian if say.language == "id" else english


def contact_sheets(
    folder: Path, *, columns: Callable[[str], int] = lambda size: 6 if size == "720x1280" else 4
) -> None:
    """Write one picture a size and language: all views, scaled down, with their names under them."""
    text = Text.load(LOCALES, STATION.languages)
    folder.mkdir(parents=True, exist_ok=True)
    for size, language in product(SIZES, STATION.languages):
        canvas = Canvas(theme(size))
        wide = 1920 // columns(size)
        high, name_high = wide * canvas.theme.height // canvas.theme.width, 26
        views = advised(text, language)
        rows = -(-len(views) // columns(size))
        sheet = pygame.Surface((1920, rows * (high + name_high)))
        sheet.fill((90, 90, 90))
        for number, (name, view) in enumerate(views.items()):
            row, column = divmod(number, columns(size))
            draw(canvas, view)
            small = pygame.transform.smoothscale(canvas.surface, (wide - 6, high - 6))
            sheet.blit(small, (column * wide, row * (high + name_high)))
            label = canvas.font(17, bold=True).render(name, True, (255, 255, 255))
            sheet.blit(label, (column * wide + 4, row * (high + name_high) + high - 5))
        pygame.image.save(sheet, folder / f"advised-{size}-{language}.png")


if __name__ == "__main__":
    contact_sheets(Path(sys.argv[1]))
