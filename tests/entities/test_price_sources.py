"""What prices are read from, when, and what comes of sources that change, fail or are wrong."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir

from ..common import free_port, set_meters, site_entry
from ..price_site import (
    MINUTE,
    NOW,
    SPOT,
    Start,
    issues,
    pass_time,
    rows,
    set_spot,
    state,
    tariff,
    to,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def change_soon(hass: HomeAssistant, entry: MockConfigEntry, **data: Any) -> None:
    """Change the site's tariff while it is being read."""
    (subentry,) = entry.get_subentries_of_type("tariff")
    hass.config_entries.async_update_subentry(entry, subentry, data=data)
    await hass.async_block_till_done()


async def change(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    **data: Any,
) -> None:
    """Change the site's tariff, as its form does."""
    await change_soon(hass, entry, **data)
    await pass_time(hass, freezer, 2)


async def test_after_a_restart_what_was_known_is_there_at_once(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """The integration that the prices come from may start later, or not at all."""
    set_spot(hass, rows("2026-11-25", [0.2] * 12 + [0.4] * 12))
    entry = await start_frozen(tariff(source={"kind": "entity", "entities": [SPOT]}))
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass.states.async_remove(SPOT)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert float(state(hass, entry, "import_price").state) == pytest.approx(0.4)
    assert issues(hass) == set()
    await to(hass, freezer, NOW + timedelta(hours=2))
    assert float(state(hass, entry, "import_price").state) == pytest.approx(0.4)
    assert issues(hass) == {"price_source_failed"}
    # The next day, the average of these hours is expected.
    await to(hass, freezer, NOW + timedelta(hours=20))
    assert float(state(hass, entry, "import_price").state) == pytest.approx(0.2)
    assert state(hass, entry, "import_price").attributes["prices"][0]["estimated"]
    set_spot(hass, rows("2026-11-26", [0.3] * 24))
    await pass_time(hass, freezer, 2)
    await pass_time(hass, freezer, 6)
    assert float(state(hass, entry, "import_price").state) == pytest.approx(0.3)
    assert issues(hass) == set()


async def test_a_changed_tariff_does_not_disturb_the_chargers(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """Fees hold at once, also for what was heard before; only carbon needs an entity more."""
    entity = {"kind": "entity", "entities": [SPOT]}
    set_spot(hass, rows("2026-11-25", [0.2] * 24))
    entry = await start_frozen(tariff(source=entity))
    running = entry.runtime_data
    hass.states.async_set(SPOT, "unavailable")
    await change(hass, freezer, entry, source=entity, components={"surcharge": 0.05})
    assert entry.runtime_data is running
    assert float(state(hass, entry, "import_price").state) == pytest.approx(0.25)
    table = {"kind": "table", "table": {"value": 0.4}}
    await change(hass, freezer, entry, source=table)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.runtime_data is not running, "the entity is read no more"
    running = entry.runtime_data
    await change(hass, freezer, entry, source={**table, "table": {"value": 0.5}})
    assert entry.runtime_data is running
    shown = state(hass, entry, "import_price").attributes["prices"]
    assert {row["value"] for row in shown} == {0.5}
    await change(hass, freezer, entry, source=table, carbon=table)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.runtime_data is not running
    assert state(hass, entry, "carbon_intensity")


async def test_an_answer_to_the_tariff_of_before_is_not_taken(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """Its action still ponders while the user has chosen a table."""
    answered = asyncio.Event()

    async def ponder(call: ServiceCall) -> ServiceResponse:
        await answered.wait()
        start = "2026-11-25T00:00:00+01:00"
        return {"prices": {"Home": [{"start_time": start, "price": 0.9}]}}

    hass.services.async_register(
        "tibber", "get_prices", ponder, supports_response=SupportsResponse.ONLY
    )
    source = {"kind": "action", "action": "tibber", "entry_id": "x"}
    set_meters(hass, currents_a=(1, 1, 1))
    entry = site_entry(free_port(), tariff(source=source))
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    running = entry.runtime_data
    table = {"kind": "table", "table": {"value": 0.3}}
    await change_soon(hass, entry, source=table)
    answered.set()
    await pass_time(hass, freezer, 2)
    await pass_time(hass, freezer, 2)
    assert entry.runtime_data is running
    assert float(state(hass, entry, "import_price").state) == pytest.approx(0.3)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_values_of_another_entity_or_unit_are_forgotten(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """Who first chose the price of gas, or the wrong unit, does not pay with two weeks of averages."""
    set_spot(hass, rows("2026-11-25", [0.9] * 24), rows("2026-11-26", [0.9] * 24))
    entry = await start_frozen(tariff(source={"kind": "entity", "entities": [SPOT]}))
    hass.states.async_set(
        "sensor.right",
        "20",
        {"unit_of_measurement": "ct/kWh", "raw_today": rows("2026-11-25", [20] * 24)},
    )
    (subentry,) = entry.get_subentries_of_type("tariff")
    source = {"kind": "entity", "entities": ["sensor.right"]}
    hass.config_entries.async_update_subentry(entry, subentry, data={"source": source})
    await hass.async_block_till_done(wait_background_tasks=True)
    await pass_time(hass, freezer, 2)
    shown = state(hass, entry, "import_price").attributes["prices"]
    assert {row["value"] for row in shown} == {0.2}


@pytest.mark.parametrize(
    ("attributes", "issue"),
    [
        ({"unit_of_measurement": "EUR/kWh", "raw_today": "[{'start': oops"}, None),
        ({"raw_today": rows("2026-11-25", [85.0] * 24)}, "price_unit_unknown"),
        (
            {
                "unit_of_measurement": "EUR/kWh",
                "raw_today": rows("2026-11-25", [8500.0] * 24),
            },
            "price_scale_unknown",
        ),
        ({"friendly_name": "Kitchen"}, "price_nothing_found"),
        (
            {
                "unit_of_measurement": "EUR/kWh",
                "raw_today": rows("2026-11-20", [0.2] * 24),
            },
            "price_outdated",
        ),
    ],
)
async def test_what_stays_wrong_becomes_a_repair(
    hass: HomeAssistant,
    start_frozen: Start,
    freezer: FrozenDateTimeFactory,
    attributes: dict[str, Any],
    issue: str | None,
) -> None:
    """Not at once: integrations start slowly. And it goes away when it is put right."""
    hass.states.async_set(SPOT, "0.25" if issue is None else "unknown", attributes)
    await start_frozen(tariff(source={"kind": "entity", "entities": [SPOT]}))
    assert issues(hass) == set()
    await to(hass, freezer, NOW + timedelta(hours=1, minutes=31))
    await pass_time(hass, freezer, 6)
    assert issues(hass) == {issue or "price_unreadable"}
    set_spot(hass, rows("2026-11-25", [0.2] * 24))
    await pass_time(hass, freezer, 2)
    await pass_time(hass, freezer, 6)
    assert issues(hass) == set()


async def test_a_server_is_not_asked_every_quarter_hour(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """Nord Pool: at the start, each hour, and each quarter while tomorrow is due; one that fails loses nothing."""
    nordpool = MockConfigEntry(domain="nordpool", data={"currency": "EUR"})
    nordpool.add_to_hass(hass)
    days = {"2026-11-25": 90.0}
    asked: list[str] = []
    broken = False

    async def answer(call: ServiceCall) -> ServiceResponse:
        asked.append(call.data["date"])
        if broken:
            raise HomeAssistantError("connection_error")
        price = days.get(call.data["date"])
        found = [] if price is None else rows(call.data["date"], [price] * 96)
        return {
            "NL": [
                {"start": r["start"], "end": r["end"], "price": r["value"]}
                for r in found
            ]
        }

    hass.services.async_register(
        "nordpool",
        "get_prices_for_date",
        answer,
        supports_response=SupportsResponse.ONLY,
    )
    source = {
        "kind": "action",
        "action": "nordpool",
        "entry_id": nordpool.entry_id,
        "name": "NL",
    }
    entry = await start_frozen(tariff(source=source))
    assert float(state(hass, entry, "import_price").state) == pytest.approx(0.09)
    assert asked == ["2026-11-25", "2026-11-26"]
    await to(hass, freezer, datetime(2026, 11, 25, 11, 59, tzinfo=UTC), MINUTE)
    assert len(asked) == 2
    broken = True
    await to(hass, freezer, datetime(2026, 11, 25, 12, 46, 30, tzinfo=UTC), MINUTE)
    assert len(asked) == 2 + 2 * 4
    assert float(state(hass, entry, "import_price").state) == pytest.approx(0.09)
    broken = False
    days["2026-11-26"] = 70.0
    await to(hass, freezer, datetime(2026, 11, 25, 13, 1, 30, tzinfo=UTC), MINUTE)
    assert state(hass, entry, "prices_known_until").state == "2026-11-26T23:00:00+00:00"
    so_far = len(asked)
    await to(hass, freezer, datetime(2026, 11, 25, 13, 59, tzinfo=UTC), MINUTE)
    assert len(asked) == so_far


async def test_a_renamed_entity_is_followed(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """The user gives the price another name; the tariff names it so."""
    registry = er.async_get(hass)
    registry.async_get_or_create(
        "sensor", "nordpool", "nl", suggested_object_id="nordpool_kwh_nl"
    )
    set_spot(hass, rows("2026-11-25", [0.2] * 24))
    entry = await start_frozen(tariff(source={"kind": "entity", "entities": [SPOT]}))
    registry.async_update_entity(SPOT, new_entity_id="sensor.spot")
    await hass.async_block_till_done(wait_background_tasks=True)
    (subentry,) = entry.get_subentries_of_type("tariff")
    assert subentry.data["source"]["entities"] == ["sensor.spot"]


async def test_a_tariff_that_cannot_be_read_stops_nothing(
    hass: HomeAssistant, start_frozen: Start
) -> None:
    """The site protects its fuse without it; a repair issue reports it."""
    broken = ConfigSubentryData(
        data={"rule": {"key": "atlantis"}},
        subentry_type="capacity_tariff",
        title="Grid",
        unique_id=None,
    )
    entry = await start_frozen(tariff(source={"kind": "crystal ball"}), broken)
    assert entry.state is ConfigEntryState.LOADED
    assert issues(hass) == {"tariff_unusable"}
    assert len(ir.async_get(hass).issues) == 2


async def test_a_tariff_that_is_deleted_takes_its_sensors_with_it(
    hass: HomeAssistant, start_frozen: Start
) -> None:
    """Nothing is left that is unavailable for ever."""
    entry = await start_frozen(
        tariff(
            source={"kind": "table", "table": {"value": 0.2}},
            carbon={"kind": "table", "table": {"value": 100}},
        )
    )
    assert state(hass, entry, "carbon_intensity").state == "100.0"
    (subentry,) = entry.get_subentries_of_type("tariff")
    hass.config_entries.async_update_subentry(
        entry, subentry, data={"source": subentry.data["source"]}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    registry = er.async_get(hass)
    carbon = f"{entry.entry_id}_carbon_intensity"
    assert registry.async_get_entity_id("sensor", DOMAIN, carbon) is None
    assert state(hass, entry, "import_price").state == "0.2"
    hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    price = f"{entry.entry_id}_import_price"
    assert registry.async_get_entity_id("sensor", DOMAIN, price) is None
