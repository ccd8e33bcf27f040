"""Every screen against its picture in tests/golden.

After a change that is meant: ``pytest tests/screens/test_golden.py --golden-update``, look at them, commit.
What differs is put side by side (golden, now, difference) into tests/screens/failed/.
"""

from pathlib import Path

import cv2
import numpy as np
import pygame
import pytest
from PIL import Image

from kiosk.screens.drawing import draw

GOLDEN = Path(__file__).parents[1] / "golden"
FAILED = Path(__file__).parent / "failed"
SETS = (("1280x800", "id"), ("800x480", "id"), ("1920x1080", "id"), ("720x1280", "id"), ("1280x800", "en"))
TILE = 32
UNLIKE = 14.0
"""Mean difference (0..255) of one tile that is no longer the same: the palette of the golden picture costs up to 12,
another version of the font's rasteriser a few; a changed letter makes more, as a test below shows."""


@pytest.fixture(params=SETS, ids="-".join)
def drawn(request, all_scenes, text, canvas_of):
    size, language = request.param
    canvas = canvas_of(size)

    def pictures():
        for name in kept(all_scenes, size, language):
            scene = all_scenes[name]
            draw(canvas, scene.view(text, language))
            yield name, picture_of(canvas.surface)

    return GOLDEN / f"{size}-{language}", pictures()


def test_screens_look_as_they_did(drawn, request):
    folder, pictures = drawn
    if request.config.getoption("--golden-update"):
        folder.mkdir(parents=True, exist_ok=True)
        for name, picture in pictures:
            palette = picture.quantize(160, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
            palette.save(folder / f"{name}.png", optimize=True)
        return
    changed = []
    for name, picture in pictures:
        golden = folder / f"{name}.png"
        if not golden.exists():
            changed.append(f"{name} has no golden picture")
            continue
        before = Image.open(golden).convert("RGB")
        worst = unlikeness(before, picture)
        if worst > UNLIKE:
            report(f"{folder.name}-{name}.png", before, picture)
            changed.append(f"{name} differs by {worst:.0f}")
    assert changed == [], f"see {FAILED}"


def test_no_golden_picture_is_left_over(all_scenes):
    drawn = {f"{size}-{language}" for size, language in SETS}
    left = [
        str(file.relative_to(GOLDEN))
        for file in GOLDEN.rglob("*.png")
        if file.parent.name not in drawn or file.stem not in kept(all_scenes, *file.parent.name.rsplit("-", 1))
    ]
    assert left == []


def test_one_changed_letter_is_seen(canvas_of):
    canvas = canvas_of("1280x800")
    pictures = []
    for word in ("Lanjut", "Lanjot"):
        canvas.surface.fill((255, 255, 255))
        canvas.write(word, canvas.rect, canvas.theme.small)
        pictures.append(picture_of(canvas.surface))
    assert unlikeness(*pictures) > UNLIKE


def kept(scenes, size: str, language: str) -> list[str]:
    """All scenes at the chief size in Indonesian; elsewhere what is laid out alike by one example of it."""
    if (size, language) == SETS[0]:
        return list(scenes)
    alike = ("refused-", "finger-", "eyes-", "exception-why-", "how-far-", "stick-refused-")
    examples = (
        "refused-too-young",
        "refused-seal-failed",
        "finger-dry",
        "finger-whole-tip",
        "exception-why-fingers",
        "how-far-numbered",
        "how-far-sent",
        "stick-refused-stick-read-only",
        "how-far-looked-at",
        "how-far-record-again",
    )
    return [name for name in scenes if name in examples or not name.startswith(alike)]


def picture_of(surface: pygame.Surface) -> Image.Image:
    return Image.frombytes("RGB", surface.get_size(), pygame.image.tobytes(surface, "RGB"))


def unlikeness(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of the tile that differs most; 255 where the sizes differ."""
    if one.size != other.size:
        return 255.0
    # Ten times as quick as a maximum over the last axis.
    difference = np.maximum.reduce(cv2.split(cv2.absdiff(np.asarray(one), np.asarray(other))))
    high, wide = (side - side % TILE for side in difference.shape)
    tiles = difference[:high, :wide].reshape(high // TILE, TILE, wide // TILE, TILE)
    return float(tiles.mean(axis=(1, 3)).max())


def report(name: str, before: Image.Image, now: Image.Image) -> None:
    FAILED.mkdir(exist_ok=True)
    wide, high = now.size
    sheet = Image.new("RGB", (wide * 3, high))
    sheet.paste(before, (0, 0))
    sheet.paste(now, (wide, 0))
    if before.size == now.size:
        difference = np.abs(np.asarray(before, np.int16) - np.asarray(now, np.int16)).max(axis=2)
        sheet.paste(Image.fromarray(np.clip(difference * 3, 0, 255).astype(np.uint8)).convert("RGB"), (wide * 2, 0))
    sheet.save(FAILED / name)
