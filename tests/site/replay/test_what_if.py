"""The action what_if, at a site whose ledger has weeks to replay."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.sessions import Fact, SiteQuarter, TransactionFacts
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from ...site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled")

DAYS = 11


def past(*, price: float | None) -> list[Fact]:
    """Return eleven days: a house of 400 W, and a car that takes 11 kWh each evening, at once."""
    today = dt_util.start_of_local_day()
    first = dt_util.as_utc(today) - timedelta(days=DAYS)
    facts: list[Fact] = [
        SiteQuarter(
            start=first + step * timedelta(minutes=15),
            seconds=900.0,
            house_wh=100.0,
            import_wh=100.0,
            import_price=price,
            export_price=None if price is None else 0.05,
        )
        for step in range(DAYS * 96)
    ]
    for day in range(DAYS):
        came = first + timedelta(days=day, hours=18)
        facts.append(
            TransactionFacts(
                station="CP1",
                transaction=str(day),
                connector=1,
                plugged_at=came,
                stated_start_at=came,
                stated_stop_at=came + timedelta(hours=5),
                unplugged_at=came + timedelta(hours=5),
                stated_wh=11_000.0,
                peak_w=11_000.0,
                full_power_w=11_040.0,
            )
        )
    return facts


# No time: one week, and no doubts.
@patch("custom_components.sunfuse.site.replay.what_if_replay.MOST_S", 0)
async def test_side_by_side(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """Half the price is half the cost; what is missing is said in words before anything is computed."""
    home: Home = await start("CP1")

    async def ask(**varied: Any) -> dict[str, Any]:
        found = await hass.services.async_call(
            DOMAIN,
            "what_if",
            {"config_entry_id": home.entry.entry_id, "weeks": 1} | varied,
            blocking=True,
            return_response=True,
        )
        assert found is not None
        return dict(found)

    async def refused(key: str, **varied: Any) -> None:
        with pytest.raises(ServiceValidationError) as error:
            await ask(**varied)
        assert error.value.translation_key == key

    await refused("nothing_varied")
    await refused("history_too_short", fuse=16)
    ledger = home.entry.runtime_data.ledger.ledger
    await asyncio.wrap_future(ledger.note(*past(price=None)))
    await refused("no_past_prices", fuse=16)
    await refused("no_recorded_prices", price_entity="sensor.price")
    await refused("bad_price_table", price_table={"value": "much"})
    for row, key in (
        ({"value": 1, "start": "25:00"}, "price_row_bad_time"),
        ({"value": 1, "start": "23:10"}, "price_row_not_a_quarter"),
        ({"value": 1, "weekdays": ["someday"]}, "price_row_bad_weekday"),
    ):
        await refused(key, price_table={"value": 1, "periods": [row]})
    await asyncio.wrap_future(ledger.note(*past(price=0.3)))
    await refused("no_past_sun", solar_percent=150)
    found = await ask(import_price=0.15, investment=1000)
    # Seven days of 9.6 kWh of the house and 11 kWh of the car.
    kwh = 7 * (9.6 + 11)
    assert found["today"]["energy_cost"] == pytest.approx(0.3 * kwh, rel=0.01)
    assert found["what_if"]["energy_cost"] == pytest.approx(0.15 * kwh, rel=0.01)
    assert found["today"]["missed"] == 0
    assert found["saving_per_year"] == pytest.approx(0.15 * kwh * 365 / 7, rel=0.01)
    assert found["payback_years"] == pytest.approx(
        1000 / found["saving_per_year"], abs=0.06
    )
    assert found["measured"]["charged_kwh"] == 77
    assert (found["weeks"], found["weeks_available"]) == (1, 1)
    table = {
        "value": 0.3,
        "periods": [{"value": 0.1, "start": "18:00", "end": "24:00"}],
    }
    nights = await ask(price_table=table, policy="uncontrolled")
    assert nights["what_if"]["energy_cost"] == pytest.approx(
        7 * (0.1 * (2.4 + 11) + 0.3 * 7.2), rel=0.01
    )
    assert nights["what_if"]["peak_kw"] == pytest.approx(11.44, abs=0.1)
