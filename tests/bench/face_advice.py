"""How often a face gets the right advice first, over generated people and the real photographs at hand; run by hand.

    .venv/bin/python tests/bench/face_advice.py /tmp/faces [--people 30] [--first 40000] [--photographs FOLDER]

Prints a confusion table over every piece of advice, how many good captures are accepted, and how far off angles are.
Writes to the folder every picture that was judged wrongly, a sheet of samples, and the real photographs, each with what
was measured drawn over it; and ``measures.csv`` with all measures. Each person is drawn by lot from a seed, in ever
another place, light and turn within the limits; then one thing is made wrong. Limits were tuned on people 0 to 40,
those of glasses and even light on 41000 to 41119.

Real photographs: NASA's portrait of Eileen Collins (``drivers/camera/people``, public domain), untouched, smiling; and
those in ``--photographs``. Ours were Grace Hopper with glasses (``mpl-data/sample_data/grace_hopper.jpg`` in matplotlib
3.9.2's wheel; U.S. Navy, public domain) and Barack Obama and Joe Biden (``tests/test_images`` in face_recognition
1.3.0's source from PyPI; official White House photographs, works of the U.S. government). None of them is kept here.
"""

import argparse
import csv
import math
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

from drivers.camera.scene import Cloth, Painter, Scene
from drivers.camera.synthetic.sitter import Glasses, Look, somebody
from drivers.camera.synthetic.studio import PORTRAIT
from kiosk.capture.advice import FaceAdvice
from kiosk.capture.backdrop import Backdrop
from kiosk.capture.face import ALGORITHM, FaceJudge, FaceJudgement

SIZE = (1280, 960)
RIGHT = {Cloth.RED: Backdrop.RED, Cloth.BLUE: Backdrop.BLUE, Cloth.ORANGE: Backdrop.ORANGE}
GOOD_EACH = 5
"""Good captures of each person, in different places, lights and before different cloths."""


@dataclass(frozen=True, slots=True)
class Case:
    """A frame to judge, and the advice it should get; ``smear`` is how far it moved while it was taken, in pixels."""

    wanted: FaceAdvice
    scene: Scene
    backdrop: Backdrop
    smear: tuple[int, float] = (0, 0.0)


def cases(seed: int) -> Iterator[Case]:
    """Everything that may be wrong with this person, one thing at a time."""
    random = np.random.default_rng(seed)
    person = somebody(seed)
    plain = Look(yaw=random.uniform(-5, 5), pitch=random.uniform(-6, 6), side=random.uniform(-0.15, 0.15))

    def scene(look: Look = plain) -> Scene:
        return Scene(
            scale=random.uniform(0.93, 1.08),
            x=random.uniform(-0.03, 0.03),
            y=random.uniform(-0.035, 0.035),
            roll=random.uniform(-4.5, 4.5),
            light=random.uniform(0.8, 1.1),
            cloth=list(RIGHT)[int(random.integers(3))],
            person=person,
            look=look,
        )

    def case(wanted: FaceAdvice, look: Look = plain, smear: tuple[int, float] = (0, 0.0), **wrong: object) -> Case:
        base = scene(look)
        return Case(wanted, replace(base, **wrong), RIGHT[base.cloth], smear)  # type: ignore[arg-type]

    for _ in range(GOOD_EACH):
        yield case(FaceAdvice.GOOD)
    yield case(FaceAdvice.NO_FACE, scale=0.0)
    yield case(FaceAdvice.CLOSER, scale=random.uniform(0.45, 0.78))
    yield case(FaceAdvice.FURTHER, scale=random.uniform(1.24, 1.6))
    yield case(FaceAdvice.MOVE_RIGHT, x=random.uniform(0.08, 0.22))
    yield case(FaceAdvice.MOVE_LEFT, x=random.uniform(-0.22, -0.08))
    yield case(FaceAdvice.LOWER, y=random.uniform(-0.16, -0.095))
    yield case(FaceAdvice.RAISE, y=random.uniform(0.095, 0.2))
    yield case(FaceAdvice.STRAIGHTEN, roll=random.choice((-1, 1)) * random.uniform(11, 30))
    yield case(FaceAdvice.MORE_LIGHT, light=random.uniform(0.08, 0.2))
    yield case(
        FaceAdvice.LESS_LIGHT, light=random.uniform(2.6, 3.6) * (1 if person.tone and person.tone[0] > 150 else 1.6)
    )
    yield case(FaceAdvice.ONE_PERSON, companion=True)
    yield case(FaceAdvice.BLURRED, blur=random.uniform(0.003, 0.007))
    yield case(FaceAdvice.HOLD_STILL, smear=(int(random.integers(22, 40)), random.uniform(0, 180)))
    wall = bool(random.random() < 0.5)
    wrong = Cloth.WALL if wall else Cloth.BLUE
    yield replace(case(FaceAdvice.BACKGROUND, cloth=wrong), backdrop=Backdrop.RED)
    yield case(FaceAdvice.BACKGROUND, pattern=random.uniform(0.7, 1.0))
    yield case(FaceAdvice.TURN_RIGHT, replace(plain, yaw=random.uniform(14, 28)))
    yield case(FaceAdvice.TURN_LEFT, replace(plain, yaw=random.uniform(-28, -14)))
    yield case(FaceAdvice.CHIN_DOWN, replace(plain, pitch=random.uniform(20, 28)))
    yield case(FaceAdvice.CHIN_UP, replace(plain, pitch=random.uniform(-28, -20)))
    yield case(FaceAdvice.OPEN_EYES, replace(plain, eyes=random.uniform(0, 0.15)))
    yield case(FaceAdvice.LOOK_HERE, replace(plain, gaze=(random.choice((-1, 1)) * random.uniform(0.45, 0.6), 0.0)))
    yield case(FaceAdvice.CLOSE_MOUTH, replace(plain, mouth=random.uniform(0.5, 1.0)))
    yield case(FaceAdvice.EVEN_LIGHT, replace(plain, side=random.choice((-1, 1)) * random.uniform(0.65, 0.9)))
    worn = (Glasses.THIN, Glasses.THICK, Glasses.REFLECTING)[int(random.integers(3))]
    yield case(FaceAdvice.GLASSES_OFF, replace(plain, glasses=worn))


def smeared(frame: np.ndarray, pixels: int, angle: float) -> np.ndarray:
    """The frame as a slow shutter sees somebody who moves by so many pixels."""
    if pixels == 0:
        return frame
    kernel = np.zeros((2 * pixels + 1, 2 * pixels + 1), np.float32)
    reach = pixels / 2 * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    ends = [tuple(int(v) for v in np.rint(pixels + sign * reach)) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA)
    return cv2.filter2D(frame, -1, kernel / kernel.sum())


def annotated(frame: np.ndarray, seen: FaceJudgement, note: str, *, brief: bool = False) -> np.ndarray:
    """The frame with its measures written and drawn over it, BGR."""
    picture = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
    height, width = picture.shape[:2]
    unit = max(width, height) / 1280
    if seen.box is not None:
        x, y, w, h = seen.box
        middle = (round((x + w / 2) * width), round((y + h / 2) * height))
        cv2.ellipse(picture, middle, (round(w / 2 * width), round(h / 2 * height)), 0, 0, 360, (90, 220, 90), 2)
    for name, place in seen.features.items():
        at = (round(place[0]), round(place[1]))
        cv2.circle(picture, at, round(4 * unit), (0, 230, 255), -1)
        cv2.putText(picture, name, (at[0] + 6, at[1] - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.45 * unit, (0, 230, 255), 1)
    lines = [f"{seen.advice.value}  {ALGORITHM} {seen.score}  {note}"]
    if seen.measures is not None and not brief:
        lines += [f"{name} {value:.3g}" for name, value in asdict(seen.measures).items()]
    tall = 1.5 if brief else 0.62
    for number, line in enumerate(lines):
        at = (round(12 * unit), round((46 * tall + 26 * number) * unit))
        for colour, thick in (((0, 0, 0), 5), ((255, 255, 255), 2 if brief else 1)):
            cv2.putText(picture, line, at, cv2.FONT_HERSHEY_SIMPLEX, tall * unit, colour, thick, cv2.LINE_AA)
    return picture


def generated(folder: Path, first: int, people: int) -> None:
    judge, painter = FaceJudge(), Painter(*SIZE, seed=first)
    table: Counter[tuple[FaceAdvice, FaceAdvice]] = Counter()
    samples: dict[FaceAdvice, np.ndarray] = {}
    errors = []
    with (folder / "measures.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        for seed in range(first, first + people):
            for number, case in enumerate(cases(seed)):
                frame = smeared(painter.paint(case.scene, 10 * number), *case.smear)
                seen = judge.judge(frame, backdrop=case.backdrop)
                table[case.wanted, seen.advice] += 1
                if seen.measures is not None:
                    values = asdict(seen.measures)
                    if file.tell() == 0:
                        rows.writerow(["person", "wanted", "advice", "score", "true_yaw", "true_pitch", *values])
                    look = case.scene.look
                    told = [
                        seed,
                        case.wanted.value,
                        seen.advice.value,
                        seen.score,
                        f"{look.yaw:.1f}",
                        f"{look.pitch:.1f}",
                    ]
                    rows.writerow([*told, *(f"{value:.4f}" for value in values.values())])
                    if look.glasses is Glasses.NONE and case.scene.light < 2 and not case.scene.companion:
                        errors.append(
                            (
                                seen.measures.yaw - look.yaw,
                                seen.measures.pitch - look.pitch,
                                seen.measures.roll + case.scene.roll,
                            )
                        )
                if (seed - first) % people == list(FaceAdvice).index(case.wanted) % people:
                    brief = annotated(frame, seen, "", brief=True)
                    samples[case.wanted] = cv2.resize(brief, (480, 360), interpolation=cv2.INTER_AREA)
                if seen.advice is not case.wanted:
                    picture = annotated(frame, seen, f"wanted {case.wanted.value}")
                    cv2.imwrite(str(folder / f"wrong-{case.wanted.value}-{seed}-{number}.jpg"), picture)
    sheet = list(samples.values())
    sheet += [np.zeros_like(sheet[0])] * (-len(sheet) % 5)
    cv2.imwrite(str(folder / "samples.jpg"), np.vstack([np.hstack(sheet[n : n + 5]) for n in range(0, len(sheet), 5)]))
    report(table)
    off = np.array(errors)
    print("\nangles, measured minus true, degrees (mean, standard deviation, 95 % within):")
    for name, column in zip(("yaw", "pitch", "roll"), off.T, strict=True):
        print(f"  {name:5} {column.mean():+5.1f} {column.std():5.1f} {np.percentile(np.abs(column), 95):5.1f}")


def report(table: Counter[tuple[FaceAdvice, FaceAdvice]]) -> None:
    print(f"{'wanted':14} {'faces':>5} {'first':>6}  95 % interval  else")
    right = total = 0
    for wanted in FaceAdvice:
        row = {told: count for (want, told), count in table.items() if want is wanted}
        faces, hits = sum(row.values()), row.get(wanted, 0)
        if not faces:
            continue
        if wanted is not FaceAdvice.GOOD:
            right, total = right + hits, total + faces
        rest = ", ".join(f"{told.value} {count}" for told, count in row.items() if told is not wanted)
        print(f"{wanted.value:14} {faces:5} {hits / faces:6.1%}  {wilson(hits, faces)}  {rest}")
    good = sum(count for (want, _), count in table.items() if want is FaceAdvice.GOOD)
    accepted = table[FaceAdvice.GOOD, FaceAdvice.GOOD]
    passed = sum(count for (want, told), count in table.items() if told is FaceAdvice.GOOD is not want)
    print(f"\nright advice first: {right}/{total} = {right / total:.1%}")
    print(f"good captures accepted: {accepted}/{good} = {accepted / good:.1%}")
    print(f"bad captures called good: {passed}/{total} = {passed / total:.1%}")


def wilson(hits: int, of: int) -> str:
    """Wilson's 95 % interval of a share, in per cent."""
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    reach = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return f"[{100 * max(0.0, middle - reach):5.1f}, {100 * min(1.0, middle + reach):5.1f}]"


def real(folder: Path, photographs: Path | None) -> None:
    """Judge real photographs: whole, as they are, and cut so that the face is where the station wants it."""
    judge = FaceJudge()
    portrait = cv2.imread(str(PORTRAIT), cv2.IMREAD_UNCHANGED)
    share = portrait[..., 3:] / 255
    pictures = {"collins": (portrait[..., :3] * share + np.array((158, 72, 30)) * (1 - share)).astype(np.uint8)}
    for path in sorted(photographs.iterdir()) if photographs else []:
        picture = cv2.imread(str(path))
        if picture is not None:
            pictures[path.stem] = picture
    print("\nreal photographs, cut so that the head fills the oval, without a cloth asked for:")
    for name, picture in pictures.items():
        whole = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        seen = judge.judge(whole)
        if seen.box is None or seen.eyes is None:
            print(f"  {name:20} {seen.advice.value}")
            continue
        frame = placed(whole, seen)
        again = judge.judge(frame)
        cv2.imwrite(str(folder / f"real-{name}.jpg"), annotated(frame, again, ""))
        measured = again.measures
        if measured is not None:
            print(
                f"  {name:20} {again.advice.value:12} score {again.score:3} yaw {measured.yaw:+.0f} pitch"
                f" {measured.pitch:+.0f} roll {measured.roll:+.0f} eyes {measured.eyes_open:.2f} mouth"
                f" {measured.mouth_open:.2f} gaze {measured.gaze_aside:+.2f} light {measured.brightness:.2f} even"
                f" {measured.evenness:.2f} sharp {measured.sharpness:.3f} bridge {measured.bridge:.2f} rims"
                f" {measured.rims:.2f} backdrop {measured.backdrop_spread:.2f}"
            )


def placed(whole: np.ndarray, seen: FaceJudgement) -> np.ndarray:
    """The photograph moved and sized so that its eyes are where the oval has them; what is missing is grey."""
    assert seen.eyes is not None
    assert seen.measures is not None
    middle = np.mean(seen.eyes, axis=0)
    scale = 0.1125 * SIZE[0] / seen.measures.eye_distance
    onto = np.array([[scale, 0, 0.5 * SIZE[0] - scale * middle[0]], [0, scale, 0.46 * SIZE[1] - scale * middle[1]]])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.warpAffine(whole, onto, SIZE, flags=way, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--first", type=int, default=40000)
    parser.add_argument("--photographs", type=Path)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    if chosen.people:
        generated(chosen.folder, chosen.first, chosen.people)
    real(chosen.folder, chosen.photographs)
