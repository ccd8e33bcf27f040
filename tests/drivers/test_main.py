"""``python -m drivers``: every family is there, and none of their hardware libraries is loaded before it is chosen."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HARDWARE = ("picamera2", "libcamera", "gpiozero", "lgpio")


def run(*arguments: str) -> str:
    result = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True, cwd=ROOT)
    return result.stdout


def test_help_names_every_family() -> None:
    told = run("-m", "drivers", "--help")
    for family in ("fingerprint", "printer", "camera", "panel"):
        assert family in told


def test_no_hardware_library_is_loaded_before_its_driver_is_chosen() -> None:
    ask = f"import sys, drivers.__main__ as m; m.assemble(); print([n for n in {HARDWARE} if n in sys.modules])"
    assert run("-c", ask).strip() == "[]"


def test_help_names_every_family_of_finger_readers() -> None:
    told = run("-m", "drivers", "fingerprint", "--help")
    for family in ("grow", "sfm"):
        assert family in told


def test_no_family_of_finger_readers_is_loaded_before_it_is_chosen() -> None:
    ask = "import sys, drivers.__main__ as m; m.assemble(); print([n for n in sys.modules if n.endswith('.reader')])"
    assert run("-c", ask).strip() == "[]"
