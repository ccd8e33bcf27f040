"""The commands at both ends by which a station gets its identity: what they ask, say, refuse."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kiosk.__main__ import app
from kiosk.centre.authority import Authority
from kiosk.centre.commands import commands
from kiosk.centre.outgoing import Outgoing
from kiosk.record.header import Kind
from kiosk.record.keys import CentreTrust, install_trust, keys_directory

CONFIG = Path(__file__).parents[2] / "config" / "simulated.toml"
STATION = "tts-mollo-utara-01"
Run = Callable[..., Result]


@pytest.fixture
def centre(tmp_path: Path) -> Run:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(commands(), [*arguments, "-d", str(tmp_path / "centre")])

    assert "fingerprint" in run("keys").output
    return run


@pytest.fixture
def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    config = tmp_path / "station.toml"
    config.write_text(CONFIG.read_text().replace(".demo/station", str(tmp_path / "state")))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["provision", *arguments, "--config", str(config)])

    return run


def test_both_ends_say_what_to_do_next_and_nothing_is_believed_uncompared(
    centre: Run, station: Run, tmp_path: Path
) -> None:
    asked = station()
    assert asked.exit_code == 0
    assert "Whoever takes the disk or SD card out can read" in asked.output
    request, shown = f"{STATION}.request", asked.output.splitlines()[-1]
    grant = str(tmp_path / "a.grant")
    for wrong, told in (((), "Nobody compared it"), (("--fingerprint", shown[::-1]), "changed on its way")):
        refused = centre("enrol", request, grant, *wrong)
        assert (refused.exit_code, told in refused.output) == (1, True)
        assert not Path(grant).exists()
    enrolled = centre("enrol", request, grant, "--fingerprint", shown.replace(" ", ""))
    assert enrolled.exit_code == 0, enrolled.output
    assert f"Station {STATION}, province ntt" in enrolled.output
    (root,) = re.findall(r"--root '([0-9 ]+)'", enrolled.output)

    for wrong, told in (((), f"compare: {root}"), (("--root", shown), "not of the centre you were told of")):
        refused = station(grant, *wrong)
        assert (refused.exit_code, told in refused.output) == (69, True)
    taken = station(grant, "--root", root)
    assert taken.exit_code == 0, taken.output
    assert f"This is the station {STATION} now" in taken.output
    assert station(grant).exit_code == 0, "once is enough"


def test_what_is_no_request_and_no_grant_is_said_in_a_sentence(centre: Run, station: Run, tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(b"noise")
    for done, status in (
        (centre("enrol", "noise", str(tmp_path / "x"), "--fingerprint", "1"), 1),
        (station("noise"), 69),
        (station("--keep", "machine"), 69),
    ):
        assert (done.exit_code, "Traceback" in done.output) == (status, False)
        assert len(done.output.splitlines()) == 1
    assert "only for an installed station" in station("--keep", "tpm").output


def test_a_rotated_key_reaches_every_station_and_a_revoked_one_no_more(centre: Run, tmp_path: Path) -> None:
    for name in (STATION, "other-station"):
        assert centre("provision-station", name, str(tmp_path / name)).exit_code == 0
    assert "refused from now on" in centre("revoke", "other-station").output
    before = CentreTrust.load(keys_directory(tmp_path / STATION))
    assert f"waits for the stations: {STATION}." in centre("rotate", "receipts").output
    assert "Earlier keys for receipts forgotten: 1." in centre("rotate", "receipts", "--drop").output
    outgoing = Outgoing(tmp_path / "centre" / "out")
    assert outgoing.waiting("other-station", Kind.KEYS) == []
    files = outgoing.waiting(STATION, Kind.KEYS)
    first, last = (
        install_trust(keys_directory(tmp_path / STATION), outgoing.read(STATION, Kind.KEYS, name) or b"")
        for _, name in files
    )
    assert set(before.receipts) < set(first.receipts)
    assert set(last.receipts) == {Authority(tmp_path / "centre").receipts.public.id}
    assert not set(last.receipts) & set(before.receipts)
