"""Long-term statistics of sessions: each kilowatt-hour once, whatever comes late and however often a site is loaded."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.sunfuse.sessions import (
    Attribution,
    GroupBy,
    SiteQuarter,
    TransactionFacts,
)
from custom_components.sunfuse.site.session_statistics import statistic_id
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .site_fixtures import Home

pytestmark = pytest.mark.usefixtures("recorder_mock", "socket_enabled")


async def _sums(
    hass: HomeAssistant, home: Home, by: GroupBy, key: str, quantity: str = "energy"
) -> list[float]:
    """Return the sums of a statistic by hour."""
    await async_wait_recording_done(hass)
    wanted = statistic_id(home.entry.entry_id, by, key, quantity)
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        dt_util.utcnow() - timedelta(days=10),
        None,
        {wanted},
        "hour",
        None,
        {"sum"},
    )
    return [row["sum"] or 0.0 for row in found.get(wanted, [])]


def _session(number: int, start: datetime, hours: float, wh: float) -> TransactionFacts:
    return TransactionFacts(
        station="CP1",
        transaction=str(number),
        connector=1,
        stated_start_at=start,
        stated_stop_at=start + timedelta(hours=hours),
        stated_wh=wh,
        person=Attribution(at=start, value="anna"),
    )


async def test_late_repeated_and_reloaded(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Two kWh, another one that comes late between them, a reload: the sums rise to three, and nothing is a step back."""
    home: Home = await start("CP1")
    hour = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    ledger = home.entry.runtime_data.ledger

    async def note(*facts: Any) -> None:
        await asyncio.wrap_future(ledger.ledger.note(*facts))

    async def write(since: datetime) -> None:
        await home.entry.runtime_data.statistics.async_write(dt_util.utcnow(), since)

    await note(
        *(
            SiteQuarter(start=hour - timedelta(hours=n / 4), import_price=0.3)
            for n in range(1, 80)
        ),
        _session(1, hour - timedelta(hours=12), 1.0, 1000.0),
        _session(2, hour - timedelta(hours=4), 2.0, 1000.0),
    )
    await write(hour - timedelta(hours=1))  # all of it, as the recorder has nothing yet
    sums = await _sums(hass, home, GroupBy.STATION, "CP1")
    assert sums[-12] == pytest.approx(1.0)
    assert sums[-1] == pytest.approx(2.0)
    assert (await _sums(hass, home, GroupBy.PERSON, "anna"))[-12:] == sums[-12:]
    await note(_session(3, hour - timedelta(hours=8), 0.5, 1000.0))
    await write(hour - timedelta(hours=8))
    late = await _sums(hass, home, GroupBy.STATION, "CP1")
    assert late[-1] == pytest.approx(3.0)
    assert late == sorted(late)
    costs = await _sums(hass, home, GroupBy.STATION, "CP1", "cost")
    assert costs[-1] == pytest.approx(3 * 0.3)
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    ledger = home.entry.runtime_data.ledger
    await write(hour - timedelta(hours=2))
    again = await _sums(hass, home, GroupBy.STATION, "CP1")
    assert again[-12:] == pytest.approx(late[-12:])
    # What was deleted stays in the sums of the charger, and leaves nothing of the person.
    await asyncio.wrap_future(ledger.ledger.delete_person("anna"))
    await home.entry.runtime_data.statistics.async_forget(GroupBy.PERSON, "anna")
    await write(hour - timedelta(hours=1))
    assert (await _sums(hass, home, GroupBy.STATION, "CP1"))[-1] == pytest.approx(3.0)
    assert await _sums(hass, home, GroupBy.PERSON, "anna") == []
