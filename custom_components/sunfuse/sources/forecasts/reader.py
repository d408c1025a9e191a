"""Reads the forecasts of sunshine and load, and learns from the recorder."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
import logging
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.loader import IntegrationNotFound, async_get_integration

from ..history import Statistic, async_statistics
from ..series import Series, Slot, layered, quarter_start, scaled
from .clear_sky import Place, Roof, expect_sun, learn_roof
from .correction import (
    ForecastLog,
    corrected,
    log_actual,
    log_forecast,
    log_from_dict,
    log_to_dict,
)
from .load import LoadModel, expect_load, house_load, learn_load
from .model import Forecast, RawForecast, added, added_forecasts
from .shapes import read_solar, read_wh_hours

_LOGGER = logging.getLogger(__name__)

HORIZON = timedelta(hours=48)
_HISTORY = timedelta(days=56)
_ROOF_HISTORY = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A statistic of a power or energy sensor, and its sign.

    `inverted` where the sensor's sign is not that of Home Assistant's Energy dashboard
    (grid positive on import, battery positive on discharge). `factor` makes watts of what
    is recorded: the voltage for a current.
    """

    statistic_id: str
    inverted: bool = False
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastConfig:
    """Where forecasts come from and what they learn from; all of it may be missing.

    Attributes:
        solar_entries: config entries with a solar forecast, as the Energy dashboard lists.
        roofs: groups of entities with forecast attributes; those of a group (Solcast's
            today, tomorrow, ...) follow each other, groups add up.
        peak_w: the panels' nominal power, for day one without forecast and history.
        grid, solar, battery, cars: statistics, which add up within each.

    """

    solar_entries: tuple[str, ...] = ()
    roofs: tuple[tuple[str, ...], ...] = ()
    peak_w: float | None = None
    grid: tuple[Meter, ...] = ()
    solar: tuple[Meter, ...] = ()
    battery: tuple[Meter, ...] = ()
    cars: tuple[Meter, ...] = ()


def config_from_dict(data: Mapping[str, Any]) -> ForecastConfig:
    """Build the configuration from what the UI stores."""

    def meters(name: str) -> tuple[Meter, ...]:
        return tuple(Meter(**meter) for meter in data.get(name, ()))

    return ForecastConfig(
        solar_entries=tuple(data.get("solar_entries", ())),
        roofs=tuple(tuple(group) for group in data.get("roofs", ())),
        peak_w=data.get("peak_w"),
        grid=meters("grid"),
        solar=meters("solar"),
        battery=meters("battery"),
        cars=meters("cars"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecasts:
    """Two days of sunshine and of load from now on, by quarter hour.

    `solar_source` is `forecast`, `history` (clear sky) or `none`; `load_days` is how many
    days the load forecast has learned from.
    """

    solar: Forecast = ()
    load: Forecast = ()
    solar_source: str = "none"
    load_days: float = 0.0


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

    @property
    def entities(self) -> list[str]:
        """Return the entities whose changes are a reason to refresh."""
        return [entity for group in self._config.roofs for entity in group]

    def to_dict(self) -> dict[str, Any]:
        """Return what cannot be learned again from the recorder, for the store."""
        return log_to_dict(self._log)

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take back what was foretold before a restart."""
        self._log = log_from_dict(data)

    async def async_learn(self, now: datetime) -> None:
        """Learn the roof and the house from the recorder's statistics."""
        config = self._config
        ids = [
            meter.statistic_id
            for meters in (config.grid, config.solar, config.battery, config.cars)
            for meter in meters
        ]
        known = await async_statistics(self._hass, ids, now - _HISTORY, now)
        # Weeks of hours through formulas: nothing for the event loop.
        await self._hass.async_add_executor_job(self._learn, known, now)

    def _learn(self, known: Mapping[str, Statistic], now: datetime) -> None:
        """Learn from statistics; runs in the executor."""
        config = self._config
        tz = ZoneInfo(self._hass.config.time_zone)
        solar = _sum(config.solar, known)
        recent = tuple(slot for slot in solar if slot.start > now - _ROOF_HISTORY)
        self._roof = learn_roof(recent, self._place, peak_w=config.peak_w)
        self._log = log_actual(self._log, _hours(config.solar, known), now)
        load = house_load(
            _sum(config.grid, known),
            solar,
            _sum(config.battery, known),
            _sum(config.cars, known),
        )
        self._load = learn_load(load, now, tz)

    @property
    def _place(self) -> Place:
        """Return where Home Assistant says it is."""
        config = self._hass.config
        return Place(latitude=config.latitude, longitude=config.longitude)

    async def async_refresh(self, now: datetime) -> Forecasts:
        """Return the forecasts from now on."""
        tz = ZoneInfo(self._hass.config.time_zone)
        start, end = quarter_start(now), quarter_start(now) + HORIZON
        raw = await self._async_raw(tz)
        self._log = log_forecast(self._log, raw.likely, now)
        solar = corrected(self._log, raw, tz)
        sky = expect_sun(self._roof, self._place, start, end)
        if not any(slot.end > now for slot in solar):
            solar = ()
        # Behind the end of a forecast the clear sky goes on.
        reach = solar[-1].end if solar else start
        joined = (*solar, *(slot for slot in sky if slot.start >= reach))
        model = self._load or learn_load((), now, tz)
        return Forecasts(
            solar=tuple(slot for slot in joined if start <= slot.start < end),
            load=expect_load(model, start, end, tz),
            solar_source="forecast" if solar else "history" if sky else "none",
            load_days=model.days,
        )

    async def _async_raw(self, tz: ZoneInfo) -> RawForecast:
        """Read every roof's forecast and add them."""
        forecasts = [
            read_wh_hours(await async_solar_answer(self._hass, entry_id), tz)
            for entry_id in self._config.solar_entries
        ]
        for group in self._config.roofs:
            parts = []
            for entity in group:
                if (state := self._hass.states.get(entity)) is not None:
                    unit = state.attributes.get("unit_of_measurement")
                    parts.append(read_solar(state.attributes, unit=unit, tz=tz))
            forecasts.append(
                RawForecast(
                    likely=layered(*(part.likely for part in parts)),
                    low=layered(*(part.low for part in parts)),
                    high=layered(*(part.high for part in parts)),
                )
            )
        return added_forecasts(forecasts)


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
        # Not loaded yet, or failed to: `runtime_data` is not there.
        _LOGGER.debug("No solar forecast from %s yet: %s", entry.domain, error)
        return None


def _sum(meters: tuple[Meter, ...], known: Mapping[str, Statistic]) -> Series:
    """Add the meters of one kind, by quarter hour."""
    return added(_signed(meters, known))


def _signed(meters: tuple[Meter, ...], known: Mapping[str, Statistic]) -> list[Series]:
    """Return each meter's means with Home Assistant's sign."""
    return [
        scaled(
            known.get(meter.statistic_id, Statistic()).mean,
            -meter.factor if meter.inverted else meter.factor,
        )
        for meter in meters
    ]


def _hours(meters: tuple[Meter, ...], known: Mapping[str, Statistic]) -> Series:
    """Add hourly meters that begin alike, as long-term statistics do."""
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
