"""Long-term statistics of sessions: each kilowatt-hour once, whatever comes late and however often a site is loaded."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.sunfuse.sessions import (
    Attribution,
    GroupBy,
    HourlySum,
    SiteQuarter,
    TransactionFacts,
)
from custom_components.sunfuse.site.ledger.session_statistics import statistic_id
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ...site_fixtures import Home

MODULE = "custom_components.sunfuse.site.ledger.session_statistics"
pytestmark = pytest.mark.usefixtures("recorder_mock", "socket_enabled")


async def statistic_sums(
    hass: HomeAssistant, home: Home, by: GroupBy, key: str, quantity: str = "energy"
) -> list[float]:
    """Return the sums of a statistic by hour."""
    return list((await statistic_rows(hass, home, by, key, quantity)).values())


async def statistic_rows(
    hass: HomeAssistant, home: Home, by: GroupBy, key: str, quantity: str = "energy"
) -> dict[datetime, float]:
    """Return the sums of a statistic by the time at which their hour begins."""
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
    return {
        dt_util.utc_from_timestamp(row["start"]): row["sum"] or 0.0
        for row in found.get(wanted, [])
    }


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
    # The first look at the ledger, which has nothing yet.
    await hass.async_block_till_done(wait_background_tasks=True)
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
    sums = await statistic_sums(hass, home, GroupBy.STATION, "CP1")
    assert sums == pytest.approx([1.0, 1.5, 2.0, 2.0])
    assert await statistic_sums(hass, home, GroupBy.PERSON, "anna") == sums
    await note(_session(3, hour - timedelta(hours=8), 0.5, 1000.0))
    await write(hour - timedelta(hours=8))
    late = await statistic_sums(hass, home, GroupBy.STATION, "CP1")
    assert late[-1] == pytest.approx(3.0)
    assert late == sorted(late)
    costs = await statistic_sums(hass, home, GroupBy.STATION, "CP1", "cost")
    assert costs[-1] == pytest.approx(3 * 0.3)
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    ledger = home.entry.runtime_data.ledger
    await write(hour - timedelta(hours=2))
    again = await statistic_sums(hass, home, GroupBy.STATION, "CP1")
    assert again[-8:] == pytest.approx(late[-8:])
    # What was deleted stays in the sums of the charger, and leaves nothing of the person.
    await asyncio.wrap_future(ledger.ledger.delete_person("anna"))
    await home.entry.runtime_data.statistics.async_forget(GroupBy.PERSON, "anna")
    await write(hour - timedelta(hours=1))
    assert (await statistic_sums(hass, home, GroupBy.STATION, "CP1"))[
        -1
    ] == pytest.approx(3.0)
    assert await statistic_sums(hass, home, GroupBy.PERSON, "anna") == []


async def test_the_recorder_is_handed_what_is_new(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Of months the hours in which somebody charged, and of months for a new person nothing for the others."""
    home: Home = await start("CP1")
    # The first look at the ledger, which has nothing yet.
    await hass.async_block_till_done(wait_background_tasks=True)
    hour = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    ledger = home.entry.runtime_data.ledger
    statistics = home.entry.runtime_data.statistics
    sessions = [_session(n, hour - timedelta(days=9 - n), 2.0, 2000.0) for n in (1, 4)]
    await asyncio.wrap_future(ledger.ledger.note(*sessions))
    with patch(f"{MODULE}.async_add_external_statistics") as add:
        await statistics.async_write(dt_util.utcnow(), hour - timedelta(hours=2))
        first = {c.args[1]["statistic_id"]: c.args[2] for c in add.call_args_list}
    of_anna = first[statistic_id(home.entry.entry_id, GroupBy.PERSON, "anna", "energy")]
    # Two hours each, and the last one of all.
    assert [row["sum"] for row in of_anna] == pytest.approx([1.0, 2.0, 3.0, 4.0, 4.0])
    late = replace(
        _session(9, hour - timedelta(days=7), 2.0, 2000.0),
        person=Attribution(at=hour, value="ben"),
    )
    await asyncio.wrap_future(ledger.ledger.note(late))
    with patch(f"{MODULE}.async_add_external_statistics") as add:
        await statistics.async_write(dt_util.utcnow(), hour - timedelta(hours=2))
        then = {c.args[1]["statistic_id"]: c.args[2] for c in add.call_args_list}
    of_anna = then[statistic_id(home.entry.entry_id, GroupBy.PERSON, "anna", "energy")]
    of_ben = then[statistic_id(home.entry.entry_id, GroupBy.PERSON, "ben", "energy")]
    assert len(of_anna) == 2
    assert [row["sum"] for row in of_ben][-3:] == pytest.approx([1.0, 2.0, 2.0])


async def test_a_session_of_nothing_and_one_of_1970(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Neither of a full car nor of a charger whose clock was not set: the others have their rows, and none has decades of them."""
    home: Home = await start("CP1")
    await hass.async_block_till_done(wait_background_tasks=True)
    hour = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    ledger = home.entry.runtime_data.ledger
    statistics = home.entry.runtime_data.statistics
    full = _session(1, hour - timedelta(days=5), 1.0, 0.0)
    unset = _session(2, datetime(1970, 1, 1, tzinfo=UTC), 1.0, 500.0)
    await asyncio.wrap_future(
        ledger.ledger.note(
            replace(full, person=Attribution(at=hour, value="ben")),
            unset,
            _session(3, hour - timedelta(hours=9), 2.0, 2000.0),
        )
    )
    module = "custom_components.sunfuse.sessions.ledger.hourly_sums"
    with patch(f"{module}.HourlySum", wraps=HourlySum) as made:
        await statistics.async_write(dt_util.utcnow(), hour - timedelta(days=2))
    assert made.call_count < 2000
    of_anna = await statistic_sums(hass, home, GroupBy.PERSON, "anna")
    assert of_anna[-1] == pytest.approx(2.5)
    assert await statistic_sums(hass, home, GroupBy.PERSON, "ben") == []


async def test_what_changed_just_before_a_restart(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A session of last week took 4 kWh, not 12: also where Home Assistant was restarted before the hour was over."""
    home: Home = await start("CP1")
    await hass.async_block_till_done(wait_background_tasks=True)
    hour = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    ledger = home.entry.runtime_data.ledger
    sessions = [
        _session(1, hour - timedelta(days=9), 2.0, 12_000.0),
        _session(2, hour - timedelta(days=4), 1.0, 1_000.0),
        _session(3, hour - timedelta(days=1), 1.0, 2_000.0),
    ]
    await asyncio.wrap_future(ledger.ledger.note(*sessions))
    # Each hour of the last ten days, as a Home Assistant has them that ran for as long.
    statistics = home.entry.runtime_data.statistics
    for _ in range(2):
        await statistics.async_write(hour, hour - timedelta(days=10))
    before = await statistic_sums(hass, home, GroupBy.STATION, "CP1")
    assert [before[-24 * days + 3] for days in (9, 4, 1)] == pytest.approx([12, 13, 15])
    corrected = replace(sessions[0], stated_wh=4_000.0, corrected_at=hour)
    await asyncio.wrap_future(ledger.ledger.note(corrected))
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    after = await statistic_sums(hass, home, GroupBy.STATION, "CP1")
    assert after == sorted(after)
    assert [after[-24 * days + 3] for days in (9, 4, 1)] == pytest.approx([4, 5, 7])


async def test_a_late_session_just_before_a_restart_counts_in_its_own_hour(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """The recorder has no row between the sessions that it knows: what came between them is not counted with the later one."""
    home: Home = await start("CP1")
    await hass.async_block_till_done(wait_background_tasks=True)
    hour = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    ledger = home.entry.runtime_data.ledger
    await asyncio.wrap_future(
        ledger.ledger.note(
            _session(1, hour - timedelta(days=9), 1.0, 12_000.0),
            _session(3, hour - timedelta(days=1), 1.0, 2_000.0),
        )
    )
    await home.entry.runtime_data.statistics.async_write(
        hour, hour - timedelta(hours=2)
    )
    before = await statistic_rows(hass, home, GroupBy.STATION, "CP1")
    assert hour - timedelta(days=4) not in before
    late = _session(2, hour - timedelta(days=4), 1.0, 1_000.0)
    await asyncio.wrap_future(ledger.ledger.note(late))
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    after = await statistic_rows(hass, home, GroupBy.STATION, "CP1")
    assert after[hour - timedelta(days=4)] == pytest.approx(13.0)
    assert after[hour - timedelta(days=1)] == pytest.approx(15.0)
