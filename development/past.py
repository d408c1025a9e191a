"""The past of the simulated site's meters, for the recorder: without it a new site has nothing to learn from.

The last two weeks meet the present, whose time of day is the simulated house's own. What lies before is the half-year of
the ledger, by the clock on the wall.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    async_import_statistics,
    statistics_during_period,
)
from homeassistant.components.recorder.tasks import SynchronizeTask
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util

from .site import DOMAIN

if TYPE_CHECKING:
    from custom_components.sunfuse.sessions import SiteQuarter

_WEEK = 7 * 96  # quarter hours
DAYS = 14
MINUTE_S = 60
HOUR = timedelta(hours=1)
# What is recorded of the house: the end of the sensor's unique id, the unit and its class.
METERS = {
    "grid_power": ("W", "power"),
    "grid_current_l1": ("A", "electric_current"),
    "grid_current_l2": ("A", "electric_current"),
    "grid_current_l3": ("A", "electric_current"),
    "solar_power": ("W", "power"),
    "battery_power": ("W", "power"),
    "house_power": ("W", "power"),
}

type Values = dict[str, float]


async def ensure(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Let the recorder remember two weeks, unless it remembers some of them already."""
    now = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    start = now - timedelta(days=DAYS)
    names = _names(hass, entry)
    known = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        start,
        None,
        set(names.values()),
        "hour",
        None,
        {"mean"},
    )
    if known:
        return
    house = entry.runtime_data.simulated_house
    hours = await hass.async_add_executor_job(_live, house.simulation, start, now)
    _import(hass, names, start, hours)
    await _written(hass)
    entry.runtime_data.forecasts.learn_soon()


async def ensure_longer(
    hass: HomeAssistant, entry: ConfigEntry, quarters: Sequence[SiteQuarter]
) -> None:
    """Let the recorder remember what lies before these two weeks: quarter hours, the first of a full hour."""
    now = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    end = now - timedelta(days=DAYS)
    older = [quarter for quarter in quarters if quarter.start < end]
    names = _names(hass, entry)
    # A week at a time, the newest first: the recorder takes a millisecond for each row, and must be able to stop.
    for first in reversed(range(0, len(older), _WEEK)):
        hours = [
            [_measured(quarter) for quarter in older[hour : hour + 4]]
            for hour in range(first, min(first + _WEEK, len(older)), 4)
        ]
        _import(hass, names, older[first].start, hours)
        await _written(hass)


def _names(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, str]:
    registry = er.async_get(hass)
    names = {}
    for meter in METERS:
        unique_id = f"{entry.entry_id}_simulated_{meter}"
        if name := registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id):
            names[meter] = name
    return names


def _measured(quarter: SiteQuarter) -> Values:
    return {
        "grid_power": 4 * (quarter.import_wh - quarter.export_wh),
        "solar_power": 4 * quarter.solar_wh,
        "battery_power": 4 * (quarter.battery_out_wh - quarter.battery_in_wh),
        "house_power": 4 * quarter.house_wh,
    }


def _import(
    hass: HomeAssistant,
    names: Mapping[str, str],
    start: datetime,
    hours: Sequence[Sequence[Values]],
) -> None:
    for meter in hours[0][0].keys() & names.keys():
        name = names[meter]
        unit, unit_class = METERS[meter]
        async_import_statistics(
            hass,
            StatisticMetaData(
                mean_type=StatisticMeanType.ARITHMETIC,
                has_sum=False,
                name=None,
                source="recorder",
                statistic_id=name,
                unit_class=unit_class,
                unit_of_measurement=unit,
            ),
            list(_rows(meter, start, hours)),
        )


async def _written(hass: HomeAssistant) -> None:
    """Wait until the recorder has done all that it was handed."""
    done: asyncio.Future[None] = hass.loop.create_future()
    get_instance(hass).queue_task(SynchronizeTask(done))
    await done


def _live(
    simulation: Any, start: datetime, end: datetime
) -> Sequence[Sequence[Values]]:
    """Let the house live without cars, minute by minute; return the minutes of each hour.

    Its own time has the distance to the clock on the wall that it has now, so that past and present meet.
    """
    site = simulation.site
    distance = simulation.state.at - dt_util.utcnow()
    state = site.initial(start + distance)
    hours = []
    for _ in range(round((end - start) / HOUR)):
        minutes: list[Values] = []
        for _ in range(60):
            state = site.step(state, MINUTE_S)
            shown = site.values(state)
            l1, l2, l3 = shown.grid_current_a
            minutes.append(
                {
                    "grid_power": shown.grid_power_w,
                    "grid_current_l1": l1,
                    "grid_current_l2": l2,
                    "grid_current_l3": l3,
                    "solar_power": shown.solar_power_w,
                    "battery_power": shown.battery_power_w,
                    "house_power": shown.house_power_w,
                }
            )
        hours.append(minutes)
    return hours


def _rows(
    meter: str, start: datetime, hours: Sequence[Sequence[Values]]
) -> Iterable[StatisticData]:
    for index, minutes in enumerate(hours):
        values = [minute[meter] for minute in minutes]
        yield StatisticData(
            start=start + index * HOUR,
            mean=sum(values) / len(values),
            min=min(values),
            max=max(values),
        )
