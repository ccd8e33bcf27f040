"""``python -m drivers``: every family is there, and none of their hardware libraries is loaded before it is chosen."""

import subprocess
import sys

HARDWARE = ("picamera2", "libcamera", "gpiozero", "lgpio")


def test_help_names_every_family() -> None:
    result = subprocess.run([sys.executable, "-m", "drivers", "--help"], capture_output=True, text=True, check=True)
    for family in ("fingerprint", "printer", "camera", "panel"):
        assert family in result.stdout


def test_no_hardware_library_is_loaded_before_its_driver_is_chosen() -> None:
    ask = f"import sys, drivers.__main__ as m; m.assemble(); print([n for n in {HARDWARE} if n in sys.modules])"
    result = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
