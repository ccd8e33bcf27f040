"""What the checks of the installation share."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def house() -> Path:
    """The top of the clone."""
    return Path(__file__).resolve().parents[2]
