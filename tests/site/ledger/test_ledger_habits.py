"""Habits from what the ledger holds, at a car that is plugged in: shown as a guess, and a driver's word replaces it."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from freezegun import freeze_time
import pytest

from custom_components.sunfuse.sessions import TransactionFacts
from custom_components.sunfuse.sessions.session_facts import Attribution
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ...site_fixtures import Home
from ..cars.test_departures import act, demand
from ..cars.test_vehicles import id_of, plug_in, vehicle

pytestmark = pytest.mark.usefixtures("socket_enabled")

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
FRIDAY = datetime(2026, 11, 27, 17, tzinfo=UTC)
WEEKS = 10

type Stays = Iterator[tuple[datetime, datetime]]


def _local(day: datetime, hour: int) -> datetime:
    return datetime.combine(day.date(), time(hour), AMSTERDAM).astimezone(UTC)


def weekend_driver() -> Stays:
    """Yield stays from Sunday evening to Saturday at nine, and over the night to Sunday at ten."""
    for week in range(WEEKS, 0, -1):
        saturday = FRIDAY + timedelta(days=1 - 7 * week)
        yield _local(saturday - timedelta(days=6), 18), _local(saturday, 9)
        yield _local(saturday, 19), _local(saturday + timedelta(days=1), 10)


def shift_worker() -> Stays:
    """Yield stays that end at five, at thirteen and at twenty-one o'clock, week by week, on all days."""
    for day in range(7 * WEEKS, 0, -1):
        leaves = FRIDAY - timedelta(days=day - 1)
        if leaves > FRIDAY:
            continue
        hour = (5, 13, 21)[day // 7 % 3]
        left = _local(leaves, hour)
        if left < FRIDAY:
            yield left - timedelta(hours=12), left


@pytest.mark.parametrize(
    ("stays", "earliest", "latest"),
    [
        # Saturday at nine, at most half an hour earlier.
        (weekend_driver, "2026-11-28T08:30", "2026-11-28T09:00"),
        # After six in the evening the next shift begins at nine.
        (shift_worker, "2026-11-27T20:30", "2026-11-27T21:00"),
    ],
)
async def test_a_habit_of_the_ledger_is_a_guess(
    hass: HomeAssistant,
    start: Callable[..., Any],
    stays: Callable[[], Stays],
    earliest: str,
    latest: str,
) -> None:
    """Departure and energy are guessed on the first evening of a site that has only its ledger, and are overridden."""
    before = dt_util.get_default_time_zone()
    dt_util.set_default_time_zone(AMSTERDAM)
    try:
        with freeze_time(FRIDAY, real_asyncio=True):
            home: Home = await start("CP1", vehicle(identifiers=["CARD"]))
            zoe = id_of(home)
            facts = [
                TransactionFacts(
                    station="CP1",
                    transaction=str(number),
                    connector=1,
                    vehicle=Attribution(value=zoe, at=came),
                    plugged_at=came,
                    stated_start_at=came,
                    stated_stop_at=left,
                    unplugged_at=left,
                    stated_wh=12_000.0,
                )
                for number, (came, left) in enumerate(stays())
            ]
            # A busy charger's guests, who would fill any common memory.
            facts += [
                TransactionFacts(
                    station="BUSY",
                    transaction=str(number),
                    stated_start_at=came,
                    stated_stop_at=came + timedelta(minutes=30),
                    stated_wh=9_000.0,
                )
                for number in range(900)
                if (came := FRIDAY - timedelta(hours=number + 1))
            ]
            ledger = home.entry.runtime_data.ledger.ledger
            await asyncio.wrap_future(ledger.note(*facts))
            assert await hass.config_entries.async_reload(home.entry.entry_id)
            station = await home.boot("CP1")
            await plug_in(home, station, "CARD")
            await home.shows("sensor", "CP1/1_car", "Zoe")
            home.entry.runtime_data.controller.tick()
            guessed = demand(home)
            assert guessed.guessed
            assert guessed.said == "habit"
            at = guessed.departure.astimezone(AMSTERDAM).replace(tzinfo=None)
            assert datetime.fromisoformat(earliest) <= at
            assert at <= datetime.fromisoformat(latest)
            assert 12_000 <= guessed.metered_wh <= 1.2 * 12_000
            state = hass.states.get(home.entity("sensor", "CP1/1_departure"))
            assert state
            assert state.attributes["guessed"] is True

            await act(home, "skip_tonight", zoe)
            assert demand(home).departure != guessed.departure
            said = FRIDAY + timedelta(hours=30)
            await act(
                home,
                "set_departure",
                zoe,
                departure=said.isoformat(),
                target_energy=5,
            )
            assert demand(home).departure == said
            assert demand(home).metered_wh == pytest.approx(5_000)
            assert not demand(home).guessed
            await station.close()
    finally:
        dt_util.set_default_time_zone(before)


async def test_on_a_holiday_nobody_is_expected(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A guest has come each evening at eight for ten weeks; its departures are paused for three days."""
    before = dt_util.get_default_time_zone()
    dt_util.set_default_time_zone(AMSTERDAM)
    try:
        with freeze_time(FRIDAY, real_asyncio=True):
            home: Home = await start("CP1")
            facts = [
                TransactionFacts(
                    station="CP1",
                    transaction=str(ago),
                    connector=1,
                    plugged_at=came,
                    stated_start_at=came,
                    stated_stop_at=left,
                    unplugged_at=left,
                    stated_wh=12_000.0,
                )
                for ago in range(7 * WEEKS, 0, -1)
                for came, left in (
                    (
                        _local(FRIDAY - timedelta(days=ago), 20),
                        _local(FRIDAY - timedelta(days=ago - 1), 7),
                    ),
                )
            ]
            ledger = home.entry.runtime_data.ledger.ledger
            await asyncio.wrap_future(ledger.note(*facts))
            assert await hass.config_entries.async_reload(home.entry.entry_id)
            station = await home.boot("CP1")
            await home.shows("sensor", "CP1/1_status", "available")
            demands = home.entry.runtime_data.demands
            coming = demands.expected("CP1/1", FRIDAY)
            assert coming
            assert coming.arrives == _local(FRIDAY, 20)

            back = FRIDAY + timedelta(days=3)
            await act(home, "pause_departures", "CP1", until=back.isoformat())
            assert demands.expected("CP1/1", FRIDAY) is None
            assert demands.expected("CP1/1", back + timedelta(minutes=1))
            await station.close()
    finally:
        dt_util.set_default_time_zone(before)
