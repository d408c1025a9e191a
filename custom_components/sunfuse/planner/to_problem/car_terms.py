"""One car in terms of the program: what it can take in each step, and what it must hold when."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..intention import Assumption
from ..outlook import QUARTER, CarGoal, CarMode, CarOutlook, Outlook
from ..problem import Goal, Series, Store, series
from .assumed import Assumed
from .car_needs import CarNeeds, needs_of
from .car_worth import CarWorth
from .to_target import CheapSteps, to_target

SMALL_W = 1.0
# A mean below half the least power is no charging.
HALF = 0.5
# A step in which the car is there for less than this part of it does not count.
_PART = 0.05
# A start costs as much as so many kilowatt-hours: a good cent, an estimate. The charger's contactor, some hundred euros for
# a hundred thousand starts, is half a cent; the car's own contactors and the minutes for which it stays awake are counted
# as much again. Some cars give up after about three (evcc's optimizer, issue 144).
_WEAR_KWH = 0.05
# The weight of a shortfall of current that is only a wish, such as the minimum of `solar_min`.
_WISH = 0.02
# That of a shortfall of a car that is only expected: those that are there come before it, and it before any price.
_EXPECTED = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class CarTerms:
    """A car as the program sees it, and what the intention also needs to know."""

    car: CarOutlook
    store: Store
    most_w: float  # what car and charger can take
    least_w: float
    # The goals of the driver, whose numbers in `store.goals` are the first ones.
    goals: tuple[CarGoal, ...] = ()
    wanted_wh: tuple[float, ...] = ()
    cheap: tuple[bool, ...] = ()  # steps whose price or carbon the driver calls low
    waits: tuple[bool, ...] = ()  # steps in which export pays too well
    assumptions: tuple[Assumption, ...] = ()
    # It could not be ready beside the minimums of cars that are promised nothing, so they wait for it.
    comes_first: bool = False

    @property
    def has_promise(self) -> bool:
        """Whether a departure that somebody said comes before the minimums of cars that are promised nothing."""
        car = self.car
        return car.connected and any(
            not goal.guessed
            and not goal.overdue
            and (goal.reserved or car.mode is CarMode.ECO)
            for goal in self.goals
        )

    def charges(self, planned_w: Series) -> tuple[bool, ...]:
        """Return in which steps a car charges with these powers.

        Far steps are planned without the minimum: what is spread over many hours there will be one or two steps.
        """
        most = series(self.store.max_charge_w, len(planned_w))
        least_w = self.store.min_charge_w
        return tuple(
            power_w > max(SMALL_W, HALF * min(least_w, most_w))
            for power_w, most_w in zip(planned_w, most, strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Charging:
    """How a car charges in the program."""

    cheap: tuple[bool, ...]  # in each step
    most_w: Series  # in each step
    least_w: float
    efficiency: float
    standby_w: float
    value: Series  # in each step, beyond what the energy is worth
    start_cost: float


class CarReader:
    """Creates the terms of each car of an outlook."""

    def __init__(
        self,
        outlook: Outlook,
        assumed: Assumed,
        load_w: Series,
        sun_w: Series,
    ) -> None:
        """Use the load and the solar power that the plan assumes."""
        self._outlook = outlook
        self._assumed = assumed
        self._starts = outlook.starts
        self._steps = len(outlook.steps_s)
        self._surplus = tuple(
            max(0.0, sun - load) for sun, load in zip(sun_w, load_w, strict=True)
        )
        self._worth = CarWorth(
            outlook=outlook,
            assumed=assumed,
            surplus=self._surplus,
        )
        prices = assumed.import_price
        self._wear = _WEAR_KWH * sum(map(abs, prices)) / len(prices)

    def terms(self, car: CarOutlook) -> CarTerms:
        """Return a car in terms of the program."""
        needs = needs_of(car, self._outlook)
        waits = self._worth.waits(car)
        whole = self._whole(car, needs)
        last_wh = max(needs.wanted_wh, default=needs.full_wh)
        charging = self._last_bit(car, whole, last_wh) or whole
        rungs = self._rungs(car, charging.most_w, needs.least_w, needs.full_wh)
        store = Store(
            id=car.id,
            energy_wh=0.0,
            max_wh=needs.full_wh,
            goals=(*self._in_program(car, needs.goals, needs.wanted_wh), *rungs),
            max_charge_w=charging.most_w,
            min_charge_w=charging.least_w,
            stops_itself=True,
            charge_efficiency=charging.efficiency,
            standby_w=charging.standby_w,
            # A full car is warmed as well: what is left to charge does not limit that.
            demand_w=self._preconditioning(car, whole.most_w),
            # A car that has what it needs takes this for its cabin: it is not filled beyond that before.
            demand_until_wh=max(needs.wanted_wh, default=0.0),
            end_value=self._worth.end_value(car, waits),
            charge_value=charging.value,
            start_cost=charging.start_cost,
            charging=car.charging,
            circuit=car.circuit,
            phases=needs.phases,
            strategy=car.strategy,
            priority=car.priority,
        )
        return CarTerms(
            car=car,
            store=store,
            most_w=needs.most_w,
            least_w=needs.least_w,
            goals=needs.goals,
            wanted_wh=needs.wanted_wh,
            cheap=whole.cheap,
            waits=waits,
            assumptions=_of_interest(car, needs.goals, needs.assumptions),
        )

    # What the car wants

    def _in_program(
        self, car: CarOutlook, goals: tuple[CarGoal, ...], wanted_wh: tuple[float, ...]
    ) -> tuple[Goal, ...]:
        """Return the goals in terms of the program."""
        return tuple(
            Goal(
                step=self._goal_step(goal.at),
                energy_wh=energy_wh,
                weight=1.0 if car.connected else _EXPECTED,
            )
            for goal, energy_wh in zip(goals, wanted_wh, strict=True)
        )

    def _goal_step(self, at: datetime) -> int:
        """Return the last step that ends before a time; the first one where none does."""
        step = self._outlook.step_at(at)
        if step and step < self._steps and self._starts[step] <= at:
            step -= 1
        return min(step, self._steps - 1)

    # What it can take

    def _whole(self, car: CarOutlook, needs: CarNeeds) -> _Charging:
        """Return how a car charges, where it needs more than a bit."""
        buying = car
        if not needs.goals and all(goal.at > self._starts[-1] for goal in car.goals):
            # Nobody knows what the hours after the plan cost: these cheap ones are taken, as without a departure.
            buying = replace(car, goals=())
        hurries = self._worth.hurries(car)
        present = self._present(car, needs.goals)
        most = tuple(
            self._limit_w(
                car, step, needs.most_w * present[step], needs.least_w, hurries
            )
            for step in range(self._steps)
        )
        bought = to_target(
            buying,
            CheapSteps(cheap=self._worth.cheap(buying), most_w=most),
            sun_w=self._surplus,
            least_w=needs.least_w,
            hours=tuple(length_s / 3600 for length_s in self._outlook.steps_s),
        )
        return _Charging(
            cheap=bought.cheap,
            most_w=bought.most_w,
            least_w=needs.least_w,
            efficiency=car.charge_efficiency,
            standby_w=min(car.standby_w, 0.5 * needs.least_w),
            value=self._worth.charge_value(
                bought.cheap, hurries, needs.most_w, needs.full_wh
            ),
            start_cost=self._wear if car.switch_cost is None else car.switch_cost,
        )

    def _present(self, car: CarOutlook, goals: tuple[CarGoal, ...]) -> Series:
        """Return for each step the part of it in which the car can charge."""
        if car.mode is CarMode.OFF or not (car.connected or car.arrives):
            return (0.0,) * self._steps
        first = self._outlook.now
        for earliest in (car.arrives if not car.connected else None, car.paused_until):
            if earliest is not None:
                first = max(first, earliest)
        departures = [goal.at for goal in car.goals if goal.at > self._outlook.now]
        last = max(departures, default=self._starts[-1])
        if goals:
            last = max(last, goals[-1].at)
        parts = []
        for start, end in zip(self._starts, self._starts[1:], strict=False):
            there = min(end, last) - max(start, first)
            part = max(there, timedelta(0)) / (end - start)
            parts.append(part if part >= _PART else 0.0)
        return tuple(parts)

    def _limit_w(
        self,
        car: CarOutlook,
        step: int,
        most_w: float,
        least_w: float,
        hurries: tuple[bool, ...],
    ) -> float:
        """Return the highest power in a step; cars that follow the sun get no more than the expected solar power."""
        if hurries[step] or car.mode not in (CarMode.SOLAR, CarMode.SOLAR_MIN):
            return most_w
        sun_w = self._surplus[step]
        if car.mode is CarMode.SOLAR_MIN:
            return min(most_w, max(sun_w, least_w))
        return min(most_w, sun_w) if sun_w >= least_w else 0.0

    def _last_bit(
        self, car: CarOutlook, whole: _Charging, needs_wh: float
    ) -> _Charging | None:
        """Return how a car charges the last bit that it needs, None where it needs more than a bit.

        It has enough before the end of the step. Counted as a whole one, the step would be put off from run to run, to
        dearer hours, which are planned less exactly.
        """
        hours = QUARTER / timedelta(hours=1)
        stored_w = whole.least_w * car.charge_efficiency - whole.standby_w
        if needs_wh >= stored_w * hours:
            return None
        # It loses power while it charges at its least, which a mean would not show.
        efficiency = stored_w / whole.least_w
        mean_w = needs_wh / hours / efficiency
        return _Charging(
            cheap=whole.cheap,
            # In no step it takes more than that: a start for it counts as a whole one, also in later steps.
            most_w=tuple(
                min(limit_w, mean_w * (QUARTER / timedelta(seconds=length_s)))
                for limit_w, length_s in zip(
                    whole.most_w, self._outlook.steps_s, strict=True
                )
            ),
            least_w=mean_w,
            efficiency=efficiency,
            standby_w=0.0,
            value=self._worth.bit_value(whole.value, mean_w, whole.least_w),
            start_cost=whole.start_cost if car.charging else 0.0,  # who charges goes on
        )

    def _preconditioning(self, car: CarOutlook, most: Series) -> Series:
        """Return the power that is demanded in the last minutes before each departure, whether anything is missing or not."""
        goals = [goal for goal in car.goals if goal.at > self._outlook.now]
        plans = car.mode in (CarMode.ECO, CarMode.FAST)
        if not (car.precondition and goals and plans):
            return ()
        return tuple(
            most_w
            if any(
                start < goal.at and end > goal.at - car.precondition for goal in goals
            )
            else 0.0
            for start, end, most_w in zip(
                self._starts, self._starts[1:], most, strict=False
            )
        )

    def _rungs(
        self, car: CarOutlook, most: Series, least_w: float, full_wh: float
    ) -> tuple[Goal, ...]:
        """Return intermediate goals: what must be there immediately, and what `solar_min` takes in any case."""
        rungs: list[Goal] = []
        at_once_wh = min(max(car.minimum_wh, car.boost_wh or 0.0), full_wh)
        if at_once_wh > 0 and car.mode is not CarMode.OFF:
            rungs = self._as_soon_as_possible(car, most, at_once_wh)
        if car.mode is CarMode.SOLAR_MIN:
            stored_w = least_w * car.charge_efficiency - car.standby_w
            hours = 0.0
            for step, length_s in enumerate(self._outlook.steps_s):
                hours += length_s / 3600
                energy_wh = min(full_wh, stored_w * hours)
                if energy_wh > 0 and (step % 4 == 3 or step == 0):
                    rungs.append(Goal(step=step, energy_wh=energy_wh, weight=_WISH))
        return tuple(rungs)

    def _as_soon_as_possible(
        self, car: CarOutlook, most: Series, energy_wh: float
    ) -> list[Goal]:
        """Return goals that are reached at full power, and some later ones for when others limit it."""
        reached, first = 0.0, self._steps - 1
        for step, length_s in enumerate(self._outlook.steps_s):
            stored_w = most[step] * car.charge_efficiency - car.standby_w
            reached += max(0.0, stored_w) * length_s / 3600
            if reached >= energy_wh:
                first = step
                break
        steps = range(first, min(self._steps, first + 9), 2)
        return [Goal(step=step, energy_wh=energy_wh, weight=0.5) for step in steps]


def _of_interest(
    car: CarOutlook, goals: tuple[CarGoal, ...], assumptions: tuple[Assumption, ...]
) -> tuple[Assumption, ...]:
    """Return what was assumed of a car, and of when it comes and leaves; nothing of nobody."""
    if not (car.connected or car.arrives):
        return ()
    if not car.connected and goals:
        assumptions = (*assumptions, Assumption.ARRIVAL_EXPECTED)
    elif any(goal.guessed for goal in goals):
        assumptions = (*assumptions, Assumption.DEPARTURE_GUESSED)
    return tuple(dict.fromkeys(assumptions))
