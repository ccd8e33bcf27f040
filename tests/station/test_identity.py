"""``kiosk provision``: what it tells who runs it."""

from pathlib import Path

import pytest

from kiosk.record.safekeeping import Keep
from kiosk.station.identity import provision_from

CONFIG = Path(__file__).parents[2] / "config" / "station.toml"


@pytest.mark.parametrize("renew", [False, True])
def test_who_renews_keys_is_told_when_they_begin_to_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], renew: bool
) -> None:
    """The centre seals to them once it has granted them, days before the grant may come back."""
    settings = tmp_path / "station.toml"
    shipped = CONFIG.read_text(encoding="utf-8")
    settings.write_text(shipped.replace("/var/lib/kiosk", str(tmp_path / "state")), encoding="utf-8")
    out = tmp_path / "asked.request"
    arguments = {"software": "0.1.0", "grant": None, "out": out, "root": None, "keep": Keep.FILES}
    for again in (False, renew):
        assert provision_from(settings, renew=again, **arguments) == 0
    assert out.stat().st_size > 0
    assert ("restart kiosk" in capsys.readouterr().out) is renew
