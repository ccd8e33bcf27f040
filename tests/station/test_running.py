"""What a station of simulated devices may do, and one before which somebody real may stand may not."""

from pathlib import Path

import pytest

from kiosk.station import running
from kiosk.station.running import BAD_CONFIGURATION, run_from
from kiosk.station.settings import load

DEMO = Path(__file__).parents[2] / "config" / "simulated.toml"
REAL = {
    "camera": ('[camera]\ndriver = "simulated"', '[camera]\ndriver = "picamera2"'),
    "iris": ('[iris]\ndriver = "none"', '[iris]\ndriver = "picamera2"'),
    "fingerprint": ('[fingerprint]\ndriver = "simulated"', '[fingerprint]\ndriver = "grow"'),
    "printer": ('[printer]\ndriver = "simulated"', '[printer]\ndriver = "evolis"'),
    "panel": ('[panel]\ndriver = "simulated"', '[panel]\ndriver = "gpiozero"'),
}


@pytest.mark.parametrize("device", [None, *REAL])
def test_pictures_are_kept_only_where_nobody_real_can_stand(
    device: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(running, "run", lambda *_, **__: 0)
    # What the chosen drivers need of this machine is not asked here.
    monkeypatch.setattr(running, "load", lambda file, here: load(file))
    file, written = tmp_path / "station.toml", DEMO.read_text(encoding="utf-8")
    if device is not None:
        simulated, real = REAL[device]
        assert simulated in written
        written = written.replace(simulated, real)
    file.write_text(written, encoding="utf-8")
    status = run_from(
        file,
        software="1",
        environment={},
        pictures=tmp_path / "pictures",
        errands=None,
        pause=0.0,
        hands=None,
        frames=None,
    )
    assert status == (0 if device is None else BAD_CONFIGURATION)
    assert ("names real ones" in capsys.readouterr().err) is (device is not None)
