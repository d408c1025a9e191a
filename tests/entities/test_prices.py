"""Prices from a tariff to entities and repairs, in a Home Assistant with a site."""

from datetime import UTC, datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.sunfuse.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er

from ..price_site import (
    AMSTERDAM,
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


async def test_a_table_with_fees_and_taxes(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """(0.10 + 0.02 + 0.05 + 0.03) x 1.21 = 0.242 by day; by night the grid costs nothing: 0.1815."""
    entry = await start_frozen(
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
    hass: HomeAssistant, start_frozen: Start
) -> None:
    """Without a tariff, what the Energy dashboard names is read: prices ahead where it has them."""
    set_spot(hass, rows("2026-11-25", [0.2 + i / 100 for i in range(24)]))
    hass.states.async_set("sensor.feed_in", "7.5", {"unit_of_measurement": "ct/kWh"})
    entry = await start_frozen(
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
    hass: HomeAssistant, start_frozen: Start
) -> None:
    """Nobody wants five entities that are unknown for ever."""
    entry = await start_frozen()
    registry = er.async_get(hass)
    unique_id = f"{entry.entry_id}_import_price"
    assert registry.async_get_entity_id("sensor", DOMAIN, unique_id) is None


async def test_tomorrow_arrives(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """Until it does, tomorrow is the average; when it does, it is shown at once."""
    set_spot(hass, rows("2026-11-25", [0.2] * 24))
    entry = await start_frozen(tariff(source={"kind": "entity", "entities": [SPOT]}))
    slots = state(hass, entry, "import_price").attributes["prices"]
    assert {slot["estimated"] for slot in slots[:49]} == {False, True}
    set_spot(hass, rows("2026-11-25", [0.2] * 24), rows("2026-11-26", [0.05] * 96))
    await pass_time(hass, freezer, 2)
    assert state(hass, entry, "prices_known_until").state == "2026-11-26T23:00:00+00:00"
    assert state(hass, entry, "cheapest_slot").state == "2026-11-25T23:00:00+00:00"


@pytest.mark.parametrize(("day", "quarters"), [("2026-03-29", 92), ("2026-10-25", 100)])
async def test_days_of_92_and_100_quarter_hours(
    hass: HomeAssistant,
    start_frozen: Start,
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
    entry = await start_frozen(tariff(source={"kind": "entity", "entities": [SPOT]}))
    known = [
        slot
        for slot in state(hass, entry, "import_price").attributes["prices"]
        if not slot["estimated"]
    ]
    assert [slot["value"] for slot in known] == pytest.approx(prices)


async def test_the_action_returns_slots(
    hass: HomeAssistant, start_frozen: Start
) -> None:
    """For automations that want more than the cheapest one."""
    entry = await start_frozen(
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
    hass: HomeAssistant, start_frozen: Start
) -> None:
    """It says so."""
    entry = await start_frozen()
    with pytest.raises(ServiceValidationError, match="no electricity tariff"):
        await hass.services.async_call(
            DOMAIN,
            "get_prices",
            {"config_entry_id": entry.entry_id},
            blocking=True,
            return_response=True,
        )


@pytest.mark.parametrize(
    ("today", "tomorrow", "price", "issue"),
    [
        # One value that no market can reach: its quarter is the average of the others.
        ([0.2] * 12 + [9999.0] + [0.2] * 11, [], 0.2, "price_absurd_values"),
        # Null where nothing is known yet.
        ([0.2] * 13 + [None] * 11, [], 0.2, None),
        # Negative prices are prices.
        ([-0.05] * 24, [], -0.05, None),
        # Thousands in a euro unit would be a wrong unit, if the state did not give the scale.
        ([2000.0] * 24, [], 0.2, None),
    ],
)
async def test_data_that_users_report(
    hass: HomeAssistant,
    start_frozen: Start,
    freezer: FrozenDateTimeFactory,
    today: list[float | None],
    tomorrow: list[float | None],
    price: float,
    issue: str | None,
) -> None:
    """Absurd, missing, negative, in another scale: what can be used is used, the rest is reported."""
    set_spot(hass, rows("2026-11-25", today), state=str(price))
    entry = await start_frozen(tariff(source={"kind": "entity", "entities": [SPOT]}))
    assert float(state(hass, entry, "import_price").state) == pytest.approx(price)
    await to(hass, freezer, NOW + timedelta(minutes=31))
    await pass_time(hass, freezer, 6)
    assert issues(hass) == ({issue} if issue else set())


async def test_a_clock_that_was_ahead(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """Set back by years, prices are known at once, and follow the new quarter hours: not those that are years away."""
    periods = [{"value": 0.3, "start": "12:00", "end": "12:15"}]
    table = {"value": 0.1, "periods": periods}
    entry = await start_frozen(tariff(source={"kind": "table", "table": table}))
    assert float(state(hass, entry, "import_price").state) == pytest.approx(0.3)
    now = datetime(2023, 11, 25, 11, 5, tzinfo=UTC)
    freezer.move_to(now)
    entry.runtime_data.controller.tick()
    await pass_time(hass, freezer, 1)
    price = state(hass, entry, "import_price")
    assert float(price.state) == pytest.approx(0.3)
    assert price.attributes["prices"][0]["start"] == "2023-11-25T11:00:00+00:00"
    await to(hass, freezer, now + timedelta(minutes=11))
    await pass_time(hass, freezer, 5)
    assert float(state(hass, entry, "import_price").state) == pytest.approx(0.1)
    forecasts = entry.runtime_data.forecasts.data
    assert forecasts.load[0].start == datetime(2023, 11, 25, 11, 15, tzinfo=UTC)
