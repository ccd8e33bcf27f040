"""Where the real devices are: ``pytest tests/contracts --hardware --device printer=/dev/usb/lp0``."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--device",
        action="append",
        default=[],
        metavar="FAMILY=PATH",
        help="device file of one family's real device, for the tests that need it (with --hardware)",
    )


@pytest.fixture(scope="session")
def devices(pytestconfig: pytest.Config) -> dict[str, str]:
    """Device files by family; empty unless given on the command line."""
    return dict(entry.split("=", 1) for entry in pytestconfig.getoption("--device", []))
