"""How often the simulated reader is wrong on generated prints, and how long it takes; run by hand.

The figures are the simulator's only; no real reader's rates follow from them. finger_twice.py asks the same of prints
laid anew, on every sensor, and has features.THRESHOLD from that.
"""

import argparse
import itertools
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by hand, from any directory

from drivers.fingerprint.synthetic.features import THRESHOLD, compare, extract
from drivers.fingerprint.synthetic.synthesis import impression, master


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=10, help="ten fingers each (default 10)")
    parser.add_argument("--impressions", type=int, default=4, help="of each finger (default 4)")
    parser.add_argument("--first", type=int, default=1000, help="number of the first person (default 1000)")
    given = parser.parse_args()

    fingers = [(given.first + p, f) for p in range(given.persons) for f in range(1, 11)]
    spent = dict.fromkeys(("grow a finger", "lay it on", "extract", "compare"), 0.0)
    templates: list[list[bytes | None]] = []
    for done, finger in enumerate(fingers):
        begun = time.perf_counter()
        grown = master(*finger)
        spent["grow a finger"] += time.perf_counter() - begun
        row: list[bytes | None] = []
        for seed in range(given.impressions):
            begun = time.perf_counter()
            image = impression(grown, seed=seed)
            laid = time.perf_counter()
            row.append(extract(image))
            spent["extract"] += time.perf_counter() - laid
            spent["lay it on"] += laid - begun
        templates.append(row)
        sys.stderr.write(f"\r{done + 1}/{len(fingers)} fingers")
        sys.stderr.flush()
    sys.stderr.write("\n")

    failures = sum(template is None for row in templates for template in row)
    usable = [[template for template in row if template is not None] for row in templates]
    begun = time.perf_counter()
    same = np.array([compare(a, b) for row in usable for a, b in itertools.combinations(row, 2)])
    other = np.array([compare(a[0], b[-1]) for a, b in itertools.permutations([row for row in usable if row], 2)])
    spent["compare"] = time.perf_counter() - begun

    counts = (len(fingers), *[len(fingers) * given.impressions] * 2, len(same) + len(other))
    for (what, seconds), count in zip(spent.items(), counts, strict=True):
        _say(f"{what:14} {1000 * seconds / count:7.1f} ms")
    _say(f"failure to extract   {failures}/{len(fingers) * given.impressions}")
    _say(f"same finger          {len(same)} pairs, lowest {np.sort(same)[:8].tolist()}, median {np.median(same):.0f}")
    _say(f"different fingers    {len(other)} pairs, highest {np.sort(other)[::-1][:8].tolist()}")
    for threshold in sorted({200, 240, THRESHOLD, 320, 360, 400}):
        mark = " <- THRESHOLD" if threshold == THRESHOLD else ""
        missed, mistaken = 100 * (same < threshold).mean(), 100 * (other >= threshold).mean()
        _say(f"at {threshold}: false non-match {missed:.3f} %, false match {mistaken:.4f} %{mark}")


if __name__ == "__main__":
    main()
