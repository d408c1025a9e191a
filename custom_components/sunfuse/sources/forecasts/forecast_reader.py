"""Reads the forecasts of solar power and load, and learns from the recorder."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
import logging
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.loader import IntegrationNotFound, async_get_integration

from ...engine.stored_items import Stored
from ..history import Statistic, async_statistics
from ..series import Series, Slot, between, is_turned, layered, quarter_start, scaled
from ..tariffs.usual_peaks import day_peaks
from .clear_sky import Place, Roof, expect_sun, learn_roof
from .correction import (
    ForecastLog,
    corrected,
    log_actual,
    log_forecast,
    log_from_dict,
    log_to_dict,
)
from .forecast_config import ForecastConfig, MeterStatistic
from .forecast_shapes import read_solar, read_wh_hours
from .house_load import (
    LoadModel,
    alone_w,
    expect_load,
    house_load,
    learn_load,
    load_from_dict,
    load_to_dict,
    with_nights,
)
from .power_forecast import (
    Forecast,
    RawForecast,
    added,
    added_forecasts,
    energy_wh,
    mean_w,
)

_LOGGER = logging.getLogger(__name__)

HORIZON = timedelta(hours=48)
# Forecasts are in the memory of their integrations; only one that asks a server now is late.
_PATIENCE_S = 30
_HISTORY = timedelta(days=56)
_ROOF_HISTORY = timedelta(days=30)
# The recorder keeps five minutes for so long, usually.
_FINE_HISTORY = timedelta(days=10)


HALF_HOUR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecasts:
    """Two days of solar power and of load from now on, by quarter hour.

    `solar_source` is `forecast`, `history` (clear sky) or `none`; `load_days` is how many
    days the load forecast has learned from. The energies are those of whole local days,
    in Wh, None if not known.
    """

    solar: Forecast = ()
    load: Forecast = ()
    solar_source: str = "none"
    load_days: float = 0.0
    solar_today_wh: float | None = None
    solar_tomorrow_wh: float | None = None
    load_today_wh: float | None = None
    load_tomorrow_wh: float | None = None
    # The highest interval of past days as the grid saw it without cars, by its minutes.
    day_peaks_w: Mapping[int, tuple[float, ...]] = field(default_factory=dict)

    @property
    def known_until(self) -> datetime | None:
        """Return until when solar power is forecast."""
        return self.solar[-1].end if self.solar else None

    def solar_ahead_w(self, now: datetime) -> float | None:
        """Return the mean solar power of the next half hour; None without a forecast of the weather."""
        if self.solar_source != "forecast":
            return None
        minute = now.replace(second=0, microsecond=0)
        return mean_w(self.solar, minute, minute + HALF_HOUR)


class ForecastReader:
    """Forecasts of one site.

    `async_learn` reads the recorder: at the start and once an hour. `async_refresh` reads
    the forecasts and is cheap.
    """

    def __init__(self, hass: HomeAssistant, config: ForecastConfig) -> None:
        """Start with nothing learned."""
        self._hass = hass
        self._config = config
        self._log = ForecastLog()
        self._roof = Roof()
        self._load: LoadModel | None = None
        self._day_peaks_w: Mapping[int, tuple[float, ...]] = {}
        self._answers: dict[str, RawForecast] = {}  # the last of each config entry

    @property
    def entities(self) -> list[str]:
        """Return the entities whose changes require a refresh."""
        return [entity for group in self._config.roofs for entity in group]

    def to_dict(self) -> dict[str, Any]:
        """Return past forecasts and the learned load, for storage."""
        kept = log_to_dict(self._log)
        return kept | ({"load": load_to_dict(self._load)} if self._load else {})

    def restore(self, data: Mapping[str, Any] | Stored) -> None:
        """Continue from what was stored before a restart."""
        stored = Stored.of(data)
        self._log = log_from_dict(stored)
        self._load = stored.read("load", load_from_dict, None)

    def read_from(self, config: ForecastConfig) -> None:
        """Set the forecasts to read."""
        self._config = config

    def learn_from(
        self,
        *,
        grid: tuple[MeterStatistic, ...],
        solar: tuple[MeterStatistic, ...],
        battery: tuple[MeterStatistic, ...],
        cars: tuple[MeterStatistic, ...],
    ) -> None:
        """Set the statistics to learn from, which come and go while a site runs."""
        self._config = replace(
            self._config, grid=grid, solar=solar, battery=battery, cars=cars
        )

    async def async_learn(self, now: datetime) -> None:
        """Learn the roof and the house from the recorder's statistics."""
        config = self._config
        ids = [
            meter.statistic_id
            for meters in (config.grid, config.solar, config.battery, config.cars)
            for meter in meters
        ]
        known = await async_statistics(self._hass, ids, now - _HISTORY, now)
        meters = (*config.grid, *config.cars, *config.battery)
        drawn = [each.statistic_id for each in meters]
        fine = await async_statistics(
            self._hass, drawn, now - _FINE_HISTORY, now, "5minute"
        )
        # Weeks of hours through formulas: not for the event loop.
        (
            self._roof,
            self._load,
            self._day_peaks_w,
        ) = await self._hass.async_add_executor_job(
            self._learned, config, known, fine, now
        )
        self._log = log_actual(self._log, _hours(config.solar, known), now)

    def _learned(
        self,
        config: ForecastConfig,
        known: Mapping[str, Statistic],
        fine: Mapping[str, Statistic],
        now: datetime,
    ) -> tuple[Roof, LoadModel, Mapping[int, tuple[float, ...]]]:
        """Learn from statistics; runs in the executor."""
        tz = ZoneInfo(self._hass.config.time_zone)
        solar = summed_power(config.solar, known)
        recent = tuple(slot for slot in solar if slot.start > now - _ROOF_HISTORY)
        grid = summed_power(config.grid, known)
        cars = summed_power(config.cars, known)
        battery = summed_power(config.battery, known)
        load = house_load(
            grid,
            with_nights(solar, grid, self._place) if config.solar else (),
            battery,
            cars,
        )
        alone = alone_w(grid, cars, battery)
        finely = alone_w(
            summed_power(config.grid, fine),
            summed_power(config.cars, fine),
            summed_power(config.battery, fine),
        )
        peaks = {60: day_peaks(alone, 60, tz)}
        peaks |= {minutes: day_peaks(finely, minutes, tz) for minutes in (15, 30)}
        return (
            learn_roof(recent, self._place, peak_w=config.peak_w),
            learn_load(load, now, tz),
            peaks,
        )

    @property
    def _place(self) -> Place:
        """Return Home Assistant's location."""
        config = self._hass.config
        return Place(latitude=config.latitude, longitude=config.longitude)

    async def async_refresh(self, now: datetime) -> Forecasts:
        """Return the forecasts from now on."""
        tz = ZoneInfo(self._hass.config.time_zone)
        today, tomorrow, after = _midnights(now, tz)
        start = quarter_start(now)
        end = max(start + HORIZON, after)
        raw = await self._async_raw(tz, now)
        self._log = log_forecast(self._log, raw.likely, now)
        solar = corrected(self._log, raw, tz)
        sky = expect_sun(self._roof, self._place, today, end)
        if not any(slot.end > now for slot in solar):
            solar = ()
        # After the end of a forecast the clear sky continues.
        reach = solar[-1].end if solar else start
        joined = (*solar, *(slot for slot in sky if slot.start >= reach))
        model = self._load or learn_load((), now, tz)
        load = expect_load(model, today, end, tz)
        # Sources report all of the hours that passed, some or none.
        whole = layered(_likely(joined), self._past_forecast(), _likely(sky))
        return Forecasts(
            solar=tuple(slot for slot in joined if start <= slot.start < end),
            load=tuple(slot for slot in load if slot.start >= start),
            solar_source="forecast" if solar else "history" if sky else "none",
            load_days=model.days,
            solar_today_wh=_energy(whole, today, tomorrow),
            solar_tomorrow_wh=_energy(whole, tomorrow, after),
            load_today_wh=_energy(_likely(load), today, tomorrow),
            load_tomorrow_wh=_energy(_likely(load), tomorrow, after),
            day_peaks_w=self._day_peaks_w,
        )

    def _past_forecast(self) -> Series:
        """Return the past forecast of the last hours, in watts."""
        hour = timedelta(hours=1)
        return tuple(
            Slot(start=one.start, end=one.start + hour, value=one.forecast_wh)
            for one in self._log.hours
            if one.forecast_wh is not None
        )

    async def _async_raw(self, tz: ZoneInfo, now: datetime) -> RawForecast:
        """Read every roof's forecast and add them.

        One that is unavailable now keeps its last forecast: half of the roofs would look like
        a dark day.
        """
        entries = self._config.solar_entries
        answers = await asyncio.gather(
            *(self._async_answer(entry_id) for entry_id in entries),
            return_exceptions=True,
        )
        for entry_id, answer in zip(entries, answers, strict=True):
            if isinstance(answer, BaseException):
                _LOGGER.debug("No solar forecast from %s: %r", entry_id, answer)
            elif (read := read_wh_hours(answer, tz, now)).likely:
                self._answers[entry_id] = read
        forecasts = [self._answers.get(entry_id, RawForecast()) for entry_id in entries]
        for group in self._config.roofs:
            parts = []
            for entity in group:
                if (state := self._hass.states.get(entity)) is not None:
                    unit = state.attributes.get("unit_of_measurement")
                    parts.append(
                        read_solar(state.attributes, unit=unit, tz=tz, now=now)
                    )
            forecasts.append(
                RawForecast(
                    likely=layered(*(part.likely for part in parts)),
                    low=layered(*(part.low for part in parts)),
                    high=layered(*(part.high for part in parts)),
                )
            )
        return added_forecasts(forecasts)

    async def _async_answer(self, entry_id: str) -> object:
        """Ask a config entry's integration, which may hang."""
        async with asyncio.timeout(_PATIENCE_S):
            return await async_solar_answer(self._hass, entry_id)


def _midnights(now: datetime, tz: ZoneInfo) -> tuple[datetime, datetime, datetime]:
    """Return when today, tomorrow and the day after begin, in UTC."""
    day = now.astimezone(tz).date()

    def begins(on: date) -> datetime:
        return datetime(on.year, on.month, on.day, tzinfo=tz).astimezone(UTC)

    one = timedelta(days=1)
    return begins(day), begins(day + one), begins(day + 2 * one)


def _likely(forecast: Forecast) -> Series:
    """Return the likely values."""
    return tuple(
        Slot(start=slot.start, end=slot.end, value=slot.p50_w) for slot in forecast
    )


def _energy(series: Series, start: datetime, end: datetime) -> float | None:
    """Return a period's energy; None if it is not known."""
    known = between(series, start, end)
    return energy_wh(known) if known else None


async def async_solar_answer(hass: HomeAssistant, entry_id: str) -> object:
    """Ask the integration of a config entry for its solar forecast; None without one.

    The contract is that of Home Assistant's Energy dashboard: a platform `energy` with
    `async_get_solar_forecast(hass, config_entry_id)`.
    """
    if (entry := hass.config_entries.async_get_entry(entry_id)) is None:
        return None
    try:
        integration = await async_get_integration(hass, entry.domain)
        platform = await integration.async_get_platform("energy")
    except IntegrationNotFound, ImportError:
        return None
    try:
        return await platform.async_get_solar_forecast(hass, entry_id)
    except AttributeError as error:
        # Not loaded yet, or failed to load: there is no `runtime_data`.
        _LOGGER.debug("No solar forecast from %s yet: %s", entry.domain, error)
        return None


def summed_power(
    meters: tuple[MeterStatistic, ...], known: Mapping[str, Statistic]
) -> Series:
    """Add the meters of one kind, by quarter hour."""
    return added(_signed(meters, known))


def _signed(
    meters: tuple[MeterStatistic, ...], known: Mapping[str, Statistic]
) -> list[Series]:
    """Return each meter's means with Home Assistant's sign."""

    def signed(meter: MeterStatistic) -> Series:
        mean = known.get(meter.statistic_id, Statistic()).mean
        current = meter.factor != 1.0
        turned = is_turned(mean, inverted=meter.inverted, current=current)
        return scaled(mean, -meter.factor if turned else meter.factor)

    return [signed(meter) for meter in meters]


def _hours(
    meters: tuple[MeterStatistic, ...], known: Mapping[str, Statistic]
) -> Series:
    """Add hourly meters that start at the same times, as long-term statistics do."""
    sums: dict[datetime, list[Slot]] = {}
    for series in _signed(meters, known):
        for slot in series:
            sums.setdefault(slot.start, []).append(slot)
    return layered(
        Slot(
            start=start,
            end=slots[0].end,
            value=sum(slot.value for slot in slots),
        )
        for start, slots in sums.items()
        if len(slots) == len(meters)
    )
