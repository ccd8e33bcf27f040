"""How often two different fingers are taken for the same one given twice, and how often that is caught; run by hand.

The decision is the simulated reader's own, from pixels alone: its features and its threshold. Only prints that the
station would accept as good take part. A repeat is the same finger laid anew: turned by up to 20 degrees either way,
shifted, pressed more or less, drier or damper. The figures are the simulator's only.
"""

import argparse
import itertools
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

from finger_advice import SENSORS, Sensor, laid, wilson

from drivers.fingerprint.synthetic.features import THRESHOLD, compare, extract
from drivers.fingerprint.synthetic.skin import INTACT, Skin
from drivers.fingerprint.synthetic.synthesis import Master, aged, master
from kiosk.capture.advice import FingerAdvice
from kiosk.capture.finger import judge


@dataclass(slots=True)
class Tally:
    """What became of the prints of one sensor. The first template of each finger, and scores."""

    first: list[tuple[int, bytes]] = field(default_factory=list)
    repeats: list[int] = field(default_factory=list)
    not_good: int = 0
    no_features: int = 0


def _replaced(rng: np.random.Generator) -> dict[str, Any]:
    """Return how a finger is laid the next time."""
    return {
        "rotation": float(rng.uniform(-20, 20)),
        "shift": (float(rng.normal(0, 12)), float(rng.normal(0, 12))),
        "pressure": float(rng.uniform(0.35, 0.7)),
        "moisture": float(rng.uniform(0.38, 0.64)),
    }


def _accepted(tally: Tally, finger: Master, sensor: Sensor, seed: int, how: dict[str, Any]) -> bytes | None:
    image = laid(finger, sensor, seed, how)
    if judge(image, ppi=sensor.ppi).advice is not FingerAdvice.GOOD:
        tally.not_good += 1
        return None
    template = extract(image, ppi=sensor.ppi)
    tally.no_features += template is None
    return template


def _gathered(sensor: Sensor, first: int, persons: int, repeats: int, skin: Skin) -> Tally:
    tally = Tally()
    for person in range(first, first + persons):
        for position in range(1, 11):
            grown = master(person, position)
            finger = grown if skin == INTACT else aged(grown, skin)
            enrolled = _accepted(tally, finger, sensor, 0, {})
            if enrolled is None:
                continue
            tally.first.append((person, enrolled))
            rng = np.random.default_rng([person, position])
            for seed in range(1, repeats + 1):
                again = _accepted(tally, finger, sensor, seed, _replaced(rng))
                if again is not None:
                    tally.repeats.append(compare(again, enrolled))
        sys.stderr.write(f"\r{sensor.name}: {person - first + 1}/{persons} persons")
        sys.stderr.flush()
    sys.stderr.write("\n")
    return tally


def _upper(hits: int, of: int) -> str:
    """Return the upper end of the 95 % interval of a rare event: the rule of three where there was none."""
    if not hits:
        return f"0 in {of}, below {3000 / of:.2f} in 1,000 (rule of three)"
    share = hits / of
    reach = share + 1.96**2 / (2 * of) + 1.96 * math.sqrt(share * (1 - share) / of + (1.96 / (2 * of)) ** 2)
    return f"{hits} in {of}, {1000 * share:.2f} in 1,000, below {1000 * reach / (1 + 1.96**2 / of):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=10, help="ten fingers each (default 10)")
    parser.add_argument("--repeats", type=int, default=4, help="of each finger (default 4)")
    parser.add_argument("--first", type=int, default=6000, help="number of the first person (default 6000)")
    parser.add_argument("--sensor", type=int, choices=(1, 2, 3), help="one only, by its place in the list")
    parser.add_argument("--wear", type=float, default=0.0, help="how worn all fingers are, 0 to 1 (default 0)")
    given = parser.parse_args()
    skin = Skin(wear=given.wear, scars=1 if given.wear else 0)
    for sensor in SENSORS if given.sensor is None else SENSORS[given.sensor - 1 : given.sensor]:
        tally = _gathered(sensor, given.first, given.persons, given.repeats, skin)
        others = [
            (a_person == b_person, compare(a, b))
            for (a_person, a), (b_person, b) in itertools.combinations(tally.first, 2)
        ]
        own = [score for same_person, score in others if same_person]
        scores = np.array([score for _, score in others])
        same = np.array(tally.repeats)
        print(f"{sensor.name}: {len(tally.first)} fingers; not good {tally.not_good}, featureless {tally.no_features}")
        for threshold in sorted({200, 240, THRESHOLD, 320, 360}):
            caught, false = int((same >= threshold).sum()), int((scores >= threshold).sum())
            mark = " <- THRESHOLD" if threshold == THRESHOLD else ""
            print(f"  {threshold}: caught {wilson(caught, len(same))}; false {_upper(false, len(scores))}{mark}")
        print(f"  false among one person's own: {_upper(sum(s >= THRESHOLD for s in own), len(own))}")
        print(f"  lowest repeats {np.sort(same)[:8].tolist()}, highest others {np.sort(scores)[::-1][:8].tolist()}")


if __name__ == "__main__":
    main()
