"""A site in Amsterdam on a Wednesday, with a tariff and Nord Pool's entity; the test controls its time."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.sunfuse.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er, issue_registry as ir

from .common import free_port, set_meters, site_entry

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


# A Wednesday, 12:05 in Amsterdam.
NOW = datetime(2026, 11, 25, 11, 5, tzinfo=UTC)


QUARTER = timedelta(minutes=15)


MINUTE = timedelta(minutes=1)


SPOT = "sensor.nordpool_kwh_nl"


type Start = Callable[..., Any]


def tariff(**data: Any) -> ConfigSubentryData:
    """Return a tariff's sub-entry."""
    return ConfigSubentryData(
        data=data, subentry_type="tariff", title="Tariff", unique_id=None
    )


def rows(day: str, prices: Sequence[float | None]) -> list[dict[str, Any]]:
    """Return a local day's prices as Nord Pool's attributes hold them, hours or quarters."""
    start = datetime.fromisoformat(day).replace(tzinfo=AMSTERDAM).astimezone(UTC)
    end = (
        (datetime.fromisoformat(day) + timedelta(days=1))
        .replace(tzinfo=AMSTERDAM)
        .astimezone(UTC)
    )
    step = (end - start) / len(prices)
    return [
        {
            "start": (start + i * step).astimezone(AMSTERDAM).isoformat(),
            "end": (start + (i + 1) * step).astimezone(AMSTERDAM).isoformat(),
            "value": price,
        }
        for i, price in enumerate(prices)
    ]


def set_spot(
    hass: HomeAssistant, today: Any, tomorrow: Any = (), state: str = "0.2"
) -> None:
    """Show what Nord Pool's entity shows."""
    hass.states.async_set(
        SPOT,
        state,
        {
            "unit_of_measurement": "EUR/kWh",
            "raw_today": today,
            "raw_tomorrow": list(tomorrow),
        },
    )


@pytest.fixture
async def start_frozen(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncIterator[Start]:
    """Return what sets up a site with these sub-entries."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    hass.config.currency = "EUR"
    freezer.move_to(NOW)
    entries: list[MockConfigEntry] = []

    async def start(*subentries: ConfigSubentryData, **changes: Any) -> MockConfigEntry:
        set_meters(hass, currents_a=(1, 1, 1))
        entry = site_entry(free_port(), *subentries, **changes)
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        entries.append(entry)
        await pass_time(hass, freezer, 1)
        return entry

    yield start
    for entry in entries:
        if entry.state is ConfigEntryState.LOADED:
            await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


async def pass_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float
) -> None:
    """Let time pass, and what is due happen."""
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def to(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    at: datetime,
    step: timedelta = QUARTER,
) -> None:
    """Let time pass until an instant, step by step."""
    while (left := at - datetime.now(UTC)) > timedelta(0):
        await pass_time(hass, freezer, min(left, step).total_seconds())


def state(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> State:
    """Return the state of an entity by its key."""
    entity_id = er.async_get(hass).async_get_entity_id(
        "sensor", DOMAIN, f"{entry.entry_id}_{key}"
    )
    assert entity_id, key
    found = hass.states.get(entity_id)
    assert found
    return found


def issues(hass: HomeAssistant) -> set[str | None]:
    """Return the keys of the repairs that are shown, but for the meter's, whose states stand still here for hours."""
    return {
        issue.translation_key
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.translation_key != "meter_lost"
    }
