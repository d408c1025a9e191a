"""What a site shows of itself while it runs: how fresh its sources are, and the energy of today."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import CONF_MAIN_FUSE, CONF_SOURCES, MAIN_CIRCUIT
from ..coordinator import SunfuseCoordinator
from ..engine.clock_change import move_attributes
from ..engine.meters.meter_quality import is_possible
from ..engine.model import Circuit
from ..engine.stored_items import Stored
from ..engine.sun.unused_sun import unused_w
from ..sources.balance import (
    DayBalance,
    DayUnused,
    add_power,
    add_unused,
    balance_from_dict,
    balance_to_dict,
    unused_from_dict,
    unused_to_dict,
)
from ..sources.config import SourcesConfig
from ..sources.forecasts.clear_sky import Place, sun
from ..sources.freshness import Freshness, Interval
from ..sources.report.site_report import GridConnection, proposed_margin_a
from .circuits import CircuitTree
from .outcome import SiteData
from .storage_file import StorageFile

# A power cut loses this much of today; flash wears with every write.
SAVE_DELAY_S = 300
# An inverter reports its power every few minutes when it changes little; older values say nothing about now.
_HOLDS = timedelta(minutes=10)
# Ticks come every few seconds; over a longer pause, nothing is known.
_LONGEST_STRETCH = timedelta(minutes=1)
# A main fuse carries moderate overloads for minutes, and cars reduce within seconds: half a minute is acceptable.
SLOW_S = 30.0
_CIVIL_DUSK_DEG = -1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowMeter:
    """A meter that is too slow: its circuit, its slowest sensor, and the margin that would allow for it."""

    circuit: str
    name: str
    entity: str
    interval: Interval
    margin_a: float


class Observed:
    """What was observed of one site."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        store: StorageFile,
        stored: Stored,
        *,
        simulated: bool,
    ) -> None:
        """Start with what was observed before a restart."""
        self._hass = hass
        self._entry = entry
        self._stored = stored
        self._store = store
        self._simulated = simulated
        self._sources = SourcesConfig.from_dict(entry.data.get(CONF_SOURCES, {}))
        self.entities: tuple[str, ...] = ()
        self._at: datetime | None = None
        self._powers: tuple[float, float, float] | None = None
        self._balance = stored.read("balance", balance_from_dict, DayBalance())
        self._unused_w: Mapping[str, float] = {}
        self._unused = stored.read("unused", unused_from_dict, DayUnused())
        self.freshness = Freshness()

    @callback
    def start(
        self, coordinator: SunfuseCoordinator, sources: SourcesConfig
    ) -> Callable[[], None]:
        """Add up from now on, on every tick; returns the function that ends that."""
        self._sources = sources
        return coordinator.async_add_listener(lambda: self._ticked(coordinator.data))

    @callback
    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which the wall clock was set forward."""
        self.freshness.clock_was_set()
        move_attributes(self, by)

    async def async_save(self) -> None:
        """Write what was observed, when the site is unloaded."""
        await self._store.async_save()

    def take_back(self, entities: tuple[str, ...]) -> None:
        """Restore the freshness of the sensors that the site has now."""
        self.entities = entities
        self.freshness.restore(self._stored.within("freshness"), entities)

    async def async_put_aside(self) -> None:
        """Put aside what could not be read of the stored observations."""
        await self._store.async_put_aside()

    def diagnostics(self) -> dict[str, Any]:
        """Return today's energies, and how fresh each source is."""
        return {
            "balance": balance_to_dict(self._balance),
            "unused": unused_to_dict(self._unused),
            "freshness": {
                entity: asdict(interval)
                if (interval := self.freshness.of(entity))
                else None
                for entity in self.entities
            },
        }

    @property
    def has_sun(self) -> bool:
        """Return whether the use of solar power can be measured."""
        return self._simulated or bool(self._sources.solar)

    @property
    def today(self) -> DayBalance | None:
        """Return the energies of today; None while nothing is known."""
        day = dt_util.as_local(dt_util.utcnow()).date().isoformat()
        return self._balance if self._balance.day == day else None

    @property
    def unused_today(self) -> DayUnused | None:
        """Return today's solar energy that cars could have used and did not; None while nothing is known."""
        day = dt_util.as_local(dt_util.utcnow()).date().isoformat()
        return self._unused if self._unused.day == day else None

    @property
    def grid_entities(self) -> tuple[str, ...]:
        """Return the sensors that protect the main fuse: those of the phases, otherwise the total's."""
        return self._sources.meter.fuse_entities

    @property
    def meter_interval(self) -> Interval | None:
        """Return how often the slowest sensor of the grid meter reports."""
        slowest = self.freshness.slowest(self.grid_entities)
        return slowest[1] if slowest else None

    def too_slow(self, circuits: Iterable[Circuit]) -> Iterator[SlowMeter]:
        """Yield the meters of these circuits that are too slow to protect their fuse.

        A slow one is not too slow if the margin allows for it. One that is often silent for longer than a
        reading is valid is too slow whatever the margin: chargers would fall to their fail-safe current again and again.
        """
        tree = CircuitTree.of(self._entry)
        meters = {MAIN_CIRCUIT: self._sources.meter} | {
            name: circuit.sources.meter
            for name, circuit in tree.sources().items()
            if circuit.sources.meter is not None
        }
        for circuit in circuits:
            if (meter := meters.get(circuit.id)) is None:
                continue
            if (slowest := self.freshness.slowest(meter.fuse_entities)) is None:
                continue
            entity, interval = slowest
            fuse_a = max(tree.limit_a(circuit.id))
            margin_a = margin_for(fuse_a, interval)
            lost = interval.high_s > circuit.meter_max_age_s
            if lost or (is_slow(interval) and circuit.margin_a < margin_a):
                yield SlowMeter(
                    circuit=circuit.id,
                    name=circuit.name,
                    entity=entity,
                    interval=interval,
                    margin_a=margin_a,
                )

    @callback
    def _ticked(self, data: SiteData) -> None:
        """Add the period since the last tick, with the values that were known then."""
        now = data.snapshot.now
        before, self._at = self._at, now
        powers, self._powers = self._powers, self.known(data)
        unused, self._unused_w = self._unused_w, self._unused_now(data)
        if before is None or powers is None or now - before > _LONGEST_STRETCH:
            return
        grid_w, solar_w, battery_w = powers
        self._balance = add_power(
            self._balance,
            before,
            now,
            tz=dt_util.get_default_time_zone(),
            grid_w=grid_w,
            solar_w=solar_w,
            battery_w=battery_w,
        )
        self._unused = add_unused(
            self._unused,
            before,
            now,
            tz=dt_util.get_default_time_zone(),
            by_cause_w=unused,
        )
        self._store.save_soon()

    def _unused_now(self, data: SiteData) -> dict[str, float]:
        """Return how much of the exported power cars could use, by reason."""
        if self._powers is None:
            return {}
        grid_w = self._powers[0]
        found = unused_w(data.snapshot, data.decision, grid_w)
        return {cause.value: power_w for cause, power_w in found.items()}

    def known(self, data: SiteData) -> tuple[float, float, float] | None:
        """Return the powers of grid, sun and battery; None unless all that the site has are known."""
        snapshot = data.snapshot
        meter = data.meter
        grid_w = data.grid_power_w
        if meter is None or grid_w is None or snapshot.now - meter.at > _HOLDS:
            return None
        solar_w = battery_w = 0.0
        if self._sources.solar:
            solar = snapshot.solar
            if solar is not None and snapshot.now - solar.at <= _HOLDS:
                solar_w = solar.power_w
            elif not self._is_night(snapshot.now):
                return None
        if self._sources.battery:
            battery = snapshot.battery
            if battery is None or snapshot.now - battery.at > _HOLDS:
                return None
            battery_w = battery.power_w
        powers = grid_w, solar_w, battery_w
        site = snapshot.site
        rated_w = self._entry.data[CONF_MAIN_FUSE] * site.phases * site.voltage_v
        # A single wrong reading would become the whole day.
        return powers if all(is_possible(w, rated_w) for w in powers) else None

    def _is_night(self, now: datetime) -> bool:
        """Return whether an inverter without a report is asleep."""
        config = self._hass.config
        place = Place(latitude=config.latitude, longitude=config.longitude)
        return sun(now, place)[0] < _CIVIL_DUSK_DEG

    def to_dict(self) -> dict[str, Any]:
        """Return what was observed, for storage."""
        return {
            "balance": balance_to_dict(self._balance),
            "unused": unused_to_dict(self._unused),
            "freshness": self.freshness.to_dict(),
        }


def is_slow(interval: Interval) -> bool:
    """Return whether a meter reports so rarely that the margin must allow for it."""
    return interval.usual_s > SLOW_S


def margin_for(fuse_a: float, interval: Interval) -> float:
    """Return the margin that allows for changes between two readings."""
    return proposed_margin_a(
        GridConnection(fuse_a=fuse_a, meter_interval_s=interval.usual_s)
    )


def observed_store(hass: HomeAssistant, entry_id: str) -> StorageFile:
    """Return the file of observations."""
    return StorageFile(hass, entry_id, "observed", every_s=SAVE_DELAY_S)


async def async_load_observed(
    hass: HomeAssistant, entry: ConfigEntry, *, simulated: bool
) -> Observed:
    """Return what was observed of a site before a restart."""
    store = observed_store(hass, entry.entry_id)
    observed = Observed(
        hass, entry, store, await store.async_load(), simulated=simulated
    )
    store.keep(observed.to_dict)
    entry.async_on_unload(observed.async_save)
    return observed
