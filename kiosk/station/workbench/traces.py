"""What a judge found, as shapes over the picture that it found it in."""

from kiosk.capture.face import OVAL, FaceJudgement
from kiosk.capture.iris import APART, WELL, EyesJudgement
from kiosk.screens.measures import Trace
from kiosk.station.workbench.reading import Reading

Size = tuple[int, int]
"""Width and height of a picture in pixels."""
MM_PER_INCH = 25.4


def in_face(judgement: FaceJudgement, size: Size) -> tuple[Trace, ...]:
    """The oval that the head belongs in, the head, and the feature points."""
    x, y, across, down = OVAL
    wanted = Trace("oval", x, y, across, down, wanted=True)
    if judgement.box is None or judgement.missed:
        return (wanted,)
    left, top, wide, high = judgement.box
    head = Trace("box", left + wide / 2, top + high / 2, wide / 2, high / 2)
    return wanted, head, *(Trace("point", px / size[0], py / size[1]) for px, py in judgement.features.values())


def in_eyes(judgement: EyesJudgement, size: Size) -> tuple[Trace, ...]:
    """Where the irises belong, and the edges of iris and pupil of each eye that was seen."""
    width, height = size
    tall = WELL * width / height
    found = [Trace("oval", 0.5 + side * APART * WELL, 0.5, WELL, tall, wanted=True) for side in (-1, 1)]
    for eye in () if judgement.missed else judgement.eyes.values():
        found.append(Trace("oval", eye.x / width, eye.y / height, eye.radius / width, eye.radius / height))
        pupil = eye.pupil_radius
        found.append(Trace("oval", eye.pupil_x / width, eye.pupil_y / height, pupil / width, pupil / height))
    return tuple(found)


def in_finger(reading: Reading, size: Size, *, ppi: int) -> tuple[Trace, ...]:
    """The middle of the glass, and the middle of the print where the judge tells it."""
    middle = Trace("point", 0.5, 0.5, wanted=True)
    aside, down = reading.figures.get("centre_x_mm"), reading.figures.get("centre_y_mm")
    if aside is None or down is None:
        return (middle,)
    an_inch = ppi / MM_PER_INCH
    return middle, Trace("point", 0.5 + aside * an_inch / size[0], 0.5 + down * an_inch / size[1])
