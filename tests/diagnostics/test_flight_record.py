"""A diagnostics download is a test case: it is replayed by scripts/replay, and shows what would now differ."""

from collections.abc import Callable
import json
from pathlib import Path
from typing import Any

import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.sunfuse.engine.model import Boost, Snapshot
from custom_components.sunfuse.engine.tuning import Tuning
from development.replay import main as replay
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from ..site_fixtures import obeys

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_a_download_is_replayed(
    hass: HomeAssistant,
    start: Callable[..., Any],
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """Today's engine decides as it did; with another ramp it would not. Nobody is named."""
    assert await async_setup_component(hass, "diagnostics", {})
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    boost = Boost(started_at=dt_util.utcnow(), energy_wh=5000, person="Erika")
    home.entry.runtime_data.settings.set_connector("CP1/1", boost=boost)
    home.house_a = (16, 4, 4)
    await obeys(station, 8)
    found = await get_diagnostics_for_config_entry(hass, hass_client, home.entry)
    record = json.dumps(found["flight_record"])
    assert "Erika" not in record
    assert "CP1" not in record
    assert "person 0001" in record

    path = tmp_path / "diagnostics.json"
    path.write_text(json.dumps({"home_assistant": {}, "data": found}))
    assert replay([str(path)]) == 0
    assert " 0 differences" in capsys.readouterr().out

    defaults = Snapshot.__init__.__kwdefaults__
    assert defaults
    monkeypatch.setitem(defaults, "tuning", Tuning(ramp_a_per_s=0.1))
    assert replay([str(path)]) == 1
    assert "connector 0001: " in capsys.readouterr().out
