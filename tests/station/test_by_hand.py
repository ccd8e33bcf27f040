"""``kiosk export`` and ``kiosk import``: what a technician reads, and whose the files are."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from typer.testing import CliRunner

from kiosk.__main__ import app
from kiosk.centre.authority import Authority
from kiosk.record.exchange import Exchange, PacketName
from kiosk.record.keys import StationKeys, keys_directory
from kiosk.record.stick.manifest import read_manifest

STATION = "tts-mollo-utara-01"
KIOSK = 12345
"""The number of a user that is not root."""
CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="session")
def provisioned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("provisioned")
    Authority.create(root / "centre").provision_station(STATION, root / "station", now=datetime.now(UTC))
    return root / "station"


def lay_out(provisioned: Path, folder: Path) -> Path:
    """The demo's folder, with a station and a stick in it."""
    shutil.copytree(provisioned, folder / "station")
    (folder / "stick").mkdir()
    Exchange(folder / "station").create()
    text = (CONFIG / "simulated.toml").read_text(encoding="utf-8").replace('".demo/', f'"{folder}/')
    (folder / "station.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def place(provisioned: Path, tmp_path: Path) -> Path:
    return lay_out(provisioned, tmp_path)


def kiosk(place: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*arguments, "--config", str(place / "station.toml")])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


def test_out_and_in(place: Path) -> None:
    exchange = Exchange(place / "station")
    for sequence in (1, 2):
        (exchange.outbox / str(PacketName(sequence, f"{sequence:032x}"))).write_bytes(os.urandom(100))
    status, said = kiosk(place, "export")
    assert status == 0, said
    assert "read back and whole: 2. New there: 2." in said
    assert "may be taken out" in said
    ours = place / "stick" / "rekam" / STATION
    keys = StationKeys.load(keys_directory(place / "station"))
    blob = (ours / "manifest.cose").read_bytes()
    manifest = read_manifest(blob, station=STATION, verifying=keys.identity.trusted)
    assert (manifest.seen.order, manifest.seen.keys > 0) == (0, True)  # no database was opened for it
    assert not list((place / "station").rglob("*.db*"))

    assert f"nothing from the centre for the station {STATION}" in kiosk(place, "import")[1]
    (ours / "from-centre").mkdir()
    (ours / "from-centre" / "a.receipt").write_bytes(b"x")
    (ours / "from-centre" / "autorun.inf").write_bytes(b"x")
    status, said = kiosk(place, "import")
    assert status == 0, said
    assert "receipts 1, orders 0" in said
    assert "something else or unreadable: 1." in said
    assert (exchange.brought / "a.receipt").read_bytes() == b"x"


def test_another_place_may_be_named_and_what_is_wrong_is_a_sentence(place: Path) -> None:
    other = place / "other"
    status, said = kiosk(place, "export", str(other))
    assert (status, "There is no USB stick" in said) == (1, True)
    other.mkdir()
    assert kiosk(place, "export", str(other))[0] == 0
    assert (other / "rekam" / STATION / "manifest.cose").exists()
    text = (place / "station.toml").read_text().replace("folder = true", "folder = false")
    (place / "station.toml").write_text(text)
    for command in ("export", "import"):
        status, said = kiosk(place, command, str(other))
        assert (status, "There is no USB stick" in said) == (1, True)
    (place / "station.toml").write_text("nonsense")
    assert kiosk(place, "import")[0] == 78


def test_a_station_without_keys_says_what_to_do(place: Path) -> None:
    shutil.rmtree(keys_directory(place / "station"))
    status, said = kiosk(place, "export")
    assert (status, "kiosk provision" in said) == (69, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_leaves_files_that_are_the_kiosks(provisioned: Path) -> None:
    with TemporaryDirectory() as folder:  # of everybody's, unlike pytest's
        Path(folder).chmod(0o755)
        place = lay_out(provisioned, Path(folder))
        exchange = Exchange(place / "station")
        from_centre = place / "stick" / "rekam" / STATION / "from-centre"
        from_centre.mkdir(parents=True)
        (from_centre / "a.receipt").write_bytes(b"x")
        for path in (exchange.outbox, exchange.brought, place / "stick", *(place / "stick").rglob("*")):
            os.chown(path, KIOSK, KIOSK)
        assert kiosk(place, "import")[0] == 0
        assert (exchange.brought / "a.receipt").stat().st_uid == KIOSK
        assert kiosk(place, "export")[0] == 0
        assert (from_centre.parent / "manifest.cose").stat().st_uid == KIOSK
