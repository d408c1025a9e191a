"""The whole site: sun, house, battery, cars and the grid meter, from one instant to the next."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from . import car
from .battery import BatterySpec, battery_power_w, stored_after_wh
from .car import CarSpec, CarState, Supply
from .house import FAMILY_HOUSE, HouseSpec, Phases, house_power_w
from .stations.behaviour import ChargerBehaviour
from .sun import SolarSpec, solar_power_w

_LONGEST_STEP_S = 60.0
_NO_SUPPLY = Supply(limit_a=0.0, phases=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerSpec:
    """A charger, its wiring, and the cars that belong to it."""

    identity: str
    name: str
    phases: int = 3
    l1: int = 0  # the site phase (0 is L1) that its own L1 is wired to
    max_a: float = 16.0
    vendor: str = "Sunfuse"
    model: str = "Simulated"
    car: CarSpec = field(default_factory=CarSpec)
    more_cars: tuple[CarSpec, ...] = ()  # one for each connector after the first
    protocol: str = "ocpp1.6"
    password: str | None = None
    behaviour: ChargerBehaviour = field(default_factory=ChargerBehaviour)

    @property
    def cars(self) -> tuple[CarSpec, ...]:
        """The cars, one for each connector."""
        return (self.car, *self.more_cars)

    @property
    def site_phases(self) -> tuple[int, ...]:
        """The site phases that its own L1, L2, L3 are wired to."""
        return tuple((self.l1 + phase) % 3 for phase in range(self.phases))


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteValues:
    """What the site's meters show: grid power is positive on import, battery power on discharge."""

    at: datetime
    grid_power_w: float
    grid_current_a: tuple[float, float, float]  # signed, positive on import
    house_power_w: float
    solar_power_w: float
    battery_power_w: float
    battery_soc: float  # percent
    import_energy_wh: float
    export_energy_wh: float
    solar_energy_wh: float
    battery_charge_wh: float
    battery_discharge_wh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState:
    """All flows and stored energies at an instant. `cars` and related fields: one per connector."""

    at: datetime
    cars: tuple[CarState, ...]
    charged_wh: tuple[float, ...]  # the lifetime register of each connector
    battery_wh: float
    house_w: Phases = (0.0, 0.0, 0.0)
    cars_w: Phases = (0.0, 0.0, 0.0)
    grid_w: Phases = (0.0, 0.0, 0.0)
    solar_w: float = 0.0
    battery_w: float = 0.0
    import_wh: float = 0.0
    export_wh: float = 0.0
    solar_wh: float = 0.0
    house_wh: float = 0.0
    battery_charge_wh: float = 0.0
    battery_discharge_wh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedSite:
    """A house with three phases, whose solar system and battery feed all of them equally."""

    chargers: tuple[ChargerSpec, ...]
    seed: int = 1
    voltage_v: float = 230.0
    solar: SolarSpec = field(default_factory=SolarSpec)
    house: HouseSpec = FAMILY_HOUSE
    battery: BatterySpec = field(default_factory=BatterySpec)
    battery_soc: float = (
        0.97  # at the start: most of the solar power is left for the cars
    )

    @property
    def outlets(self) -> tuple[tuple[ChargerSpec, CarSpec], ...]:
        """Every connector of every charger, with its car: the order of `SiteState.cars`."""
        return tuple((spec, car) for spec in self.chargers for car in spec.cars)

    def initial(self, start: datetime) -> SiteState:
        """Return the site before anything has flowed."""
        return SiteState(
            at=start,
            cars=tuple(car.initial(spec, start) for _, spec in self.outlets),
            charged_wh=tuple(0.0 for _ in self.outlets),
            battery_wh=self.battery_soc * self.battery.capacity_wh,
        )

    def step(
        self,
        state: SiteState,
        dt_s: float,
        supplies: Sequence[Supply] | None = None,
        *,
        control_dt_s: float | None = None,
    ) -> SiteState:
        """Return the site `dt_s` later, with a supply for every connector (none: no car is supplied).

        Cars react as if `control_dt_s` had passed, by default the same.
        """
        if supplies is None:
            supplies = [_NO_SUPPLY] * len(state.cars)
        control_dt_s = dt_s if control_dt_s is None else control_dt_s
        steps = max(1, -int(-dt_s // _LONGEST_STEP_S))
        for _ in range(steps):
            state = self._step(state, dt_s / steps, supplies, control_dt_s / steps)
        return state

    def _step(
        self,
        state: SiteState,
        dt_s: float,
        supplies: Sequence[Supply],
        control_dt_s: float,
    ) -> SiteState:
        at = state.at + timedelta(seconds=dt_s)
        cars = tuple(
            car.step(
                spec,
                car.travel(spec, now, at, self.seed, self.house.utc_offset_h),
                supply,
                dt_s,
                control_dt_s,
            )
            for (_, spec), now, supply in zip(
                self.outlets, state.cars, supplies, strict=True
            )
        )
        house_w = house_power_w(at, self.house, self.seed)
        solar_w = solar_power_w(at, self.solar, self.seed)
        cars_w = self._cars_w(cars)
        house_net_w = sum(house_w) - solar_w
        battery_w = battery_power_w(
            self.battery, state.battery_wh, house_net_w + sum(cars_w), house_net_w, dt_s
        )
        from_roof_w = (solar_w + battery_w) / 3
        grid_w = (
            house_w[0] + cars_w[0] - from_roof_w,
            house_w[1] + cars_w[1] - from_roof_w,
            house_w[2] + cars_w[2] - from_roof_w,
        )
        hours = dt_s / 3600
        return replace(
            state,
            at=at,
            cars=cars,
            charged_wh=tuple(
                before + self.voltage_v * now.current_a * now.phases * hours
                for before, now in zip(state.charged_wh, cars, strict=True)
            ),
            battery_wh=stored_after_wh(self.battery, state.battery_wh, battery_w, dt_s),
            house_w=house_w,
            cars_w=cars_w,
            grid_w=grid_w,
            solar_w=solar_w,
            battery_w=battery_w,
            import_wh=state.import_wh + max(sum(grid_w), 0.0) * hours,
            export_wh=state.export_wh + max(-sum(grid_w), 0.0) * hours,
            solar_wh=state.solar_wh + solar_w * hours,
            house_wh=state.house_wh + sum(house_w) * hours,
            battery_charge_wh=state.battery_charge_wh + max(-battery_w, 0.0) * hours,
            battery_discharge_wh=state.battery_discharge_wh
            + max(battery_w, 0.0) * hours,
        )

    def _cars_w(self, cars: tuple[CarState, ...]) -> Phases:
        """Return what all cars take on each phase of the site."""
        power_w = [0.0, 0.0, 0.0]
        for (charger, _), now in zip(self.outlets, cars, strict=True):
            for phase in charger.site_phases[: now.phases]:
                power_w[phase] += now.current_a * self.voltage_v
        return power_w[0], power_w[1], power_w[2]

    def values(self, state: SiteState) -> SiteValues:
        """Return what the meters show."""
        l1, l2, l3 = (power_w / self.voltage_v for power_w in state.grid_w)
        return SiteValues(
            at=state.at,
            grid_power_w=sum(state.grid_w),
            grid_current_a=(l1, l2, l3),
            house_power_w=sum(state.house_w),
            solar_power_w=state.solar_w,
            battery_power_w=state.battery_w,
            battery_soc=100 * state.battery_wh / self.battery.capacity_wh,
            import_energy_wh=state.import_wh,
            export_energy_wh=state.export_wh,
            solar_energy_wh=state.solar_wh,
            battery_charge_wh=state.battery_charge_wh,
            battery_discharge_wh=state.battery_discharge_wh,
        )


DEFAULT_CHARGERS = (
    ChargerSpec(
        identity="SIM-GARAGE",
        name="Garage",
        model="Simulated 11 kW",
        car=CarSpec(name="Garage car", battery_wh=62_000, soc=0.45),
    ),
    ChargerSpec(
        identity="SIM-CARPORT",
        name="Carport",
        l1=1,
        max_a=32.0,
        model="Simulated 22 kW",
        car=CarSpec(
            name="Carport car",
            battery_wh=52_000,
            max_a=32.0,
            soc=0.3,
            first_arrival_s=8,
            stays_h=(3.5, 6.0),
        ),
    ),
    ChargerSpec(
        identity="SIM-STREET",
        name="Street",
        phases=1,
        l1=2,
        max_a=32.0,
        model="Simulated 7.4 kW",
        car=CarSpec(
            name="Street car",
            battery_wh=40_000,
            phases=1,
            max_a=32.0,
            soc=0.35,
            first_arrival_s=25,
            stays_h=(4.0, 7.0),
        ),
    ),
)


def default_site() -> SimulatedSite:
    """Return the house with three chargers that a new user gets."""
    return SimulatedSite(chargers=DEFAULT_CHARGERS)
