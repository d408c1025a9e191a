"""What is expected at a site in the next hours: everything that a plan is based on, as far as it is known.

Powers are watts at the grid connection, energies watt-hours *in the car's or home battery*, prices currency per
kilowatt-hour, currents amperes per site phase, times timezone-aware UTC. A series has one value for each step. What is
None or empty is not known; the plan then lists what it assumed.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
import math

from .problem import PerPhase, Series, Strategy

QUARTER = timedelta(minutes=15)
FARTHEST = timedelta(hours=48)
# A first step that is shorter than this is merged with the next one.
_SHORTEST = timedelta(seconds=30)


class CarMode(StrEnum):
    """What a driver allows a charger to take; the values are those of the engine's modes."""

    ECO = "eco"  # ready on time, otherwise sun and cheap hours only
    SOLAR = "solar"
    SOLAR_MIN = "solar_min"
    FAST = "fast"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """A power that is expected: exceeded nine times in ten, as often as not, and once in ten."""

    low: Series
    median: Series
    high: Series


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitOutlook:
    """A limit in amperes per phase, and the other load of the circuit: constant, or step by step.

    Without `other_a`, the root carries house load less sun, spread evenly over the phases, and any other circuit
    carries cars only.
    """

    id: str
    limit_a: PerPhase
    parent: str | None = None
    other_a: PerPhase | tuple[PerPhase, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedLimit:
    """A limit that is known in advance, such as a demand-response event: of a circuit, or of the root.

    `power_w` and `current_a` limit the total; with `cars_only`, they limit the sum of all cars.
    """

    start: datetime
    end: datetime
    power_w: float | None = None
    current_a: float | None = None
    circuit: str | None = None
    cars_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakTariff:
    """A capacity tariff: what one more kilowatt of the month's peak costs.

    `windows` numbers the interval of each step in the order of time; -1: it does not count. `counted_w` are the highest
    intervals of the month so far, no more than `top`. Where only the highest interval of a day counts, `days` numbers the
    local day of each step, `today_w` is the highest interval of the running day so far, and `counted_w` is without it.
    `anyway_w` is what the month's peak comes to without any car: powers in ascending order, each with the probability that it
    is reached. `used_wh` and `used_s` are what the running
    interval has imported, and for how long it has run.

    A `guarded` tariff has the fast loop keep each interval below the target, and `target_w` is the user's own. If it
    `reserves`, a step may take what the household will leave of its interval, by the forecast, else an even share of it.
    """

    name: str
    windows: tuple[int, ...]
    price_per_kw: float
    top: int = 1
    days: tuple[int, ...] = ()
    counted_w: tuple[float, ...] = ()
    today_w: float = 0.0
    floor_w: float = 0.0
    anyway_w: tuple[tuple[float, float], ...] = ()
    used_wh: float = 0.0
    used_s: float = 0.0
    guarded: bool = False
    reserves: bool = False
    target_w: float | None = None
    # If steps are priced: their upper ends and prices, one more price than ends.
    step_limits_w: tuple[float, ...] = ()
    step_prices: tuple[float, ...] = ()
    # When the period of a peak began, and when it ends. Without an end, the price counts in full.
    period_start: datetime | None = None
    period_end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeBattery:
    """The home battery. If it is not `controllable`, its behaviour is predicted: it stores surplus and supplies the house."""

    capacity_wh: float
    energy_wh: float | None = None
    max_charge_w: float
    max_discharge_w: float
    charge_efficiency: float = 0.95
    discharge_efficiency: float = 0.95
    reserve_wh: float = 0.0
    controllable: bool = False
    from_grid: bool = True
    to_grid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CarGoal:
    """The energy that must have gone into the car's battery, counted from now, by a time: a departure, a reservation.

    Without `energy_wh` the car should be full.
    """

    at: datetime
    energy_wh: float | None = None
    guessed: bool = False  # from habits
    reserved: bool = False  # promised by a reservation, whatever the mode
    # It has passed: as much as possible, and missing it is no news.
    overdue: bool = False

    @property
    def is_met(self) -> bool:
        """Whether nothing is missing for it."""
        return self.energy_wh is not None and self.energy_wh <= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CarOutlook:
    """A charger and the car at it, or the car that is expected there.

    The plan uses the lower of the charger's and the car's current, and the phases that both have.
    """

    id: str
    name: str = ""
    mode: CarMode = CarMode.ECO
    connected: bool = True
    # Of a car that is not connected; None: it is not planned.
    arrives: datetime | None = None
    charging: bool = False
    # The charger
    circuit: str
    phases: tuple[int, ...] = (0, 1, 2)  # the site phases of its own L1, L2, L3
    min_a: float = 6.0
    max_a: float = 16.0
    switches_phases: bool = False
    # The car
    car_max_a: float | None = None
    car_phases: int | None = None
    soc: float | None = None  # percent
    target_soc: float | None = None
    capacity_wh: float | None = None
    full_wh: float | None = None  # what the battery can still take
    # What is missing to the target; cheap hours charge no more than that. None: no target is known.
    target_wh: float | None = None
    # The stored share of the power, before a constant loss: 76 % at 1.4 kW, 90 % at 11 kW in total (HTW Berlin, 2025).
    charge_efficiency: float = 0.92
    standby_w: float = 225.0
    charged_wh: float = 0.0  # in this session so far, as the charger meters it
    # The wear of one start. None: what a start usually wears, which is little.
    switch_cost: float | None = None
    # What the driver wants
    # In the order of time; after the last one the car is gone.
    goals: tuple[CarGoal, ...] = ()
    minimum_wh: float = 0.0  # immediately, whatever it costs
    strategy: Strategy = Strategy.EARLY
    price_limit: float | None = None  # below it, charge to the target
    carbon_limit_g: float | None = None
    feed_in_first_above: float | None = None  # wait while export pays more
    precondition: timedelta = timedelta(0)  # with power before the departure
    priority: int = 5
    boost_until: datetime | None = None
    boost_wh: float | None = None
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Everything that a plan is based on."""

    now: datetime
    steps_s: Series
    circuits: tuple[CircuitOutlook, ...]  # the root first
    phases: int = 3
    voltage_v: float = 230.0
    house: Quantiles | None = None
    sun: Quantiles | None = None
    import_price: Series = ()
    export_price: Series = ()
    # Steps whose price is known and not estimated; None: all.
    known_prices: int | None = None
    carbon_g: Series = ()
    # From money (0) to carbon (1).
    carbon_weight: float = 0.0
    max_import_w: float = math.inf
    max_export_w: float = math.inf
    peaks: tuple[PeakTariff, ...] = ()
    limits: tuple[AnnouncedLimit, ...] = ()
    battery: HomeBattery | None = None
    cars: tuple[CarOutlook, ...] = ()
    time_limit_s: float = 5.0

    @property
    def starts(self) -> tuple[datetime, ...]:
        """The start of each step, and the end of the last."""
        return step_starts(self.now, self.steps_s)

    def step_at(self, at: datetime) -> int:
        """Return the step that a time is in; the number of steps where it is after the last."""
        for step, end in enumerate(self.starts[1:]):
            if at < end:
                return step
        return len(self.steps_s)


@lru_cache(maxsize=8)  # each car of a plan asks for them several times
def step_starts(now: datetime, steps_s: Series) -> tuple[datetime, ...]:
    """Return the start of each step, and the end of the last."""
    times = [now]
    for length_s in steps_s:
        times.append(times[-1] + timedelta(seconds=length_s))
    return tuple(times)


def clock_steps(
    now: datetime, until: datetime, departures: Iterable[datetime] = ()
) -> Series:
    """Return the lengths of steps that end at full quarter hours, in seconds, from now for 48 hours at most.

    A quarter hour in which a car leaves is two steps: what it gets until then counts for it. The offsets of all time zones
    from UTC are whole quarter hours, so a local day has 96 of them, and 92 or 100 when the clocks change.
    """
    until = min(until, now + FARTHEST)
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    end = day + ((now - day) // QUARTER + 1) * QUARTER
    if end - now < _SHORTEST:
        end += QUARTER
    ends = [end]
    while ends[-1] < until:
        ends.append(ends[-1] + QUARTER)
    for at in sorted(departures):
        place = bisect_left(ends, at)
        begun = ends[place - 1] if place else now
        if place < len(ends) and min(at - begun, ends[place] - at) >= _SHORTEST:
            ends.insert(place, at)
    starts = [now, *ends]
    return tuple(
        (end - start).total_seconds() for start, end in zip(starts, ends, strict=False)
    )
