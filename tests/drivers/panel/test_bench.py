"""The panel's bench: lights by hand, one sentence and the right exit status when something is wrong."""

import pytest
from typer.testing import CliRunner, Result

from drivers.errors import Absent
from drivers.panel import Change
from drivers.panel.bench import ILL, WORDS, commands
from drivers.panel.simulated import Wiring

USAGE = 2


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands(), arguments)


@pytest.mark.parametrize(
    "command", [("light", "0.5", "--seconds", "0"), ("lamp", "calling", "--seconds", "0.1"), ("beep", "1")]
)
def test_lights_shine_for_a_while(command: tuple[str, ...]) -> None:
    result = run("--simulated", *command)
    assert result.exit_code == 0, result.output


def test_watching_tells_what_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    rest = Wiring.__init__

    def with_the_door_open(wiring: Wiring) -> None:
        rest(wiring)
        wiring.open_door()
        wiring.open_housing()

    monkeypatch.setattr(Wiring, "__init__", with_the_door_open)
    result = run("--simulated", "watch", "--seconds", "0.2")
    assert result.exit_code == 0, result.output
    assert WORDS[Change.DOOR_OPENED] in result.output
    assert WORDS[Change.TAMPERED] in result.output


def test_a_panel_that_is_not_there_is_one_sentence_and_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_panel: object, _wiring: object = None) -> None:
        raise Absent("The board is gone; put it back.")

    monkeypatch.setattr("drivers.panel.simulated.SimulatedPanel.__init__", gone)
    result = run("--simulated", "light", "1")
    assert result.exit_code == ILL
    assert "The board is gone" in result.stderr


@pytest.mark.parametrize(
    "arguments", [("light", "1.5"), ("lamp", "purple"), ("beep", "0"), ("--door", "40", "watch"), ("glow",)]
)
def test_a_wrong_command_line_is_status_2(arguments: tuple[str, ...]) -> None:
    assert run("--simulated", *arguments).exit_code == USAGE


def test_every_change_has_words() -> None:
    assert set(WORDS) == set(Change)
