"""A folder of pictures becomes a table: one row a file, whatever the files hold."""

import csv
import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from drivers.camera.eyes import EyePainter, EyePose
from drivers.camera.scene import Cloth, Painter, Pose, Scene
from drivers.fingerprint.synthetic.synthesis import impression
from kiosk.station.workbench.commands import commands
from kiosk.station.workbench.folder import LARGEST
from kiosk.station.workbench.reading import ALGORITHMS, Kind, names
from tests.fingertips import grown

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def face():
    return Image.fromarray(Painter(1280, 960, seed=5).paint(Pose.GOOD.value, 0))


@pytest.fixture(scope="module")
def print_():
    return Image.fromarray(impression(grown(11, 2), seed=1, rotation=0.0, shift=(0.0, 0.0)))


@pytest.fixture
def measure(tmp_path):
    """Run ``kiosk measure``; its exit status, rows and what it said."""

    def measure(kind, *options, folder=tmp_path):
        told = CliRunner().invoke(commands(), [kind, str(folder), *options], catch_exceptions=False)
        return told.exit_code, list(csv.DictReader(io.StringIO(told.stdout, newline=""))), told.stderr

    return measure


def test_faces_are_judged_in_the_order_of_names(measure, tmp_path, face):
    painter = Painter(1280, 960, seed=5)
    for name, scene in (("b-far.JPG", Pose.FAR.value), ("c-nobody.bmp", Pose.AWAY.value)):
        Image.fromarray(painter.paint(scene, 0)).save(tmp_path / name, quality=95)
    face.save(tmp_path / "a-good.png")
    (tmp_path / ".hidden.png").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("aside")
    status, rows, told = measure("face")
    assert status == 0
    assert [(row["file"], row["width"], row["height"], row["advice"]) for row in rows] == [
        ("a-good.png", "1280", "960", "good"),
        ("b-far.JPG", "1280", "960", "closer"),
        ("c-nobody.bmp", "1280", "960", "no-face"),
    ]
    assert list(rows[0]) == [
        *("file", "width", "height", "advice", "score", "algorithm"),
        *names(Kind.FACE),
        "error",
    ]
    assert {row["algorithm"] for row in rows} == {ALGORITHMS[Kind.FACE]}
    assert all(float(rows[0][name]) is not None for name in names(Kind.FACE))
    assert {rows[2][name] for name in names(Kind.FACE)} == {""}
    assert told == "3 judged: 1 closer, 1 good, 1 no-face; 1 other file was left aside\n"


def test_the_cloth_is_judged_when_its_colour_is_told(measure, tmp_path):
    Image.fromarray(Painter(1280, 960, seed=5).paint(Scene(cloth=Cloth.BLUE), 0)).save(tmp_path / "blue.png")
    advices = [
        measure("face", *options)[1][0]["advice"] for options in ((), ("--backdrop", "blue"), ("--backdrop", "red"))
    ]
    assert advices == ["good", "good", "background"]


def test_eyes_are_judged(measure, tmp_path):
    painter = EyePainter(1280, 960, seed=5)
    for pose in (EyePose.GOOD, EyePose.AVERTED):
        Image.fromarray(painter.paint(pose.value, 0)).convert("L").save(tmp_path / f"{pose.name}.tiff")
    _, rows, _ = measure("eyes")
    assert [row["advice"] for row in rows] == ["look-here", "good"]
    assert all(row["left_radius"] and row["right_radius"] for row in rows)


# Fingers, and the resolution they come with ---------------------------------------------------------------------------


def test_a_finger_files_own_resolution_wins(measure, tmp_path, print_):
    print_.save(tmp_path / "own.png", dpi=(500, 500))
    print_.resize((512, 576), Image.Resampling.LANCZOS).save(tmp_path / "thousand.png", dpi=(1000, 1000))
    print_.save(tmp_path / "screen.png", dpi=(96, 96))
    print_.save(tmp_path / "silent.png")
    status, rows, _ = measure("finger", "--ppi", "508")
    assert status == 0
    assert {row["file"]: (row["ppi"], row["ppi_from"]) for row in rows} == {
        "own.png": ("500", "file"),
        "thousand.png": ("1000", "file"),
        "screen.png": ("508", "given"),
        "silent.png": ("508", "given"),
    }
    assert {row["advice"] for row in rows} == {"good"}


def test_pixels_that_are_not_square_are_refused(measure, tmp_path, print_):
    print_.save(tmp_path / "long.png", dpi=(500, 1000))
    status, rows, _ = measure("finger")
    assert status == 1
    assert "not square" in rows[0]["error"]


def test_what_becomes_too_large_at_500_ppi_is_refused(measure, tmp_path):
    Image.new("L", (3000, 3000), 255).save(tmp_path / "wide.png")
    assert "too large" in measure("finger", "--ppi", "100")[1][0]["error"]


# Kinds of pixels ------------------------------------------------------------------------------------------------------


def test_sixteen_bits_palette_and_alpha_are_judged_as_eight_bits_of_grey(measure, tmp_path, print_):
    grey = np.asarray(print_)
    print_.save(tmp_path / "plain.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "sixteen.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "sixteen.tif")
    print_.convert("RGB").save(tmp_path / "colour.bmp")
    print_.convert("P").save(tmp_path / "palette.png")
    # Ink on nothing: what is transparent lies on white, whatever colour hides there.
    Image.merge("LA", (Image.new("L", print_.size, 0), Image.fromarray(255 - grey))).save(tmp_path / "alpha.png")
    status, rows, _ = measure("finger")
    assert status == 0
    judged = {row["file"]: [row[name] for name in ("advice", "score", *names(Kind.FINGER))] for row in rows}
    assert len(judged) == 6
    for name, row in judged.items():
        assert row == judged["plain.png"], name


def test_a_photo_is_turned_upright(measure, tmp_path, face):
    turned = face.transpose(Image.Transpose.ROTATE_90)
    noted = Image.Exif()
    noted[0x0112] = 6  # "turn me a quarter clockwise to see me"
    turned.save(tmp_path / "phone.jpg", exif=noted, quality=95)
    _, rows, _ = measure("face")
    assert (rows[0]["width"], rows[0]["height"], rows[0]["advice"]) == ("1280", "960", "good")


# Files that are no pictures -------------------------------------------------------------------------------------------


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, data: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


BAD = {
    "empty.png": b"",
    "text.jpg": b"This is no picture.",
    "html.bmp": b"<html></html>",
    "bomb.png": png(100_000, 100_000, b""),
    "large.png": png(8_000, 8_000, b""),
    "short.png": png(400, 300, np.random.default_rng(1).bytes(401 * 300))[:60_000],
    "tiny.png": png(20, 20, bytes(21 * 20)),
    "strip.png": png(9_000, 70, b""),
    "gif.png": b"GIF89a" + bytes(60),
    "damaged.tif": b"II*\0" + bytes([8, 0, 0, 0, 255, 255]),
}
WHY = {
    "empty.png": "no picture",
    "text.jpg": "no picture",
    "html.bmp": "no picture",
    "bomb.png": "too large",
    "large.png": "too large",
    "short.png": "damaged",
    "tiny.png": "too small",
    "strip.png": "too long and narrow",
    "gif.png": "no picture",
    "damaged.tif": "",
}


@pytest.mark.parametrize("kind", Kind)
def test_what_cannot_be_judged_says_why_and_stops_nothing(measure, tmp_path, kind):
    for name, content in BAD.items():
        (tmp_path / name).write_bytes(content)
    Image.new("RGB", (400, 300), "white").save(tmp_path / "last.png")
    status, rows, told = measure(kind.value)
    assert status == 1
    errors = {row["file"]: row["error"] for row in rows}
    assert list(errors) == sorted([*BAD, "last.png"])
    assert errors.pop("last.png") == ""
    for name, error in errors.items():
        assert error, name
        assert WHY[name] in error, name
    assert all({row[each] for each in ("advice", "score", *names(kind))} == {""} for row in rows if row["error"])
    assert "1 judged" in told
    assert f"{len(BAD)} could not be judged" in told


def test_a_huge_header_is_refused_before_it_is_unpacked(tmp_path):
    """In a process that has far less memory than the picture claims to need."""
    side = int((LARGEST[Kind.EYES] * 1.2) ** 0.5)
    (tmp_path / "huge.png").write_bytes(png(side, side, bytes(side + 1) * side))
    (tmp_path / "bomb.tif").write_bytes(BAD["bomb.png"])
    code = (
        "import resource, sys\n"
        "from kiosk.station.workbench.commands import commands\n"
        "now = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        f"resource.setrlimit(resource.RLIMIT_AS, (now + {side * side // 2}, -1))\n"
        f"commands()(args=['eyes', {str(tmp_path)!r}])\n"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 1, told.stderr
    assert told.stdout.count("too large to be judged") == 2


# How it is called -----------------------------------------------------------------------------------------------------


def test_a_folder_that_is_none_is_misuse(measure, tmp_path):
    (tmp_path / "aside.txt").write_text("x")
    nowhere = measure("face", folder=tmp_path / "nowhere")
    empty = measure("face")
    file = measure("face", folder=tmp_path / "aside.txt")
    assert [each[0] for each in (nowhere, empty, file)] == [2, 2, 2]
    assert [each[1] for each in (nowhere, empty, file)] == [[], [], []]
    assert all("Name a folder of pictures." in each[2] for each in (nowhere, empty, file))


def test_the_table_goes_into_a_file_and_over_no_picture(measure, tmp_path, print_):
    print_.save(tmp_path / "a.png")
    out = tmp_path / "table.csv"
    status, rows, told = measure("finger", "--out", str(out))
    assert (status, rows) == (0, [])
    assert "1 judged: 1 good" in told
    content = out.read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n") == 2  # RFC 4180
    assert measure("finger", "--out", str(out))[0] == 0
    assert out.read_bytes() == content
    before = (tmp_path / "a.png").read_bytes()
    assert measure("finger", "--out", str(tmp_path / "a.png"))[0] == 2
    assert (tmp_path / "a.png").read_bytes() == before
    status, _, told = measure("finger", "--out", str(tmp_path / "no" / "table.csv"))
    assert (status, "cannot be written" in told) == (2, True)


def test_folders_within_are_looked_into_when_asked(measure, tmp_path, print_):
    (tmp_path / "left").mkdir()
    (tmp_path / ".trash").mkdir()
    print_.save(tmp_path / "left" / "a.png")
    print_.save(tmp_path / ".trash" / "b.png")
    assert measure("finger")[0] == 2
    assert [row["file"] for row in measure("finger", "--recursive")[1]] == ["left/a.png"]


def test_names_that_need_it_are_quoted(measure, tmp_path, print_):
    strange = 'a, "b"\nc.png'
    print_.save(tmp_path / strange)
    (tmp_path / os.fsdecode(b"\xff.png")).write_bytes(b"")
    status, rows, _ = measure("finger")
    assert status == 1
    assert [row["file"] for row in rows] == [strange, "\\udcff.png"]


def test_it_is_a_command_of_the_kiosk_that_loads_neither_screens_nor_devices(tmp_path, print_):
    print_.save(tmp_path / "a.png")
    code = (
        "import sys\n"
        "from kiosk.__main__ import app\n"
        "try:\n"
        f"    app(args=['measure', 'finger', {str(tmp_path)!r}])\n"
        "finally:\n"
        "    loaded = {name.split('.')[0] for name in sys.modules}\n"
        "    print(sorted(loaded & {'pygame', 'drivers', 'serial'}), file=sys.stderr)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.stdout.startswith("file,width,height,ppi,ppi_from,advice,"), told.stderr
    assert told.stderr == "1 judged: 1 good\n[]\n"
