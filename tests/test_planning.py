"""A site plans its cars: what is planned reaches chargers and entities, in a Home Assistant with a site."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.drivers.demand import Demand
from custom_components.sunfuse.engine.model import ConnectorStatus, Mode
from homeassistant.core import HomeAssistant

from .common import charger
from .price_site import SPOT, Start, pass_time, rows, set_spot, state, tariff

pytestmark = pytest.mark.usefixtures("socket_enabled")

# Cheap from 01:00 to 05:00 in Amsterdam, dear before.
TODAY = rows("2026-11-25", [0.34] * 24)
TOMORROW = rows("2026-11-26", [0.34] + [0.11] * 4 + [0.3] * 19)
SEVEN = datetime(2026, 11, 26, 6, tzinfo=UTC)
KEY = "CP1/1"


class Car:
    """A car at the charger of a site that is played without OCPP: what the charger would report is patched in."""

    def __init__(self, entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch) -> None:
        """Plug in, and ask for 20 kWh until seven."""
        self.runtime = entry.runtime_data
        self.demand = Demand(departure=SEVEN, energy_wh=20_000.0)
        of_charger = self.runtime.chargers.for_engine

        def plugged(*args: Any) -> Any:
            return replace(
                of_charger(*args),
                reachable=True,
                connect_to=None,
                status=ConnectorStatus.PREPARING,
            )

        monkeypatch.setattr(self.runtime.chargers, "for_engine", plugged)
        monkeypatch.setattr(self.runtime.demands, "at", lambda *_: self.demand)
        self.runtime.settings.set_connector(KEY, mode=Mode.ECO)


async def test_a_car_waits_for_the_cheap_hours(
    hass: HomeAssistant,
    start_frozen: Start,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It waits from noon until one, and has what it needs long before seven."""
    set_spot(hass, TODAY, TOMORROW)
    entry = await start_frozen(
        tariff(source={"kind": "entity", "entities": [SPOT]}), charger("CP1")
    )
    Car(entry, monkeypatch)
    for _ in range(4):
        await pass_time(hass, freezer, 2.1)
    assert state(hass, entry, "CP1/1_reason").state == "waiting_for_price"
    # 20 kWh at 11 kW, of which 90 % arrive, take two hours: from one to five is plenty.
    assert state(hass, entry, "CP1/1_explanation").state == (
        "Waiting until 01:00, when electricity costs 0.11 instead of 0.34. Ready by 03:15."
    )
