"""Prices through Home Assistant: entities, actions, tables, calendars, restarts."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.sources.tariffs import actions
from custom_components.sunfuse.sources.tariffs.actions import ACTIONS, async_read_action
from custom_components.sunfuse.sources.tariffs.price_reader import (
    TariffReader,
    config_from_dict,
    next_refresh,
    price_actions,
)
from custom_components.sunfuse.sources.tariffs.price_slots import IssueKey
from custom_components.sunfuse.sources.tariffs.table import TableError
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
)
from homeassistant.exceptions import ServiceValidationError

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2026, 11, 25, 11, 5, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 24, 23, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.fixture(autouse=True)
async def _in_amsterdam(hass: HomeAssistant) -> None:
    """Home Assistant of a Dutch user."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    hass.config.currency = "EUR"


def answering(
    hass: HomeAssistant,
    action: str,
    answer: Callable[[dict[str, Any]], ServiceResponse],
) -> list[dict[str, Any]]:
    """Register another integration's action; return the data of its calls."""
    calls: list[dict[str, Any]] = []

    async def handle(call: ServiceCall) -> ServiceResponse:
        calls.append(dict(call.data))
        return answer(dict(call.data))

    domain, name = action.split(".")
    hass.services.async_register(
        domain, name, handle, supports_response=SupportsResponse.ONLY
    )
    return calls


def quarters(day: str, price: float) -> list[tuple[datetime, datetime, float]]:
    """Return the quarter hours of a local day."""
    start = datetime.fromisoformat(day).replace(tzinfo=AMSTERDAM).astimezone(UTC)
    return [(start + i * QUARTER, start + (i + 1) * QUARTER, price) for i in range(96)]


async def test_nordpool(hass: HomeAssistant) -> None:
    """Per MWh, by area, and tomorrow is empty until it is published."""
    entry = MockConfigEntry(domain="nordpool", data={"currency": "SEK"})
    entry.add_to_hass(hass)

    def answer(data: dict[str, Any]) -> ServiceResponse:
        rows: list[Any] = [
            {"start": s.isoformat(), "end": e.isoformat(), "price": p}
            for s, e, p in quarters(data["date"], 850.0)
        ]
        return {"SE3": rows if data["date"] == "2026-11-25" else [], "SE4": []}

    calls = answering(hass, "nordpool.get_prices_for_date", answer)
    reading = await async_read_action(hass, "nordpool", entry.entry_id, NOW)
    assert [call["date"] for call in calls] == ["2026-11-25", "2026-11-26"]
    assert calls[0]["config_entry"] == entry.entry_id
    assert reading.currency == "SEK"
    assert len(reading.series) == 96
    assert reading.series[0].value == pytest.approx(0.85)
    assert reading.issues == ()
    other = await async_read_action(hass, "nordpool", entry.entry_id, NOW, name="SE4")
    assert other.issues[0].key is IssueKey.NOTHING_FOUND


async def test_tibber(hass: HomeAssistant) -> None:
    """All homes in one answer; the named one is taken."""
    calls = answering(
        hass,
        "tibber.get_prices",
        lambda _: {
            "prices": {
                name: [
                    {"start_time": s.isoformat(), "price": p}
                    for s, _, p in quarters("2026-11-25", price)
                ]
                for name, price in (("Home", 0.31), ("Cabin", 0.22))
            }
        },
    )
    reading = await async_read_action(hass, "tibber", "x", NOW, name="Cabin")
    assert calls == [
        {"start": "2026-11-25T00:00:00+01:00", "end": "2026-11-27T00:00:00+01:00"}
    ]
    assert {slot.value for slot in reading.series} == {0.22}
    assert reading.currency == "EUR"
    first = await async_read_action(hass, "tibber", "x", NOW)
    assert {slot.value for slot in first.series} == {0.31}


@pytest.mark.parametrize(
    "key", ["energyzero", "energyzero_all_in", "easyenergy", "easyenergy_return"]
)
async def test_dutch_suppliers_whose_tomorrow_fails(
    hass: HomeAssistant, key: str
) -> None:
    """Energyzero raises for a day without data: today is not lost by that."""

    def answer(data: dict[str, Any]) -> ServiceResponse:
        assert data["start"] == data["end"]
        if data["start"] == "2026-11-26":
            raise ServiceValidationError("no data")
        return {
            "prices": [
                {"price": p, "timestamp": str(s)}
                for s, _, p in quarters(data["start"], 0.27)
            ]
        }

    action = ACTIONS[key]
    answering(hass, f"{action.domain}.{action.action}", answer)
    reading = await async_read_action(hass, key, "entry", NOW)
    assert len(reading.series) == 96
    assert reading.issues == ()


async def test_omie(hass: HomeAssistant) -> None:
    """By country; per kWh already; tomorrow is refused until it is published."""

    def answer(data: dict[str, Any]) -> ServiceResponse:
        if data["date"] == "2026-11-26":
            raise ServiceValidationError("not available")
        return {
            country: [
                {"start": s.isoformat(), "end": e.isoformat(), "price": p}
                for s, e, p in quarters(data["date"], price)
            ]
            for country, price in (("es", 0.08), ("pt", 0.09))
        }

    calls = answering(hass, "omie.get_prices_for_date", answer)
    reading = await async_read_action(hass, "omie", "x", NOW, name="pt")
    assert [call["date"] for call in calls] == ["2026-11-25", "2026-11-26"]
    assert {slot.value for slot in reading.series} == {0.09}
    assert (len(reading.series), reading.issues) == (96, ())
    first = await async_read_action(hass, "omie", "x", NOW)
    assert {slot.value for slot in first.series} == {0.08}


async def test_green_planet_energy(hass: HomeAssistant) -> None:
    """What it holds of the coming day."""
    rows: list[Any] = [
        {"start": s.isoformat(), "end": e.isoformat(), "price": p}
        for s, e, p in quarters("2026-11-25", 0.31)
        if e > NOW
    ]
    calls = answering(
        hass, "green_planet_energy.get_prices", lambda _: {"prices": rows}
    )
    reading = await async_read_action(hass, "green_planet_energy", "id", NOW)
    assert calls == [{"config_entry_id": "id", "hours": 24}]
    assert len(reading.series) == 48
    assert (reading.series[0].value, reading.issues) == (0.31, ())


async def test_amber(hass: HomeAssistant) -> None:
    """Five-minute and half-hour intervals, begun at second 1; feed-in apart."""

    def answer(data: dict[str, Any]) -> ServiceResponse:
        price = {"general": 0.32, "feed_in": 0.06}[data["channel_type"]]
        starts = [(NOW, 5), (NOW + timedelta(minutes=5), 5)]
        starts += [(NOW + timedelta(minutes=10 + 30 * i), 30) for i in range(20)]
        rows: list[Any] = [
            {
                "duration": minutes,
                "per_kwh": price,
                "spot_per_kwh": 0.1,
                "start_time": (start + timedelta(seconds=1)).isoformat(),
                "end_time": (start + timedelta(minutes=minutes)).isoformat(),
                "renewables": 41,
            }
            for start, minutes in starts
        ]
        return {"forecasts": rows}

    calls = answering(hass, "amberelectric.get_forecasts", answer)
    reading = await async_read_action(hass, "amberelectric_feed_in", "id", NOW)
    assert calls == [{"config_entry_id": "id", "channel_type": "feed_in"}]
    assert len(reading.series) == 22
    assert reading.currency == "AUD"
    assert reading.series[0].start == NOW


@pytest.mark.parametrize("error", [ServiceValidationError("no"), ValueError("lib")])
async def test_an_action_that_fails_is_reported(
    hass: HomeAssistant, error: Exception
) -> None:
    """Whatever the other integration's library raises; and one that is not there."""

    def answer(_: dict[str, Any]) -> ServiceResponse:
        raise error

    answering(hass, "tibber.get_prices", answer)
    reading = await async_read_action(hass, "tibber", "x", NOW)
    assert reading.issues[0].key is IssueKey.SOURCE_FAILED
    missing = await async_read_action(hass, "nordpool", "x", NOW)
    assert missing.issues[0].key is IssueKey.SOURCE_FAILED


async def test_an_action_that_answers_of_yesterday(hass: HomeAssistant) -> None:
    """Outdated once, not per call."""
    rows: list[Any] = [
        {"start_time": s.isoformat(), "price": p}
        for s, _, p in quarters("2026-11-23", 0.3)
    ]
    answering(hass, "tibber.get_prices", lambda _: {"prices": {"Home": rows}})
    reading = await async_read_action(hass, "tibber", "x", NOW)
    assert [issue.key for issue in reading.issues] == [IssueKey.OUTDATED]


def rates(hass: HomeAssistant, entity: str, day: str, price: float) -> None:
    """Set an Octopus-like event entity."""
    hass.states.async_set(
        entity,
        "2026-11-25T00:00:00+00:00",
        {"rates": [{"start": s, "end": e, "value_inc_vat": p}
            for s, e, p in quarters(day, price)]},
    )  # fmt: skip


async def test_stroemligning(hass: HomeAssistant) -> None:
    """Today's prices are at a sensor, tomorrow's at a binary sensor, which has no unit (MTrab/stromligning)."""

    def prices(day: str, price: float) -> dict[str, Any]:
        return {
            "prices": [
                {"price": price, "start": s, "end": e} for s, e, _ in quarters(day, 0)
            ]
        }

    unit = {"unit_of_measurement": "kr/kWh"}
    hass.states.async_set("sensor.today", "1.5", prices("2026-11-25", 1.5) | unit)
    hass.states.async_set("binary_sensor.tomorrow", "on", prices("2026-11-26", 2.5))
    hass.config.currency = "DKK"
    source = {
        "kind": "entity",
        "entities": ["sensor.today", "binary_sensor.tomorrow"],
    }
    reader = TariffReader(hass, config_from_dict({"source": source}))
    read = await reader.async_refresh(NOW)
    assert read.issues == ()
    assert {slot.import_price for slot in read.slots if not slot.estimated} == {
        1.5,
        2.5,
    }


async def test_a_state_in_a_unit_that_is_not_understood(hass: HomeAssistant) -> None:
    """It is said, rather than that there are no prices."""
    hass.states.async_set("sensor.q", "20", {"unit_of_measurement": "zork/kWh"})
    source = {"kind": "entity", "entities": ["sensor.q"]}
    reader = TariffReader(hass, config_from_dict({"source": source}))
    read = await reader.async_refresh(NOW)
    assert [issue.key for issue in read.issues] == [IssueKey.UNIT_UNREADABLE]
    assert read.issues[0].detail == "zork/kWh"


async def test_an_entity_for_each_day(hass: HomeAssistant) -> None:
    """Octopus has one for today and one for tomorrow, empty until the evening."""
    rates(hass, "event.today", "2026-11-25", 0.24)
    hass.states.async_set("event.tomorrow", "unknown", {"rates": []})
    source = {"kind": "entity", "entities": ["event.today", "event.tomorrow"]}
    reader = TariffReader(hass, config_from_dict({"source": source}))
    assert reader.entities == ["event.today", "event.tomorrow"]
    prices = await reader.async_refresh(NOW)
    assert prices.issues == ()
    assert prices.known_until == MIDNIGHT + timedelta(days=1)
    assert prices.slots[-1].estimated
    assert len(prices.slots) == 193  # the quarter that runs, and 48 hours
    rates(hass, "event.tomorrow", "2026-11-26", 0.12)
    prices = await reader.async_refresh(NOW + timedelta(hours=5))
    assert prices.known_until == MIDNIGHT + timedelta(days=2)
    cheapest = prices.cheapest(NOW)
    assert cheapest is not None
    assert cheapest.import_price == 0.12


async def test_an_entity_that_goes_away_and_a_restart(hass: HomeAssistant) -> None:
    """What was known stays, and goes over the restart; the issue names the entity."""
    rates(hass, "sensor.price", "2026-11-25", 0.24)
    config = config_from_dict(
        {"source": {"kind": "entity", "entities": "sensor.price"}}
    )
    reader = TariffReader(hass, config)
    await reader.async_refresh(NOW)
    hass.states.async_set("sensor.price", "unavailable")
    stored = json.loads(json.dumps(reader.to_dict()))
    again = TariffReader(hass, config)
    again.restore(stored)
    prices = await again.async_refresh(NOW + timedelta(hours=1))
    assert prices.slots[0].import_price == 0.24
    assert not prices.slots[0].estimated
    assert prices.issues[0].key is IssueKey.SOURCE_FAILED
    assert prices.issues[0].detail == "sensor.price"


async def test_an_entity_that_knows_only_now(hass: HomeAssistant) -> None:
    """Its state holds for this quarter; the rest is expected from what it was."""
    hass.states.async_set("sensor.p", "24.5", {"unit_of_measurement": "ct/kWh"})
    config = config_from_dict({"source": {"kind": "entity", "entities": ["sensor.p"]}})
    prices = await TariffReader(hass, config).async_refresh(NOW)
    assert prices.issues == ()
    assert prices.slots[0].import_price == pytest.approx(0.245)
    assert not prices.slots[0].estimated
    assert prices.slots[1].estimated


@pytest.mark.parametrize("state", ["1e9", "-5000", "nan", "12 EUR"])
async def test_a_state_that_cannot_be_a_price(hass: HomeAssistant, state: str) -> None:
    """It is not remembered: two weeks of averages would be lost to it."""
    hass.states.async_set("sensor.p", "0.25", {"unit_of_measurement": "EUR/kWh"})
    config = config_from_dict({"source": {"kind": "entity", "entities": ["sensor.p"]}})
    reader = TariffReader(hass, config)
    await reader.async_refresh(NOW)
    hass.states.async_set("sensor.p", state, {"unit_of_measurement": "EUR/kWh"})
    prices = await reader.async_refresh(NOW + QUARTER)
    assert {slot.import_price for slot in prices.slots} == {0.25}
    assert prices.issues


async def test_a_tariff_that_ends_in_the_last_century_of_all(
    hass: HomeAssistant,
) -> None:
    """Octopus-like rates that are valid until 9999 are not ten thousand years of quarters."""
    rate = {"valid_from": "2026-01-01T00:00:00Z", "valid_to": "9999-12-31T23:59:59Z"}
    hass.states.async_set(
        "event.rates", "x", {"rates": [{**rate, "value_inc_vat": 0.24}]}
    )
    config = config_from_dict(
        {"source": {"kind": "entity", "entities": ["event.rates"], "unit": "GBP/kWh"}}
    )
    reader = TariffReader(hass, config)
    prices = await reader.async_refresh(NOW)
    assert prices.issues == ()
    assert {slot.import_price for slot in prices.slots} == {0.24}
    assert not any(slot.estimated for slot in prices.slots)
    assert len(reader.to_dict()["import"]["slots"]) < 31 * 96


async def test_tables_with_holidays_export_and_carbon(hass: HomeAssistant) -> None:
    """A time-of-use tariff on a holiday of the calendar, and one typed in."""
    calls = answering(
        hass,
        "calendar.get_events",
        lambda _: {
            "calendar.nl": {
                "events": [
                    {"start": "2026-11-26", "end": "2026-11-27", "summary": "Day"},
                    {"start": "2026-11-27T10:00:00+01:00", "end": "x"},
                    "rubbish",
                ]
            }
        },
    )
    hass.states.async_set("sensor.co2", "320", {"unit_of_measurement": "gCO2eq/kWh"})
    config = config_from_dict(
        {
            "source": {
                "table": {
                    "value": 0.30,
                    "periods": [{"value": 0.20, "holidays": "only"}],
                }
            },
            "export": {"table": {"value": 0.07}},
            "carbon": {"kind": "entity", "entities": ["sensor.co2"]},
            "components": {"export": "source", "vat_percent": 10},
            "holidays": ["11-27"],
            "holiday_calendar": "calendar.nl",
        }
    )
    prices = await TariffReader(hass, config).async_refresh(NOW)
    assert calls[0]["entity_id"] == "calendar.nl"
    assert prices.slots[0].carbon_g == 320
    at_noon = [prices.at(NOW + timedelta(days=day)) for day in (0, 1)]
    assert [slot and slot.import_price for slot in at_noon] == [
        pytest.approx(0.33),
        pytest.approx(0.22),
    ]
    friday = prices.at(MIDNIGHT + timedelta(hours=49) - timedelta(minutes=30))
    assert friday is not None
    assert friday.import_price == pytest.approx(0.22)
    assert friday.export_price == pytest.approx(0.07)


async def test_a_calendar_that_is_not_there(hass: HomeAssistant) -> None:
    """No holidays then."""
    config = config_from_dict({"holiday_calendar": "calendar.none"})
    assert (await TariffReader(hass, config).async_refresh(NOW)).issues == ()
    answering(hass, "calendar.get_events", lambda _: {"calendar.none": {"events": 3}})
    assert (await TariffReader(hass, config).async_refresh(NOW)).issues == ()
    answering(hass, "calendar.get_events", lambda _: {"calendar.none": "x"})
    assert (await TariffReader(hass, config).async_refresh(NOW)).issues == ()


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"source": {"kind": "magic"}}, "bad_kind"),
        ({"source": {"kind": "entity"}}, "no_entity"),
        ({"source": {"kind": "action", "action": "x"}}, "bad_action"),
        (
            {"source": {"kind": "entity", "entities": ["a.b"], "unit": "kWh per day"}},
            "bad_unit",
        ),
        ({"holidays": ["Easter"]}, "bad_holiday"),
    ],
)
def test_wrong_configuration_is_named(data: dict[str, Any], key: str) -> None:
    """So that the UI shows the error at its field."""
    with pytest.raises(TableError, match=key):
        config_from_dict(data)


async def test_what_a_flow_can_offer(hass: HomeAssistant) -> None:
    """Integrations that can be asked, while they are loaded."""
    entry = MockConfigEntry(
        domain="tibber", title="Tibber", state=ConfigEntryState.LOADED
    )
    entry.add_to_hass(hass)
    assert price_actions(hass) == [("tibber", entry.entry_id, "Tibber")]
    entry.mock_state(hass, ConfigEntryState.NOT_LOADED)
    assert price_actions(hass) == []


def test_when_to_look_again() -> None:
    """At the next quarter."""
    assert next_refresh(NOW) == datetime(2026, 11, 25, 11, 15, tzinfo=UTC)
    assert date(2026, 11, 25) == NOW.date()


@pytest.mark.parametrize(
    ("day", "count"), [(date(2026, 3, 28), 92), (date(2026, 10, 24), 100)]
)
async def test_the_days_of_the_clock_change(
    hass: HomeAssistant, day: date, count: int
) -> None:
    """A table's next day has 92 or 100 quarters, none twice, none missing."""
    config = config_from_dict({"source": {"table": {"value": 0.3}}})
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    prices = await TariffReader(hass, config).async_refresh(noon)
    following = day + timedelta(days=1)
    slots = [
        slot
        for slot in prices.slots
        if slot.start.astimezone(AMSTERDAM).date() == following
    ]
    assert len(slots) == count
    assert all(a.end == b.start for a, b in zip(slots, slots[1:], strict=False))


async def test_an_action_with_all_that_comes_on_top(hass: HomeAssistant) -> None:
    """Nord Pool's 80 EUR/MWh with surcharge and VAT: (0.08 + 0.02) x 1.25."""
    entry = MockConfigEntry(domain="nordpool", data={"currency": "EUR"})
    entry.add_to_hass(hass)

    def answer(data: dict[str, Any]) -> ServiceResponse:
        rows: list[Any] = [
            {"start": s.isoformat(), "end": e.isoformat(), "price": p}
            for s, e, p in quarters(data["date"], 80.0)
        ]
        return {"NL": rows}

    answering(hass, "nordpool.get_prices_for_date", answer)
    config = config_from_dict(
        {
            "source": {
                "kind": "action",
                "action": "nordpool",
                "entry_id": entry.entry_id,
            },
            "components": {"surcharge": 0.02, "vat_percent": 25, "export": "spot"},
        }
    )
    prices = await TariffReader(hass, config).async_refresh(NOW)
    assert prices.issues == ()
    assert prices.slots[0].import_price == pytest.approx(0.125)
    assert prices.slots[0].export_price == pytest.approx(0.08)
    assert prices.known_until == MIDNIGHT + timedelta(days=2)


async def test_an_action_that_hangs_is_given_up(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for ever for somebody's server."""
    monkeypatch.setattr(actions, "LONGEST_ANSWER_S", 0.01)

    async def never(_call: ServiceCall) -> ServiceResponse:
        await asyncio.Event().wait()
        return {}

    hass.services.async_register(
        "tibber", "get_prices", never, supports_response=SupportsResponse.ONLY
    )
    reading = await async_read_action(hass, "tibber", "x", NOW)
    assert [issue.key for issue in reading.issues] == [IssueKey.SOURCE_FAILED]
