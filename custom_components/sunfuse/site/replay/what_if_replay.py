"""What if: gathers the past of a loaded site, replays it in a thread, and returns what another site would have done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
import time
from zoneinfo import ZoneInfo

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ...const import DOMAIN
from ...data import SunfuseConfigEntry
from ...engine.model import Mode
from ...sessions import SessionFilter, SessionRow, SiteQuarter
from ...sources.forecasts.clear_sky import Place
from ...sources.forecasts.forecast_config import MeterStatistic
from ...sources.forecasts.forecast_reader import summed_power
from ...sources.forecasts.house_load import house_load, with_nights
from ...sources.history import Statistic, async_statistics
from ...sources.report.site_meters import SiteMeters, async_site_meters
from ...sources.series import Series
from ...what_if import (
    Comparison,
    PastWeek,
    Question,
    SiteSetup,
    Variation,
    WeekPeaks,
    compare,
)
from ..entry_data import site_of
from ..outcome import ConnectorKey
from ..planning.peak_rules import CapacityRule
from .what_if_history import History, filled, history_of, known_quarters, stays_of
from .what_if_setup import capacity_rules_of, setup_of, week_peaks

# Farther back a site was another one.
SINCE = timedelta(days=366)
# The sides are compared for so long, and then again as long with more and less use.
MOST_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PastOfSite:
    """What is known of a site's past."""

    setup: SiteSetup
    history: History
    tariffs: tuple[CapacityRule, ...]
    tz: ZoneInfo


async def async_past(
    hass: HomeAssistant, entry: SunfuseConfigEntry, weeks: int, *, priced: bool
) -> PastOfSite:
    """Return the weeks that can be replayed; `priced`: other prices are given, so none need be known.

    Raises:
        TooShortError: there is no whole week.
        NoPricesError: it is not known what energy cost.

    """
    now = dt_util.utcnow()
    since = now - SINCE
    site = entry.runtime_data
    settings = site.settings

    def mode_of(key: ConnectorKey) -> Mode:
        return settings.connector(key.id).mode

    setup = setup_of(entry, mode_of)
    ledger = site.ledger
    quarters = await ledger.async_site_quarters(since, now)
    rows = await ledger.async_sessions(SessionFilter(start=since, running=False))
    house_w, sun_w = await _async_recorded(hass, entry, since, now)
    tz = ZoneInfo(hass.config.time_zone)
    history = await hass.async_add_executor_job(
        partial(
            gathered,
            quarters,
            rows,
            setup,
            now=now,
            tz=tz,
            most=weeks,
            house_w=house_w,
            sun_w=sun_w,
            priced=priced,
        )
    )
    return PastOfSite(
        setup=setup, history=history, tariffs=capacity_rules_of(entry), tz=tz
    )


def gathered(
    quarters: Mapping[datetime, SiteQuarter],
    rows: list[SessionRow],
    setup: SiteSetup,
    *,
    now: datetime,
    tz: ZoneInfo,
    most: int,
    house_w: Series = (),
    sun_w: Series = (),
    priced: bool = False,
) -> History:
    """Return weeks of what ledger and recorder have; must be called off the event loop."""
    known = known_quarters(quarters, with_battery=setup.storage is None)
    known = filled(known, quarters, house_w, sun_w)
    return history_of(
        known, stays_of(rows), quarters, now=now, tz=tz, most=most, priced=priced
    )


async def async_compare(
    hass: HomeAssistant,
    past: PastOfSite,
    variation: Variation,
    investment: float | None,
) -> Comparison:
    """Replay in a thread, week by week, for a limited time."""
    question = question_of(past, variation, investment)
    end = time.monotonic() + MOST_S

    def in_time() -> bool:
        return time.monotonic() < end and not hass.is_stopping

    return await hass.async_add_executor_job(compare, question, in_time)


def question_of(
    past: PastOfSite, variation: Variation, investment: float | None
) -> Question:
    """Return what is asked, with the site's own capacity tariffs."""

    def peaks(week: PastWeek) -> WeekPeaks:
        return week_peaks(past.tariffs, week, past.tz)

    return Question(
        setup=past.setup,
        weeks=past.history.weeks,
        before=past.history.before,
        variation=variation,
        peaks=peaks,
        investment=investment,
    )


async def _async_recorded(
    hass: HomeAssistant, entry: SunfuseConfigEntry, start: datetime, end: datetime
) -> tuple[Series, Series]:
    """Return what the recorder knows of the house without cars, and of the sun."""
    site = site_of(entry.data)
    meters = await async_site_meters(
        hass,
        entry.runtime_data.sources,
        phases=site.phases,
        voltage_v=site.voltage_v,
    )
    registry = er.async_get(hass)
    cars = tuple(
        MeterStatistic(statistic_id=name)
        for key in entry.runtime_data.chargers.connector_keys()
        if (
            name := registry.async_get_entity_id(
                Platform.SENSOR, DOMAIN, f"{entry.entry_id}_{key.id}_power"
            )
        )
    )
    every = (*meters.grid, *meters.solar, *meters.battery, *cars)
    found = await async_statistics(
        hass, [meter.statistic_id for meter in every], start, end
    )
    place = Place(latitude=hass.config.latitude, longitude=hass.config.longitude)
    return await hass.async_add_executor_job(
        partial(_house_and_sun, meters, cars, found, place)
    )


def _house_and_sun(
    meters: SiteMeters,
    cars: tuple[MeterStatistic, ...],
    found: Mapping[str, Statistic],
    place: Place,
) -> tuple[Series, Series]:
    grid, solar = summed_power(meters.grid, found), summed_power(meters.solar, found)
    sun = with_nights(solar, grid, place) if meters.solar else ()
    house = house_load(
        grid, sun, summed_power(meters.battery, found), summed_power(cars, found)
    )
    return house, sun
