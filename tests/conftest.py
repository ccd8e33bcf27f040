"""Rules for the whole suite: real devices only when asked for, and no skip that nobody has agreed to.

Under CI a skipped (or expectedly failing) test counts as failed unless tests/allowed_skips.txt names it and its reason.
"""

import os
from collections.abc import Generator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ALLOWED = Path(__file__).with_name("allowed_skips.txt")
WAITING = ("tests/stories/", "tests/faults/")
"""What mostly waits, for devices and processes, begins first: what computes fills the time, and none is left alone."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--hardware", action="store_true", help="run the tests that need the real device, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(WAITING))
    if config.getoption("--hardware"):
        return
    hardware = [item for item in items if item.get_closest_marker("hardware")]
    if hardware:
        config.hook.pytest_deselected(items=hardware)
        items[:] = [item for item in items if item not in hardware]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_unnamed_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_unnamed_skip(report)
    return report


def _refuse_unnamed_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not report.skipped or os.environ.get("CI") != "true":
        return
    reason = _reason(report)
    if not _is_allowed(report.nodeid, reason, ALLOWED.read_text(encoding="utf-8")):
        report.outcome = "failed"
        report.longrepr = f"skipped: {reason}\nCI allows no skip that tests/allowed_skips.txt does not name."


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    expected_failure = getattr(report, "wasxfail", None)
    if expected_failure is not None:
        del report.wasxfail  # type: ignore[union-attr] # pytest sets it on expected failures only; it would win over the outcome
        return str(expected_failure)
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return str(report.longrepr)


def _is_allowed(nodeid: str, reason: str, allowed: str) -> bool:
    """Lines of ``allowed``: a node id, in which * stands for anything, `` | `` and the very reason."""
    lines = (line for line in allowed.splitlines() if line.strip() and not line.startswith("#"))
    return any(
        fnmatchcase(nodeid, pattern.strip()) and reason == text.strip()
        for pattern, _, text in (line.partition(" | ") for line in lines)
    )
