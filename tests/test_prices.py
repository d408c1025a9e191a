"""Prices from a tariff to entities and repairs, in a Home Assistant with a site."""

import asyncio
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
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    State,
    SupportsResponse,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er, issue_registry as ir

from .common import free_port, set_meters, site_entry

pytestmark = pytest.mark.usefixtures("socket_enabled")

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
async def start(
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
    """Return the keys of the repairs that are shown."""
    return {
        issue.translation_key
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN
    }


async def test_a_table_with_fees_and_taxes(
    hass: HomeAssistant, start: Start, freezer: FrozenDateTimeFactory
) -> None:
    """(0.10 + 0.02 + 0.05 + 0.03) x 1.21 = 0.242 by day; by night the grid costs nothing: 0.1815."""
    entry = await start(
        tariff(
            source={"kind": "table", "table": {"value": 0.10}},
            components={
                "surcharge": 0.02,
                "taxes": 0.03,
                "grid_fee": {
                    "value": 0.05,
                    "periods": [{"value": 0, "start": "23:00", "end": "07:00"}],
                },
                "vat_percent": 21,
                "export": "spot",
                "export_factor": 0.9,
                "export_offset": -0.01,
            },
            carbon={"kind": "table", "table": {"value": 250}},
        )
    )
    price = state(hass, entry, "import_price")
    assert float(price.state) == pytest.approx(0.242)
    assert price.attributes["unit_of_measurement"] == "EUR/kWh"
    assert float(state(hass, entry, "export_price").state) == pytest.approx(0.08)
    assert float(state(hass, entry, "carbon_intensity").state) == 250
    # Tonight at 23:00 in Amsterdam.
    cheapest = state(hass, entry, "cheapest_slot")
    assert cheapest.state == "2026-11-25T22:00:00+00:00"
    assert cheapest.attributes["price"] == pytest.approx(0.1815)
    assert cheapest.attributes["estimated"] is False
    first, *others = price.attributes["prices"]
    assert first["start"] == "2026-11-25T11:00:00+00:00"
    assert first["value"] == pytest.approx(0.242)
    assert len(others) >= 191
    await to(hass, freezer, datetime(2026, 11, 25, 22, 0, 1, tzinfo=UTC))
    assert float(state(hass, entry, "import_price").state) == pytest.approx(0.1815)


async def test_the_energy_dashboards_price_is_the_default(
    hass: HomeAssistant, start: Start
) -> None:
    """Without a tariff, what the Energy dashboard names is read: prices ahead where it has them."""
    set_spot(hass, rows("2026-11-25", [0.2 + i / 100 for i in range(24)]))
    hass.states.async_set("sensor.feed_in", "7.5", {"unit_of_measurement": "ct/kWh"})
    entry = await start(
        sources={
            "grid": {"entity": "sensor.grid_power"},
            "price_import": SPOT,
            "price_export": "sensor.feed_in",
        }
    )
    assert float(state(hass, entry, "import_price").state) == pytest.approx(0.32)
    assert float(state(hass, entry, "export_price").state) == pytest.approx(0.075)
    known = state(hass, entry, "prices_known_until")
    assert known.state == "2026-11-25T23:00:00+00:00"


async def test_a_site_without_prices_has_no_price_sensors(
    hass: HomeAssistant, start: Start
) -> None:
    """Nobody wants five entities that are unknown for ever."""
    entry = await start()
    registry = er.async_get(hass)
    unique_id = f"{entry.entry_id}_import_price"
    assert registry.async_get_entity_id("sensor", DOMAIN, unique_id) is None


async def test_tomorrow_arrives(
    hass: HomeAssistant, start: Start, freezer: FrozenDateTimeFactory
) -> None:
    """Until it does, tomorrow is the average; when it does, it is shown at once."""
    set_spot(hass, rows("2026-11-25", [0.2] * 24))
    entry = await start(tariff(source={"kind": "entity", "entities": [SPOT]}))
    slots = state(hass, entry, "import_price").attributes["prices"]
    assert {slot["estimated"] for slot in slots[:49]} == {False, True}
    set_spot(hass, rows("2026-11-25", [0.2] * 24), rows("2026-11-26", [0.05] * 96))
    await pass_time(hass, freezer, 2)
    assert state(hass, entry, "prices_known_until").state == "2026-11-26T23:00:00+00:00"
    assert state(hass, entry, "cheapest_slot").state == "2026-11-25T23:00:00+00:00"


@pytest.mark.parametrize(("day", "quarters"), [("2026-03-29", 92), ("2026-10-25", 100)])
async def test_days_of_92_and_100_quarter_hours(
    hass: HomeAssistant,
    start: Start,
    freezer: FrozenDateTimeFactory,
    day: str,
    quarters: int,
) -> None:
    """The last quarter hour of the day has the last price, whatever the clock did."""
    freezer.move_to(
        datetime.fromisoformat(day).replace(tzinfo=AMSTERDAM) + timedelta(minutes=1)
    )
    prices: list[float | None] = [0.1 + i / 1000 for i in range(quarters)]
    set_spot(hass, rows(day, prices))
    entry = await start(tariff(source={"kind": "entity", "entities": [SPOT]}))
    known = [
        slot
        for slot in state(hass, entry, "import_price").attributes["prices"]
        if not slot["estimated"]
    ]
    assert [slot["value"] for slot in known] == pytest.approx(prices)


async def test_after_a_restart_what_was_known_is_there_at_once(
    hass: HomeAssistant, start: Start, freezer: FrozenDateTimeFactory
) -> None:
    """The integration that the prices come from may start later, or not at all."""
    set_spot(hass, rows("2026-11-25", [0.2] * 12 + [0.4] * 12))
    entry = await start(tariff(source={"kind": "entity", "entities": [SPOT]}))
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


async def test_a_changed_tariff_does_not_disturb_the_chargers(
    hass: HomeAssistant, start: Start, freezer: FrozenDateTimeFactory
) -> None:
    """Fees hold at once, also for what was heard before; only carbon needs an entity more."""
    entity = {"kind": "entity", "entities": [SPOT]}
    set_spot(hass, rows("2026-11-25", [0.2] * 24))
    entry = await start(tariff(source=entity))
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
    hass: HomeAssistant, start: Start, freezer: FrozenDateTimeFactory
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


async def test_what_another_entity_or_unit_said_is_forgotten(
    hass: HomeAssistant, start: Start, freezer: FrozenDateTimeFactory
) -> None:
    """Who first chose the price of gas, or the wrong unit, does not pay with two weeks of averages."""
    set_spot(hass, rows("2026-11-25", [0.9] * 24), rows("2026-11-26", [0.9] * 24))
    entry = await start(tariff(source={"kind": "entity", "entities": [SPOT]}))
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
    start: Start,
    freezer: FrozenDateTimeFactory,
    attributes: dict[str, Any],
    issue: str | None,
) -> None:
    """Not at once: integrations start slowly. And it goes away when it is put right."""
    hass.states.async_set(SPOT, "0.25" if issue is None else "unknown", attributes)
    await start(tariff(source={"kind": "entity", "entities": [SPOT]}))
    assert issues(hass) == set()
    await to(hass, freezer, NOW + timedelta(hours=1, minutes=31))
    await pass_time(hass, freezer, 6)
    assert issues(hass) == {issue or "price_unreadable"}
    set_spot(hass, rows("2026-11-25", [0.2] * 24))
    await pass_time(hass, freezer, 2)
    await pass_time(hass, freezer, 6)
    assert issues(hass) == set()


async def test_a_server_is_not_asked_every_quarter_hour(
    hass: HomeAssistant, start: Start, freezer: FrozenDateTimeFactory
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
    entry = await start(tariff(source=source))
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
    hass: HomeAssistant, start: Start, freezer: FrozenDateTimeFactory
) -> None:
    """The user gives the price another name; the tariff names it so."""
    registry = er.async_get(hass)
    registry.async_get_or_create(
        "sensor", "nordpool", "nl", suggested_object_id="nordpool_kwh_nl"
    )
    set_spot(hass, rows("2026-11-25", [0.2] * 24))
    entry = await start(tariff(source={"kind": "entity", "entities": [SPOT]}))
    registry.async_update_entity(SPOT, new_entity_id="sensor.spot")
    await hass.async_block_till_done(wait_background_tasks=True)
    (subentry,) = entry.get_subentries_of_type("tariff")
    assert subentry.data["source"]["entities"] == ["sensor.spot"]


async def test_the_action_returns_slots(hass: HomeAssistant, start: Start) -> None:
    """For automations that want more than the cheapest one."""
    entry = await start(
        tariff(
            source={"kind": "table", "table": {"value": 0.2}},
            components={"export_table": {"value": 0.07}},
        )
    )
    data = {"config_entry_id": entry.entry_id, "hours": 1}
    response = await hass.services.async_call(
        DOMAIN, "get_prices", data, blocking=True, return_response=True
    )
    assert response
    prices = response["prices"]
    assert isinstance(prices, list)
    # 12:05 to 13:05 touches five quarter hours.
    assert len(prices) == 5
    assert prices[0] == {
        "start": "2026-11-25T11:00:00+00:00",
        "end": "2026-11-25T11:15:00+00:00",
        "value": 0.2,
        "export": 0.07,
        "estimated": False,
    }
    assert response["currency"] == "EUR"


async def test_the_action_of_a_site_without_prices(
    hass: HomeAssistant, start: Start
) -> None:
    """It says so."""
    entry = await start()
    with pytest.raises(ServiceValidationError, match="no electricity tariff"):
        await hass.services.async_call(
            DOMAIN,
            "get_prices",
            {"config_entry_id": entry.entry_id},
            blocking=True,
            return_response=True,
        )


async def test_a_tariff_that_cannot_be_read_stops_nothing(
    hass: HomeAssistant, start: Start
) -> None:
    """The site protects its fuse without it; a repair tells."""
    broken = ConfigSubentryData(
        data={"rule": {"key": "atlantis"}},
        subentry_type="capacity_tariff",
        title="Grid",
        unique_id=None,
    )
    entry = await start(tariff(source={"kind": "crystal ball"}), broken)
    assert entry.state is ConfigEntryState.LOADED
    assert issues(hass) == {"tariff_unusable"}
    assert len(ir.async_get(hass).issues) == 2


@pytest.mark.parametrize(
    ("today", "tomorrow", "price", "issue"),
    [
        # One value that no market can reach: its quarter is the average of the others.
        ([0.2] * 12 + [9999.0] + [0.2] * 11, [], 0.2, "price_absurd_values"),
        # Null where nothing is known yet.
        ([0.2] * 13 + [None] * 11, [], 0.2, None),
        # Negative prices are prices.
        ([-0.05] * 24, [], -0.05, None),
        # Thousands in a euro unit would be a wrong unit, if the state did not tell the scale.
        ([2000.0] * 24, [], 0.2, None),
    ],
)
async def test_data_that_users_report(
    hass: HomeAssistant,
    start: Start,
    freezer: FrozenDateTimeFactory,
    today: list[float | None],
    tomorrow: list[float | None],
    price: float,
    issue: str | None,
) -> None:
    """Absurd, missing, negative, in another scale: what can be used is used, the rest is told."""
    set_spot(hass, rows("2026-11-25", today), state=str(price))
    entry = await start(tariff(source={"kind": "entity", "entities": [SPOT]}))
    assert float(state(hass, entry, "import_price").state) == pytest.approx(price)
    await to(hass, freezer, NOW + timedelta(minutes=31))
    await pass_time(hass, freezer, 6)
    assert issues(hass) == ({issue} if issue else set())


async def test_a_tariff_that_is_deleted_takes_its_sensors_with_it(
    hass: HomeAssistant, start: Start
) -> None:
    """Nothing is left that is unavailable for ever."""
    entry = await start(
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
