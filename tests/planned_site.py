"""A site whose car is plugged in and asks for energy, with prices until the end of tomorrow: for tests of plans."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.devices import station_identifier
from custom_components.sunfuse.drivers.demand import Demand
from custom_components.sunfuse.engine.model import ConnectorStatus, Mode
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .common import charger, set_meters
from .price_site import SPOT, Start, pass_time, rows, set_spot, state, tariff

# Cheap from 01:00 to 05:00 in Amsterdam, dear before.
TODAY = rows("2026-11-25", [0.34] * 24)
TOMORROW = rows("2026-11-26", [0.34] + [0.11] * 4 + [0.3] * 19)
SEVEN = datetime(2026, 11, 26, 6, tzinfo=UTC)
KEY = "CP1/1"


type Plan = Callable[..., Any]


class Site:
    """A site with a car that is plugged in and wants to be ready by seven.

    What its charger and its driver would say is put in: OCPP and vehicles have their own tests.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        freezer: FrozenDateTimeFactory,
        entry: MockConfigEntry,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Plug in, and ask for 20 kWh until seven."""
        self.hass = hass
        self.freezer = freezer
        self.entry = entry
        self.demand = Demand(departure=SEVEN, energy_wh=20_000.0)
        self.runtime = entry.runtime_data
        of_charger = self.runtime.chargers.for_engine

        def plugged(*args: Any) -> Any:
            decided = self.runtime.coordinator.data.decision.connectors
            return replace(
                of_charger(*args),
                reachable=True,
                connect_to=None,
                status=ConnectorStatus.PREPARING,
                offer_a=decided[0].offer_a,  # the charger does as it is told
            )

        monkeypatch.setattr(self.runtime.chargers, "for_engine", plugged)
        monkeypatch.setattr(self.runtime.demands, "at", lambda *_: self.demand)
        self.runtime.settings.set_connector(KEY, mode=Mode.ECO)

    async def settle(self) -> None:
        """Let ticks and plans follow what changed."""
        self.runtime.controller.tick()
        for turn in range(3):
            current_a = 1 + turn / 10  # a meter that stands still is a broken one
            set_meters(self.hass, currents_a=(current_a, current_a, current_a))
            await pass_time(self.hass, self.freezer, 2.1)

    def shows(self, key: str) -> str:
        """Return the state of a sensor of the connector."""
        return state(self.hass, self.entry, f"{KEY}_{key}").state

    @property
    def explanation(self) -> str:
        """Return why the connector gets what it gets, as a sentence."""
        reason = state(self.hass, self.entry, f"{KEY}_reason")
        text: str = reason.attributes["explanation"]
        return text

    @property
    def device(self) -> str:
        """Return the device of the charger."""
        device = dr.async_get(self.hass).async_get_device_by_identifier(
            station_identifier(self.entry, "CP1"), self.entry.entry_id
        )
        assert device
        return device.id

    def event(self) -> dict[str, Any]:
        """Return what the plan's event last told."""
        return dict(self._event.attributes)

    @property
    def told_at(self) -> str:
        """Return when the plan's event last told something."""
        return self._event.state

    @property
    def _event(self) -> State:
        entity_id = er.async_get(self.hass).async_get_entity_id(
            "event", DOMAIN, f"{self.entry.entry_id}_{KEY}_plan"
        )
        assert entity_id
        found = self.hass.states.get(entity_id)
        assert found
        return found


@pytest.fixture
async def site(
    hass: HomeAssistant,
    start_frozen: Start,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    """Return the site at 12:05, with prices until the end of tomorrow."""
    set_spot(hass, TODAY, TOMORROW)
    entry = await start_frozen(
        tariff(source={"kind": "entity", "entities": [SPOT]}), charger("CP1")
    )
    found = Site(hass, freezer, entry, monkeypatch)
    await found.settle()
    return found
