"""What is planned, in terms of cars, drivers and the site, for entities, actions and the engine."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .problem import Status


class PlanKey(StrEnum):
    """Why a car does what it does. Each key has a translated sentence with the values of `Why`.

    Times are ISO 8601 in UTC, prices currency per kilowatt-hour, energies watt-hours.
    """

    WAITS_FOR_PRICE = "waits_for_price"  # until, price, price_now, ready
    WAITS_FOR_ONE_START = "waits_for_one_start"  # until, price
    WAITS_FOR_SUN = "waits_for_sun"  # until
    WAITS_FOR_CARBON = "waits_for_carbon"  # until, carbon_g, carbon_g_now
    WAITS_FOR_FEED_IN = "waits_for_feed_in"  # until, export_price
    WAITS_FOR_CAPACITY = "waits_for_capacity"  # until, circuit
    WAITS_TO_BE_LATE = "waits_to_be_late"  # until, ready
    WAITS_FOR_PEAK = "waits_for_peak"  # until, peak_w
    TAKES_SUN = "takes_sun"  # until
    TAKES_CHEAP_HOURS = "takes_cheap_hours"  # until, price
    CHARGES_TO_BE_READY = "charges_to_be_ready"  # ready
    MINIMUM_FIRST = "minimum_first"  # energy_wh, ready
    PRECONDITIONS = "preconditions"  # until
    BOOSTS = "boosts"  # until
    CHARGES_AT_ONCE = "charges_at_once"  # ready
    HAS_ENOUGH = "has_enough"
    MISSES = "misses"  # reaches_wh or reaches_soc, wanted_wh or wanted_soc, at, later
    PAUSED = "paused"  # until
    OFF = "off"
    AWAY = "away"  # until
    NOTHING_PLANNED = "nothing_planned"


class Assumption(StrEnum):
    """What was not known, and what the plan assumed instead."""

    PRICES_UNKNOWN = "prices_unknown"  # every hour costs the same
    PRICES_ESTIMATED = "prices_estimated"  # the later hours cost what they usually do
    EXPORT_UNKNOWN = "export_unknown"  # exported energy earns nothing
    HOUSE_UNKNOWN = "house_unknown"  # the house takes 400 W
    SUN_UNKNOWN = "sun_unknown"  # there is no sun
    CARBON_UNKNOWN = "carbon_unknown"  # every hour is equally clean
    ENERGY_UNKNOWN = "energy_unknown"  # the car needs 10 kWh
    SIZE_UNKNOWN = "size_unknown"  # the car's battery holds what it needs
    AMOUNT_UNKNOWN = "amount_unknown"  # a car takes what is planned, 60 kWh at most
    DEPARTURE_GUESSED = "departure_guessed"  # as on other days
    ARRIVAL_EXPECTED = "arrival_expected"  # the car comes as on other days
    BATTERY_UNKNOWN = "battery_unknown"  # the home battery is half full
    BATTERY_PREDICTED = "battery_predicted"  # it stores surplus and supplies the house
    WITHOUT_SOLVER = "without_solver"  # the simple planner made the plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The key of a sentence and its values."""

    key: PlanKey
    values: tuple[tuple[str, str | float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotAdvice:
    """What a car should take now.

    Up to `at_least_w` it may take power from any source; from there to `at_most_w` it follows the sun. Both are powers
    at the charger; `at_most_w` of 0 means that it waits even if the sun shines. If it is `pressing`, `at_least_w` cannot be
    charged later. If it `makes_up`, a departure would be missed, and everything that is free helps, from any source.
    """

    at_least_w: float
    at_most_w: float
    why: Why
    pressing: bool = False
    makes_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CarSlot:
    """What is planned for a car in one step."""

    start: datetime
    end: datetime
    power_w: float
    sun_w: float  # the part of it that would be exported otherwise
    energy_wh: float  # that has gone into the battery by the end, counted from now
    advice: SlotAdvice
    charges: bool = False  # a mean far below the least power is no charging


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """A departure that the plan misses, and what would help.

    `metered` energies are those of the whole session, as the charger meters them: so a driver sets a target in kWh.
    """

    at: datetime
    wanted_wh: float
    reaches_wh: float
    wanted_metered_wh: float = 0.0
    reaches_metered_wh: float = 0.0
    wanted_soc: float | None = None
    reaches_soc: float | None = None
    later: datetime | None = None  # leaving then, it would have what it needs
    boost_helps: bool = False  # others give way

    @property
    def is_said(self) -> bool:
        """Whether to warn the driver: not if both round to the same percentage."""
        if self.reaches_soc is None or self.wanted_soc is None:
            return True
        return round(self.reaches_soc) < round(self.wanted_soc)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarIntention:
    """What is planned for a car."""

    id: str
    slots: tuple[CarSlot, ...]
    why: Why
    # None: it charges already, or nothing is planned.
    next_start: datetime | None = None
    end: datetime | None = None  # of the last charging
    ready: datetime | None = None  # when it has what it needs
    departure: datetime | None = None
    leaves: datetime | None = None  # the end of its last slot before the last departure
    energy_wh: float = 0.0  # that goes in until the departure
    needed_wh: float = 0.0  # for it, when it was first planned
    soc: float | None = None  # at the departure, percent
    drawn_wh: float = 0.0  # what the charger takes for it
    cost: float = 0.0
    cost_at_once: float = 0.0  # of the same energy, charged at once
    sun_share: float = 0.0
    grid_share: float = 0.0
    shortfalls: tuple[Shortfall, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    # It could not be ready beside the minimums of cars that are promised nothing, so they wait for it.
    comes_first: bool = False

    @property
    def amount_known(self) -> bool:
        """Whether it is known how much the car takes, and so what that costs. That nothing is planned is known."""
        unknown = Assumption.AMOUNT_UNKNOWN in self.assumptions
        return not unknown or self.drawn_wh <= 0

    @property
    def saving(self) -> float:
        """What waiting saves compared to charging immediately."""
        return self.cost_at_once - self.cost

    @property
    def missing_wh(self) -> float:
        """The largest shortfall of all missed departures."""
        return max(
            (each.wanted_wh - each.reaches_wh for each in self.shortfalls), default=0.0
        )


class BatteryCommand(StrEnum):
    """What the home battery should do."""

    NORMAL = "normal"  # store surplus, supply the house
    HOLD = "hold"  # do not discharge
    CHARGE = "charge"  # with `battery_w`, from the grid if need be
    DISCHARGE = "discharge"  # with `battery_w`


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSlot:
    """What is planned for the site in one step. Grid power is positive on import, battery power on discharge."""

    start: datetime
    end: datetime
    grid_w: float
    house_w: float
    sun_w: float
    cars_w: float
    battery_w: float
    battery_wh: float | None
    command: BatteryCommand
    price: float
    export_price: float

    def discharge_w(self, lacks_w: float) -> float:
        """Return what the battery should give: as planned, but no more than house and cars lack, or it would be exported."""
        return min(self.battery_w, max(lacks_w, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPeak:
    """The highest peak that the plan allows under a capacity tariff: the month's so far, the minimum billed, or what is worth paying."""

    name: str
    power_w: float
    # What it is from later times on: of the next days, where each day has its own.
    later: tuple[tuple[datetime, float], ...] = ()
    # What the household may take until these times of the running interval and of the next, which may begin before the
    # next plan; each from the one before. None: nobody knows.
    reserved: tuple[tuple[datetime, float], ...] = ()
    # What the plan draws from the grid until the same times, and until cars are ready between them.
    planned: tuple[tuple[datetime, float], ...] = ()

    def power_at(self, now: datetime) -> float:
        """Return the peak that counts at a time: a plan may be older than midnight."""
        begun = [power_w for start, power_w in self.later if start <= now]
        return begun[-1] if begun else self.power_w


@dataclass(frozen=True, slots=True, kw_only=True)
class Intention:
    """What is planned for a site and its cars."""

    now: datetime
    status: Status
    slots: tuple[SiteSlot, ...]
    cars: tuple[CarIntention, ...]
    target_peaks: tuple[TargetPeak, ...] = ()
    cost: float = 0.0  # of the whole site: import less export, and peaks
    assumptions: tuple[Assumption, ...] = ()

    def car(self, car_id: str) -> CarIntention | None:
        """Return what is planned for a car, None if nothing is known about it."""
        return next((car for car in self.cars if car.id == car_id), None)

    def slot(self, car_id: str, now: datetime) -> SlotAdvice | None:
        """Return what a car should take now; None if the plan does not cover this time.

        A car that is still there past its departure goes on as in its last slot, until the next plan.
        """
        car = self.car(car_id)
        if car is None:
            return None
        slot = next((each for each in car.slots if each.start <= now < each.end), None)
        if slot and car.leaves is not None and car.leaves <= slot.start:
            slot = next(each for each in car.slots if car.leaves <= each.end)
        return slot.advice if slot else None

    def site_slot(self, now: datetime) -> SiteSlot | None:
        """Return what the site should do now; None if the plan does not cover this time."""
        return next((each for each in self.slots if each.start <= now < each.end), None)
