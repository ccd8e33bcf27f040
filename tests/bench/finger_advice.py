"""Whether a finger's advice names what is wrong with it: confusion tables over generated prints, and pictures; by hand.

The numbers of persons begin where neither the thresholds nor the unit tests have looked; those of a narrow window were
found on persons 20000 to 20015 and 21000 to 21019. Real prints, if there are any: ``--real`` takes a folder of images,
each judged as a reader's glass would show its middle, upright and turned; for instance those in libfprint's
examples/prints (NIST's, public domain, 300 ppi; take the .jpg files, the .png carry their greys in the mask). Nothing
of them is kept but the pictures asked for with ``--pictures``.
"""

import argparse
import math
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

from drivers.fingerprint.synthetic.skin import Skin
from drivers.fingerprint.synthetic.synthesis import Master, aged, impression, master
from kiosk.capture.advice import FingerAdvice
from kiosk.capture.finger import Judgement, judge

Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sensor:
    """A glass: pixels, pixels an inch, and whether only the circle in it sees anything."""

    name: str
    width: int
    height: int
    ppi: int
    is_round: bool = False


SENSORS = (
    Sensor("R307, 256 × 288", 256, 288, 500),
    Sensor("R503, 192 × 192, round", 192, 192, 508, is_round=True),
    Sensor("SFM OP, 272 × 320", 272, 320, 500),
)
WORN = "worn"
"""Fingers with wear 0.3 to 0.8 and up to two scars, laid on well: no advice is the right one for them."""


def cases(sensor: Sensor, rng: np.random.Generator) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is right, and how the finger is laid for it; what is not given is as ordinary as ``impression`` has it."""
    yield FingerAdvice.GOOD.value, {}
    yield FingerAdvice.PRESS_HARDER.value, {"pressure": rng.uniform(0.0, 0.12)}
    yield FingerAdvice.PRESS_LIGHTER.value, {"pressure": rng.uniform(0.9, 1.0)}
    yield FingerAdvice.DRY.value, {"moisture": rng.uniform(0.0, 0.13)}
    yield FingerAdvice.WET.value, {"moisture": rng.uniform(0.85, 1.0)}
    yield FingerAdvice.CENTRE.value, {"shift": _aside(sensor, rng)}
    tip = (rng.normal(0, 7), rng.uniform(-10, 50))
    yield FingerAdvice.WHOLE_TIP.value, {"coverage": rng.uniform(0.28, 0.5), "shift": tip}
    yield FingerAdvice.STRAIGHTEN.value, {"rotation": rng.choice((-1, 1)) * rng.uniform(31, 55)}
    slid, way = rng.uniform(8, 24), rng.uniform(0, 2 * np.pi)
    yield FingerAdvice.SMUDGED.value, {"smear": (slid * np.cos(way), slid * np.sin(way))}
    yield WORN, {"skin": Skin(wear=rng.uniform(0.3, 0.8), scars=int(rng.integers(0, 3)), moisture=0.45)}


def _aside(sensor: Sensor, rng: np.random.Generator) -> tuple[float, float]:
    """Return a shift that leaves 28 to 45 % of the glass empty on one side."""
    empty, side = rng.uniform(0.28, 0.45), rng.choice((-1.0, 1.0))
    if rng.random() < 0.5:
        return float(side * (118 - sensor.width / 2 + empty * sensor.width)), float(rng.normal(0, 7))
    return float(rng.normal(0, 7)), float(side * (146 - sensor.height / 2 + empty * sensor.height))


def laid(finger: Master, sensor: Sensor, seed: int, given: dict[str, Any]) -> Grey:
    """Lay ``finger`` on ``sensor``."""
    skin = given.get("skin")
    finger = finger if skin is None else aged(finger, skin)
    laid_on = {name: value for name, value in given.items() if name != "skin"}
    image = impression(finger, seed=seed, size=(sensor.height, sensor.width), **laid_on)
    if sensor.is_round:
        y, x = np.ogrid[: sensor.height, : sensor.width]
        beyond = np.hypot(x - (sensor.width - 1) / 2, y - (sensor.height - 1) / 2) > sensor.width / 2
        image[beyond] = 255
    return image


def wilson(hits: int, of: int) -> str:
    """Return the share in per cent with Wilson's 95 % interval."""
    if not of:
        return "   none"
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    reach = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return f"{100 * share:5.1f} % [{100 * max(0.0, middle - reach):4.1f}, {100 * min(1.0, middle + reach):5.1f}]"


def drawn(image: Grey, ppi: int, judgement: Judgement, title: str) -> Image.Image:
    """Draw over ``image`` what was measured: the middle of the print, the way the finger points, and the figures."""
    scale = 400 / image.shape[0]
    height, width = round(image.shape[0] * scale), round(image.shape[1] * scale)
    picture = Image.new("RGB", (max(width, 330), height + 118), "white")
    picture.paste(Image.fromarray(image).resize((width, height)).convert("RGB"), (0, 0))
    draw, measures = ImageDraw.Draw(picture), judgement.measures
    per_mm = scale * ppi / 25.4
    x, y = width / 2 + measures.centre_x_mm * per_mm, height / 2 + measures.centre_y_mm * per_mm
    draw.ellipse((x - 6, y - 6, x + 6, y + 6), outline="red", width=3)
    turn, reach = math.radians(measures.turn_degrees), 0.38 * height * measures.turn_certainty
    draw.line((x, y, x + reach * math.sin(turn), y - reach * math.cos(turn)), fill="red", width=3)
    lines = (
        title,
        f"{judgement.advice.value}, score {judgement.score}",
        f"dark {measures.dark:.2f} closed {measures.closed:.2f} grey {measures.grey:.2f} even {measures.evenness:.2f}",
        f"certainty {measures.certainty:.2f}  clarity {measures.clarity:.2f}  uniform {measures.uniformity:.2f}",
        f"clear {measures.clear_mm2:.0f} mm2  period {measures.period_mm:.2f} mm",
        f"points {measures.turn_degrees:+.0f} degrees, sure {measures.turn_certainty:.2f}",
    )
    for row, line in enumerate(lines):
        draw.text((4, height + 4 + 18 * row), line, fill="black")
    return picture


def sheet(pictures: list[Image.Image], columns: int, path: Path) -> None:
    """Save ``pictures`` side by side."""
    width, height = max(p.width for p in pictures), max(p.height for p in pictures)
    rows = -(-len(pictures) // columns)
    whole = Image.new("RGB", (columns * width, rows * height), "white")
    for at, picture in enumerate(pictures):
        whole.paste(picture, (at % columns * width, at // columns * height))
    whole.save(path)
    print("drawn:", path)


def generated(first: int, persons: int, pictures: Path | None) -> None:
    """Print a confusion table for each sensor."""
    names = [advice.value for advice in FingerAdvice]
    answers: dict[tuple[str, str], Counter[str]] = {}
    scores: dict[tuple[str, str], list[int]] = {}
    album: dict[str, list[Image.Image]] = {sensor.name: [] for sensor in SENSORS}
    for person in range(first, first + persons):
        for position in range(1, 11):
            finger = master(person, position)
            for number, sensor in enumerate(SENSORS):
                rng = np.random.default_rng([person, position, number])
                for right, given in cases(sensor, rng):
                    image = laid(finger, sensor, 1, given)
                    judgement = judge(image, ppi=sensor.ppi)
                    answers.setdefault((sensor.name, right), Counter())[judgement.advice.value] += 1
                    scores.setdefault((sensor.name, right), []).append(judgement.score)
                    if pictures is not None and person == first and position == 2:
                        album[sensor.name].append(drawn(image, sensor.ppi, judgement, f"right: {right}"))
        sys.stderr.write(f"\r{person - first + 1}/{persons} persons")
        sys.stderr.flush()
    sys.stderr.write("\n")
    for number, sensor in enumerate(SENSORS):
        print(f"\n{sensor.name}: the first advice, per right advice")
        print(f"{'':14}" + "".join(f"{name[:9]:>10}" for name in names) + "  right, 95 % interval   median score")
        for right in [*(name for name in names if (sensor.name, name) in answers), WORN]:
            row = answers[sensor.name, right]
            hit = wilson(row[right], row.total()) if right != WORN else f"{'':22}"
            print(
                f"{right:14}"
                + "".join(f"{row[name] or '':>10}" for name in names)
                + f"  {hit}   {int(np.median(scores[sensor.name, right])):3}"
            )
        if pictures is not None:
            sheet(album[sensor.name], 5, pictures / f"generated-{number + 1}.png")


def real(folder: Path, ppi: int, pictures: Path | None) -> None:
    """Judge the middle of every image in ``folder`` as the large glass would show it, upright and turned."""
    width, height = round(256 * ppi / 500), round(288 * ppi / 500)
    album = []
    for path in sorted(p for p in folder.iterdir() if p.suffix in {".jpg", ".png", ".bmp", ".tif", ".pgm"}):
        whole = np.asarray(Image.open(path).convert("L"), np.uint8)
        middle = whole.shape[1] / 2, whole.shape[0] / 2
        turns = []
        for turn in (-45, -30, -15, 0, 15, 30, 45):
            around = cv2.getRotationMatrix2D(middle, -turn, 1.0)
            around[:, 2] += width / 2 - middle[0], height / 2 - middle[1]
            image = np.asarray(cv2.warpAffine(whole, around, (width, height), borderValue=255.0), np.uint8)
            judgement = judge(image, ppi=ppi)
            turns.append(f"{turn:+d}: {judgement.measures.turn_degrees:+.0f}")
            if turn in (0, 45):
                print(f"{path.name:20} turned {turn:+3d}: {judgement.advice.value}, score {judgement.score}")
                album.append(drawn(image, ppi, judgement, f"{path.name}, turned by {turn}"))
        print(f"{'':20} turned by, said to point: {', '.join(turns)}")
    if pictures is not None and album:
        sheet(album, 4, pictures / "real.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=12, help="ten fingers each, thirty prints a finger (default 12)")
    parser.add_argument("--first", type=int, default=7000, help="number of the first person (default 7000)")
    parser.add_argument("--real", type=Path, help="a folder of real prints")
    parser.add_argument("--ppi", type=int, default=300, help="their pixels an inch (default 300)")
    parser.add_argument("--pictures", type=Path, help="a folder for pictures with the measures drawn over them")
    given = parser.parse_args()
    if given.pictures is not None:
        given.pictures.mkdir(parents=True, exist_ok=True)
    if given.persons:
        generated(given.first, given.persons, given.pictures)
    if given.real is not None:
        real(given.real, given.ppi, given.pictures)


if __name__ == "__main__":
    main()
