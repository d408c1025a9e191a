"""Runs a simulated site, with chargers that connect to a central system."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import aiohttp

from .car import CarState, is_full
from .simulated_site import (
    DEFAULT_CHARGERS,
    ChargerSpec,
    SimulatedSite,
    SiteState,
    SiteValues,
)
from .stations.charge_point import ChargePoint
from .stations.charging_station import ChargingStation
from .stations.simulated_connector import ConnectorReading, OcppStatus
from .stations.simulated_station import SimulatedStation
from .stations.uplink import utcnow

TICK_S = 0.25
PUBLISH_S = 1.0
# A summer's morning, 10:30 local time: sun, passing clouds, and the day still to come.
DEFAULT_START = datetime(2026, 6, 21, 8, 30, tzinfo=UTC)
_STATIONS: dict[str, type[SimulatedStation]] = {
    "ocpp1.6": ChargePoint,
    "ocpp2.0.1": ChargingStation,
    "ocpp2.1": ChargingStation,
}
_FOREVER = timedelta(days=3650)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerValues:
    """What a person beside a charger would see."""

    identity: str
    connected: bool
    status: OcppStatus  # of the first connector
    plugged: bool
    offered_a: float
    draw_a: tuple[float, float, float]  # per phase of the site, over all connectors
    energy_wh: float


class SimulatedCharger:
    """A charge point with its cars."""

    def __init__(self, simulation: Simulation, spec: ChargerSpec, first: int) -> None:
        """Find the charger's connectors in the site's state from `first` on."""
        self._simulation = simulation
        self._first = first
        self.spec = spec
        self.station: SimulatedStation = _STATIONS[spec.protocol](
            spec, voltage_v=simulation.site.voltage_v, clock=simulation.clock
        )

    @property
    def cars(self) -> tuple[CarState, ...]:
        """The cars, one per connector."""
        end = self._first + len(self.spec.cars)
        return self._simulation.state.cars[self._first : end]

    @property
    def draw_a(self) -> tuple[float, float, float]:
        """The actual draw of the cars on each phase of the site."""
        draw_a = [0.0, 0.0, 0.0]
        for car in self.cars:
            for phase in self.spec.site_phases[: car.phases]:
                draw_a[phase] += car.current_a
        return draw_a[0], draw_a[1], draw_a[2]

    @property
    def values(self) -> ChargerValues:
        """The present values."""
        connector = self.station.connectors[0]
        car = self.cars[0]
        return ChargerValues(
            identity=self.spec.identity,
            connected=self.station.uplink.connected,
            status=connector.status,
            plugged=car.plugged,
            offered_a=connector.offered_a,
            draw_a=self.draw_a,
            energy_wh=self._simulation.state.charged_wh[self._first],
        )

    def plug_in(self, *, soc: float | None = None, connector: int = 1) -> None:
        """Make the car arrive now, and stay until it is unplugged."""
        car = self.cars[connector - 1]
        battery_wh = self.spec.cars[connector - 1].battery_wh
        stored_wh = car.stored_wh if soc is None else soc * battery_wh
        self._set(connector, replace(car, plugged=True, stored_wh=stored_wh))

    def unplug(self, *, connector: int = 1) -> None:
        """Make the car leave now, and stay away until it is plugged in."""
        car = self.cars[connector - 1]
        self._set(
            connector,
            replace(car, plugged=False, current_a=0.0, awake_s=0.0, phases=0),
        )

    def _set(self, connector: int, car: CarState) -> None:
        state = self._simulation.state
        index = self._first + connector - 1
        car = replace(car, until=state.at + _FOREVER)
        cars = (*state.cars[:index], car, *state.cars[index + 1 :])
        self._simulation.state = replace(state, cars=cars)

    def readings(self) -> tuple[ConnectorReading, ...]:
        """Return the values of the charger's own meters."""
        phases = self.spec.phases
        return tuple(
            ConnectorReading(
                plugged=car.plugged,
                current_a=tuple(
                    car.current_a if phase < car.phases else 0.0
                    for phase in range(phases)
                ),
                voltage_v=self._simulation.site.voltage_v,
                energy_wh=self._simulation.state.charged_wh[self._first + number],
                soc=min(100 * car.stored_wh / spec.battery_wh, 100.0),
                full=is_full(spec, car),
                wanted_wh=max(spec.target_soc * spec.battery_wh - car.stored_wh, 0.0),
            )
            for number, (spec, car) in enumerate(
                zip(self.spec.cars, self.cars, strict=True)
            )
        )


class Simulation:
    """A simulated site whose time runs `speed` times as fast as real time.

    Sun, house, battery, energy and the cars' arrivals and departures follow the simulated time. The ramp of a car's current
    and the reaction of a charger to a limit follow real time, as do the times in OCPP messages.
    """

    def __init__(
        self,
        *,
        url: str | None,
        speed: float = 1.0,
        start: datetime | None = None,
        seed: int = 1,
        chargers: tuple[ChargerSpec, ...] = DEFAULT_CHARGERS,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        """Build a site whose time does not run yet. `clock` is the wall clock of the chargers."""
        self.site = SimulatedSite(chargers=chargers, seed=seed)
        self.speed = speed
        self.clock = clock
        self.state: SiteState = self.site.initial(start or DEFAULT_START)
        by_identity: dict[str, SimulatedCharger] = {}
        first = 0
        for spec in chargers:
            by_identity[spec.identity] = SimulatedCharger(self, spec, first)
            first += len(spec.cars)
        self.chargers: Mapping[str, SimulatedCharger] = MappingProxyType(by_identity)
        # The meters have values from the start.
        self.state = self.site.step(self.state, 0.001)
        self._listeners: list[Callable[[SiteValues], None]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.set_url(url)

    @property
    def values(self) -> SiteValues:
        """The present values of the site's meters."""
        return self.site.values(self.state)

    def set_url(self, url: str | None) -> None:
        """Set the address of the central system, to which each charger adds its identity."""
        for charger in self.chargers.values():
            charger.station.uplink.set_url(url)

    def subscribe(self, listener: Callable[[SiteValues], None]) -> Callable[[], None]:
        """Call the listener with the meters' values about once a second; returns the function that ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def start(self, session: aiohttp.ClientSession) -> None:
        """Start the time, and connect the chargers through the session, which remains the caller's."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._run(), name="simulated site")]
        self._tasks += [
            loop.create_task(charger.station.uplink.run(session), name=identity)
            for identity, charger in self.chargers.items()
        ]

    async def stop(self) -> None:
        """Stop the time and close every connection."""
        for task in self._tasks:
            task.cancel()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for result in results:
            # A cancelled task ended as it should; anything else is a fault.
            if isinstance(result, Exception):
                raise result

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        before = published = loop.time()
        while True:
            await asyncio.sleep(TICK_S)
            now = loop.time()
            self.advance(now - before)
            before = now
            if now - published >= PUBLISH_S:
                published = now
                values = self.values
                for listener in tuple(self._listeners):
                    listener(values)

    def advance(self, dt_s: float) -> None:
        """Advance real time by `dt_s`, and the site's by `speed` times as much."""
        stations = [charger.station for charger in self.chargers.values()]
        supplies = [s for station in stations for s in station.supplies()]
        self.state = self.site.step(
            self.state, dt_s * self.speed, supplies, control_dt_s=dt_s
        )
        for charger in self.chargers.values():
            charger.station.notice(charger.readings())
