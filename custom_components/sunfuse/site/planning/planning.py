"""The slow loop: plans a site's cars and battery whenever something changes and every few minutes, beside the event loop.

What is planned reaches the engine as `PlanSlot`s in the next snapshots. It is something to aim for, never a licence to
exceed a limit. A run that fails costs nothing but its plan: the last good one goes on, and says how old it is.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
import logging
from threading import Lock
from time import perf_counter

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import (
    async_track_time_interval,
    async_track_utc_time_change,
)
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ...const import DOMAIN
from ...coordinator import SunfuseCoordinator
from ...engine.cars.unlimited import as_they_are
from ...engine.model import BatteryReading, Connector, Mode, PlanSlot, Snapshot
from ...planner import (
    CarIntention,
    HomeBattery,
    Intention,
    Outlook,
    Shortfall,
    SiteSlot,
    TargetPeak,
    intend,
)
from ...sources.forecasts.forecast_reader import Forecasts
from ..background_run import BackgroundRun
from ..battery.battery_orders import home_battery, simulated_battery
from ..cars.demands import Demand
from ..chargers.chargers import Chargers
from ..outcome import ConnectorKey
from ..prices import SitePrices
from ..settings import Settings
from ..simulated.site_clock import SiteClock
from .forecasting import SiteForecasts
from .outlooks import CarAsk, Known, outlook_of
from .peaks import SitePeaks
from .plan_changes import AskedBefore, has_car, silent_of
from .plan_file import PlanFile
from .plan_slots import plan_slot
from .site_demands import SiteDemands
from .site_plan import OLDEST, SitePlan, missed_of, ready_of, with_silent

_LOGGER = logging.getLogger(__name__)

# What changes together is planned together.
BURST_S = 2.0
EVERY_MIN = 5
# What will be missed is an event at once, and is a repair once it has lasted.
LASTS = timedelta(minutes=10)
# A run that failed is no news for a person before this.
PATIENCE = timedelta(minutes=10)


class SitePlanning(DataUpdateCoordinator[SitePlan]):
    """Keeps a site's plan up to date and hands it to engine and entities."""

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        ticks: SunfuseCoordinator,
        chargers: Chargers,
        demands: SiteDemands,
        prices: SitePrices | None,
        forecasts: SiteForecasts,
        peaks: SitePeaks,
        settings: Settings,
    ) -> None:
        """Begin without a plan."""
        super().__init__(
            hass, _LOGGER, config_entry=entry, name=f"{DOMAIN} plan {entry.title}"
        )
        self._ticks = ticks
        self._chargers = chargers
        self.demands = demands
        self._prices = prices
        self._forecasts = forecasts
        self._peaks = peaks
        self._settings = settings
        # Whoever asks for something else since the last plan is not held to it.
        self._asked = AskedBefore(self.clock.speed)
        self._file = PlanFile(hass, entry.entry_id)
        self._run = BackgroundRun(
            hass, entry, self._async_run, name=f"{DOMAIN} plan", burst_s=BURST_S
        )
        self._stops: list[Callable[[], None]] = []
        self._at_work = Lock()
        self.data = SitePlan()

    @property
    def clock(self) -> SiteClock:
        """Return the clock by which the site plans."""
        return self.demands.clock

    @property
    def currency(self) -> str:
        """Return the currency of the plan's costs."""
        return self._prices.currency if self._prices else self.hass.config.currency

    async def async_load(self) -> None:
        """Go on with the plan from before a restart, until there is a new one."""
        if self.clock.house is not None:
            return  # of another time
        stored = await self._file.async_load()
        self.data = stored.site_plan(self.clock.now())
        self._asked.take_back(stored.asked)

    async def async_save(self) -> None:
        """Write the plan, when the site is unloaded."""
        await self._file.async_save()

    # --- When -----------------------------------------------------------------------------------------------------

    @callback
    def start(self) -> None:
        """Plan now, and from now on."""
        self._stops = [
            self._ticks.async_add_listener(self._ticked),
            self._forecasts.async_add_listener(self.request),
            self._follow_clock(),
        ]
        if self._prices:
            self._stops.append(self._prices.async_add_listener(self.request))
        self._peaks.aim(self._target_peaks(self.data, self.clock.now()))
        self.request()

    def _follow_clock(self) -> CALLBACK_TYPE:
        """Plan every few minutes, on the clock's: just after a slot of the plan has begun."""

        @callback
        def due(_now: datetime) -> None:
            self.request()

        if self.clock.house is None:
            return async_track_utc_time_change(
                self.hass, due, minute=range(0, 60, EVERY_MIN), second=1
            )
        every = timedelta(minutes=EVERY_MIN) / self.clock.speed
        return async_track_time_interval(
            self.hass,
            due,
            max(every, timedelta(seconds=BURST_S)),
            cancel_on_shutdown=True,
        )

    async def async_stop(self) -> None:
        """Plan nothing more; wait for the planner, whose solver in C++ cannot be interrupted."""
        for stop in self._stops:
            stop()
        self._stops = []
        self._run.stop()
        if self._at_work.locked():
            await self.hass.async_add_executor_job(self._wait)

    def _wait(self) -> None:
        with self._at_work:
            pass

    @callback
    def clock_was_set(self, by: timedelta) -> None:
        """Plan anew: what was planned is for other hours, and is not followed until then."""
        if self.clock.house is None:
            self.data = self.data.moved(by)
        self.plan_anew()

    @callback
    def plan_anew(self) -> None:
        """Plan soon, whatever was planned before: what counts has changed."""
        self._asked.all_changed()
        self.request()

    @callback
    def request(self) -> None:
        """Plan soon: something changed."""
        if self._stops:
            self._run.soon()

    @callback
    def _ticked(self) -> None:
        """Plan soon if a car came or left, or somebody asks for something else."""
        if not self._ticks.last_update_success:
            return
        if self._asked.follow(self._ticks.data.snapshot, self._demand_of):
            self.request()

    async def _async_run(self) -> None:
        """Make a plan. This is a fault boundary: whatever fails in it, the last good plan goes on."""
        now = self.clock.now()
        changed, self._asked.changed = self._asked.changed, set()
        try:
            silent = silent_of(self._ticks.data.snapshot)
            intention = with_silent(
                await self._async_intend(self.outlook(), changed),
                self.data.intention,
                silent,
            )
            plan = SitePlan(
                intention=intention,
                missed=dict(missed_of(intention, self.data.missed)),
                ready=dict(ready_of(intention, self.data.ready)),
                asked_at={**self.data.asked_at, **dict.fromkeys(changed, now)},
            )
        except Exception:
            if self.data.failing_since is None:
                _LOGGER.exception("No plan could be made; the last one goes on")
            plan = replace(self.data, failing_since=self.data.failing_since or now)
            self._asked.changed |= changed
        if not self._stops:
            return
        self._peaks.aim(self._target_peaks(plan, now))
        self.async_set_updated_data(plan)
        if self.clock.house is None:
            self._file.note(plan, self._asked.fingerprints)

    # --- What -----------------------------------------------------------------------------------------------------

    async def _async_intend(self, outlook: Outlook, changed: set[str]) -> Intention:
        """Let the planner work in a thread."""
        previous = self.data.intention
        if previous is not None:
            cars = tuple(car for car in previous.cars if car.id not in changed)
            previous = replace(previous, cars=cars)
        return await self.hass.async_add_executor_job(self._intend, outlook, previous)

    def _intend(self, outlook: Outlook, previous: Intention | None) -> Intention:
        """Plan, in a thread; one at a time, as two would take each other's time limit."""
        with self._at_work:
            return intend(outlook, previous, clock=perf_counter)

    async def async_preview(
        self, key: ConnectorKey, change: Callable[[Demand], Demand], mode: Mode | None
    ) -> Intention:
        """Return a plan that is not carried out: a car asks for something else.

        Raises:
            ValueError: what is asked for contradicts itself.

        """
        outlook = self.outlook({key.id: (change, mode)})
        return await self._async_intend(outlook, {key.id})

    def outlook(
        self,
        changes: Mapping[str, tuple[Callable[[Demand], Demand], Mode | None]]
        | None = None,
    ) -> Outlook:
        """Return what is known now, with what somebody wants to try."""
        now, data = self.clock.now(), self._ticks.data
        # A charger that is only stopped and started has all or nothing in the plan too.
        snapshot = as_they_are(self.clock.snapshot_there(data.snapshot))
        return outlook_of(
            Known(
                now=now,
                snapshot=snapshot,
                decision=data.decision,
                cars=tuple(self._asks(snapshot, changes or {})),
                prices=self._prices.ahead(now) if self._prices else (),
                forecasts=self._expected(now),
                peaks=self._peaks.running(now),
                battery=self._battery(snapshot.battery),
                carbon_weight=self._settings.site.carbon_weight,
            )
        )

    def _asks(
        self,
        snapshot: Snapshot,
        changes: Mapping[str, tuple[Callable[[Demand], Demand], Mode | None]],
    ) -> Iterable[CarAsk]:
        for connector in snapshot.connectors:
            demand = self._demand_of(connector.id)
            if demand.minimum_wh > 0 and connector.mode is Mode.FAST:
                # What is needed at once ends; then the mode that was set counts again.
                set_mode = self._settings.connector(connector.id).mode
                connector = replace(connector, mode=set_mode)
            if connector.id in changes:
                change, mode = changes[connector.id]
                demand = change(demand)
                connector = replace(connector, mode=mode or connector.mode)
            tried = connector.id in changes
            expected = None if tried else self.demands.expected(connector)
            yield CarAsk(
                connector=connector,
                name=connector.id,
                demand=expected.demand if expected else demand,
                arrives=expected.arrives if expected else None,
            )

    def demand(self, key: ConnectorKey) -> Demand:
        """Return a connector's demand, in the site's time."""
        return self.demands.planned(key)

    def shown_demand(self, key: ConnectorKey) -> Demand:
        """Return a connector's demand, by the wall clock."""
        return self.demands.shown(key)

    def _demand_of(self, connector_id: str) -> Demand:
        return self.demands.planned(_key(connector_id))

    def solar_ahead_w(self) -> float | None:
        """Return the solar power that is expected in the next half hour, None without a forecast."""
        now = self.clock.now()
        return self._expected(now).solar_ahead_w(now)

    def _expected(self, now: datetime) -> Forecasts:
        house = self.clock.house
        return house.expected(now) if house else self._forecasts.data

    def _battery(self, reading: BatteryReading | None) -> HomeBattery | None:
        if self.clock.house is not None:
            return simulated_battery(self.clock.house.simulation.site.battery, reading)
        return home_battery(self.config_entry, reading)

    # --- What comes of it -----------------------------------------------------------------------------------------

    def car(self, key: ConnectorKey) -> CarIntention | None:
        """Return what is planned for a connector, None where nothing is known of it."""
        intention = self.data.intention
        return intention.car(key.id) if intention else None

    def with_plan(self, connector: Connector, voltage_v: float) -> Connector:
        """Return a connector with what it is to aim for now; only who wants to be ready on time is planned."""
        slot = self._slot(connector, voltage_v)
        return connector if slot is None else replace(connector, plan=slot)

    def _slot(self, connector: Connector, voltage_v: float) -> PlanSlot | None:
        intention = self.data.intention
        if connector.mode is not Mode.ECO or intention is None:
            return None
        # A clock that was set back a little is still within the plan's first slot.
        now = max(self.clock.now(), intention.now)
        car, advice = intention.car(connector.id), intention.slot(connector.id, now)
        if car is None or advice is None or now - intention.now > OLDEST:
            return None
        return plan_slot(
            connector,
            car,
            advice,
            voltage_v=voltage_v,
            demand=self._demand_of(connector.id),
            now=now,
            ready=self.data.ready.get(connector.id),
            currency=self.currency,
        )

    def is_there(self, key: ConnectorKey) -> bool:
        """Return whether a car is at a connector."""
        return any(
            one.id == key.id and has_car(one)
            for one in self._ticks.data.snapshot.connectors
        )

    def slot_now(self) -> SiteSlot | None:
        """Return what is planned for the site now; a plan that is too old says nothing."""
        intention, now = self.data.intention, self.clock.now()
        if intention is None or now - intention.now > OLDEST:
            return None
        return intention.site_slot(max(now, intention.now))

    def _target_peaks(self, plan: SitePlan, now: datetime) -> dict[str, TargetPeak]:
        """Return the peaks that a plan found worth paying, by tariff; those of a plan that is too old are none."""
        intention = plan.intention
        if intention is None or now - intention.now > OLDEST:
            return {}
        return {peak.name: peak for peak in intention.target_peaks}

    def lasting_misses(self) -> Mapping[str, Shortfall]:
        """Return the departures that have been missed for so long that a repair should say so, by connector."""
        now = self.clock.now()
        return {
            car: missed.shortfall
            for car, missed in self.data.missed.items()
            if now - missed.since >= LASTS
        }

    def failing(self, now: datetime) -> bool:
        """Return whether no plan could be made for so long that a person should know."""
        since = self.data.failing_since
        return since is not None and now - since >= PATIENCE


def _key(connector_id: str) -> ConnectorKey:
    identity, _, number = connector_id.rpartition("/")
    return ConnectorKey(identity=identity, connector=int(number))
