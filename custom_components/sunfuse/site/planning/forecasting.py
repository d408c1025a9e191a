"""The forecasts of a site while it runs: read every quarter hour and on events, learned from the recorder every hour."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
import logging
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import (
    EventStateChangedData,
    async_track_state_change_event,
    async_track_utc_time_change,
)
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ...const import (
    CONF_FORECAST_ENTITIES,
    CONF_FORECAST_ENTRIES,
    CONF_SOLAR_PEAK,
    CONF_SOURCES,
    DOMAIN,
    W_PER_KW,
)
from ...sources.config import SourcesConfig
from ...sources.forecasts.forecast_config import ForecastConfig, MeterStatistic
from ...sources.forecasts.forecast_reader import ForecastReader, Forecasts
from ...sources.forecasts.forecast_sources import not_twice, roofs_of
from ...sources.report.site_meters import async_site_meters
from ..background_run import BackgroundRun
from ..entry_data import site_of
from ..outcome import ConnectorKey
from ..storage_file import StorageFile

_LOGGER = logging.getLogger(__name__)

SAVE_DELAY_S = 60
# An integration writes today, tomorrow and the day after, one after the other.
BURST_S = 5.0
QUARTERS = (0, 15, 30, 45)
LEARN_EVERY = timedelta(minutes=59)
# Until something is learned: the first statistics of a new sensor are written within an hour.
LEARN_FIRST_EVERY = timedelta(minutes=14)


def forecast_config(hass: HomeAssistant, entry: ConfigEntry) -> ForecastConfig:
    """Return where a site's solar forecast comes from: its options, otherwise the Energy dashboard."""
    sources = SourcesConfig.from_dict(entry.data.get(CONF_SOURCES, {}))
    options = entry.options
    entities = tuple(options.get(CONF_FORECAST_ENTITIES, ()))
    entries = tuple(options.get(CONF_FORECAST_ENTRIES, sources.solar_forecasts))
    peak_kw: float | None = options.get(CONF_SOLAR_PEAK)
    return ForecastConfig(
        solar_entries=not_twice(hass, entries, entities, DOMAIN),
        roofs=roofs_of(hass, entities),
        peak_w=peak_kw * W_PER_KW if peak_kw else None,
    )


class SiteForecasts(DataUpdateCoordinator[Forecasts]):
    """Provides the forecasts of solar power and load to a site's entities."""

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        simulated: bool,
        connectors: Callable[[], Iterable[ConnectorKey]],
    ) -> None:
        """Start with nothing learned; the cars at `connectors` are not part of the house's load."""
        super().__init__(
            hass, _LOGGER, config_entry=entry, name=f"{DOMAIN} forecasts {entry.title}"
        )
        self._simulated = simulated
        self._connectors = connectors
        self._store = forecast_store(hass, entry.entry_id)
        self._config = forecast_config(hass, entry)
        self._sources = SourcesConfig()
        self._reader = ForecastReader(hass, self._config)
        self._learned_at: datetime | None = None
        self._run = BackgroundRun(
            hass, entry, self._async_work, name=f"{DOMAIN} forecasts", burst_s=BURST_S
        )
        self._stops: list[Callable[[], None]] = []
        self._stop_clock: CALLBACK_TYPE | None = None
        self.without_statistics: tuple[str, ...] = ()
        self.data = Forecasts()

    @property
    def has_solar(self) -> bool:
        """Return whether there is solar power to forecast: measured panels, or a forecast."""
        sources = self.config_entry.data.get(CONF_SOURCES, {})
        config = self._config
        return bool(
            self._simulated
            or sources.get("solar")
            or config.solar_entries
            or config.roofs
            or config.peak_w
        )

    async def async_load(self) -> None:
        """Read past forecasts from before a restart."""
        stored = await self._store.async_load()
        self._reader.restore(stored)
        await self._store.async_put_aside()
        self._store.keep(self.to_dict)

    async def async_save(self) -> None:
        """Write past forecasts, when the site is unloaded."""
        await self._store.async_save()

    def to_dict(self) -> dict[str, Any]:
        """Return past forecasts for storage."""
        return self._reader.to_dict()

    def diagnostics(self) -> dict[str, Any]:
        """Return the forecasts and their sources."""
        return {
            "config": asdict(self._config),
            "expected": asdict(self.data),
            "learned_at": self._learned_at,
            "without_statistics": self.without_statistics,
        }

    @callback
    def start(self, sources: SourcesConfig, roofs: tuple[str, ...] = ()) -> None:
        """Read now and from now on; learn from these sources as soon as the recorder runs.

        `roofs` are entities with a forecast besides the chosen ones.
        """
        self._sources = sources
        if roofs:
            self._config = replace(self._config, roofs=(*self._config.roofs, roofs))
            self._reader.read_from(self._config)
        self._stops = [
            async_track_state_change_event(
                self.hass, self._reader.entities, self._entity_changed
            ),
            async_at_started(self.hass, self._started),
        ]
        self._follow_clock()
        self._run.soon(0)

    @callback
    def _follow_clock(self) -> None:
        if self._stop_clock:
            self._stop_clock()
        self._stop_clock = async_track_utc_time_change(
            self.hass, self._quarter_begins, minute=QUARTERS, second=3
        )

    @callback
    def clock_was_set(self, _by: timedelta) -> None:
        """Read and learn again, and follow the new time: the next quarter hour of the former one may be years away."""
        if self._stop_clock:
            self._follow_clock()
            self.learn_soon()

    @callback
    def stop(self) -> None:
        """Stop reading and learning."""
        for stop in self._stops:
            stop()
        self._stops = []
        if self._stop_clock:
            self._stop_clock()
            self._stop_clock = None
        self._run.stop()

    async def _started(self, _hass: HomeAssistant) -> None:
        """Learn once everything is set up, including the recorder."""
        self.learn_soon()

    @callback
    def learn_soon(self) -> None:
        """Learn now, whenever that was last done."""
        self._learned_at = None
        self._run.soon(0)

    @callback
    def _quarter_begins(self, _now: datetime) -> None:
        self._run.soon(0)

    @callback
    def _entity_changed(self, _event: Event[EventStateChangedData]) -> None:
        self._run.soon()

    async def _async_work(self) -> None:
        """Read, and learn when it is time; what was read is shown before the slower part."""
        now = dt_util.utcnow()
        if self._learned_at is None:
            await self._async_read(now)
        if self.hass.is_running and self._is_due(now):
            self._learned_at = now
            await self._async_learn(now)
        await self._async_read(now)

    def _is_due(self, now: datetime) -> bool:
        if self._learned_at is None:
            return True
        pause = LEARN_EVERY if self.data.load_days else LEARN_FIRST_EVERY
        return now - self._learned_at >= pause

    async def _async_read(self, now: datetime) -> None:
        forecasts = await self._reader.async_refresh(now)
        if self._stops:
            self.async_set_updated_data(forecasts)
            self._store.save_soon()

    async def _async_learn(self, now: datetime) -> None:
        """Learn from the statistics that the site's sensors have today."""
        site = site_of(self.config_entry.data)
        try:
            meters = await async_site_meters(
                self.hass,
                self._sources,
                phases=site.phases,
                voltage_v=site.voltage_v,
            )
            self._reader.learn_from(
                grid=meters.grid,
                solar=meters.solar,
                battery=meters.battery,
                cars=self._cars(),
            )
            await self._reader.async_learn(now)
        except (HomeAssistantError, SQLAlchemyError) as err:
            # What was learned before stays valid; the next attempt is in an hour.
            _LOGGER.warning("The recorder could not be read to learn from: %s", err)
            return
        self.without_statistics = meters.without

    def _cars(self) -> tuple[MeterStatistic, ...]:
        """Return the power of every connector of the site."""
        registry = er.async_get(self.hass)
        entry = self.config_entry
        found = [
            registry.async_get_entity_id(
                Platform.SENSOR, DOMAIN, f"{entry.entry_id}_{key.id}_power"
            )
            for key in self._connectors()
        ]
        return tuple(MeterStatistic(statistic_id=name) for name in found if name)


def forecast_store(hass: HomeAssistant, entry_id: str) -> StorageFile:
    """Return the file of past forecasts."""
    return StorageFile(hass, entry_id, "forecasts", every_s=SAVE_DELAY_S)


async def async_load_forecasts(
    hass: HomeAssistant,
    entry: ConfigEntry,
    *,
    simulated: bool,
    connectors: Callable[[], Iterable[ConnectorKey]],
) -> SiteForecasts:
    """Return a site's forecasts, with past ones from before a restart."""
    forecasts = SiteForecasts(hass, entry, simulated=simulated, connectors=connectors)
    await forecasts.async_load()
    entry.async_on_unload(forecasts.async_save)
    entry.async_on_unload(forecasts.stop)
    return forecasts
