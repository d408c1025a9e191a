"""What cars take in any case, whatever is planned for others: the engine gives minimums where promises can be kept beside them, and boosts at once.

A plan that leaves that to other cars promises them what they never get, and their departures slip away unnoticed.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from ..outlook import CarMode, Outlook
from ..problem import Goal, Problem, Series, series
from ..room import Flags, Room, has_room
from .car_terms import CarTerms

# Before the first step.
NEVER = -1
# One goal an hour: in most modes a minimum that is missed cannot be made up.
_EACH = 4


def with_taken(
    cars: tuple[CarTerms, ...],
    problem: Problem,
    outlook: Outlook,
    *,
    late_until: int,
) -> tuple[CarTerms, ...]:
    """Return the cars with goals for what they take in any case.

    The order is the engine's: minimums of boosted cars, of cars with a departure, of other cars, and what boosts take
    beyond. A car whose minimum does not fit waits. So does a car that is promised nothing, until the step `late_until`.
    """
    taker = _Taker(outlook=outlook, room=Room(problem=problem))
    boosted = [terms for terms in cars if taker.boosts(terms)]
    for terms in boosted:
        taker.take(terms, boosts=True)
    for terms in cars:
        if terms.car.mode is CarMode.ECO and terms.goals:
            taker.keep(terms)
    somebody_waits = False
    for terms in cars:
        if terms.car.mode in (CarMode.FAST, CarMode.SOLAR_MIN):
            first = 0 if terms.has_promise else late_until + 1
            taker.take(terms, boosts=False, first=first)
            somebody_waits |= first > 0 and taker.wants(terms, before=first)
    for terms in boosted:
        taker.take_rest(terms)
    ends = {goal.step for terms in cars for goal in terms.store.goals}
    return tuple(
        replace(
            _with_taken(terms, taker, ends),
            comes_first=somebody_waits
            and terms.has_promise
            and terms.store.goals[0].step <= late_until,
        )
        for terms in cars
    )


def within_reach(cars: tuple[CarTerms, ...], problem: Problem) -> tuple[CarTerms, ...]:
    """Return the cars, each with no power in the steps in which the limits leave less than its minimum.

    In steps that are not planned exactly it would seem to take it for a part of the time.
    """
    enough = has_room(problem, {terms.car.id: terms.least_w for terms in cars})
    return tuple(
        _within_reach(terms, enough[terms.car.id], problem.steps) for terms in cars
    )


def _within_reach(terms: CarTerms, enough: Flags, steps: int) -> CarTerms:
    store = terms.store
    if enough.all():
        return terms

    def where(power_w: Series) -> Series:
        return tuple(np.where(enough, power_w, 0.0).tolist())

    return replace(
        terms,
        store=replace(
            store,
            max_charge_w=where(series(store.max_charge_w, steps)),
            demand_w=where(store.demand_w) if store.demand_w else (),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taker:
    """Takes power from what the limits leave. `taken` is that of each car, step by step."""

    outlook: Outlook
    room: Room
    taken: dict[str, list[float]] = field(default_factory=dict)

    def boosts(self, terms: CarTerms) -> tuple[int, ...]:
        """Return the steps in which a car has all that it can take, at once."""
        car, steps = terms.car, range(len(self.outlook.steps_s))
        if car.mode is CarMode.OFF:
            return ()
        if car.boost_until is not None:
            starts = self.outlook.starts
            return tuple(step for step in steps if starts[step] < car.boost_until)
        if not car.boost_wh:
            return ()
        most = series(terms.store.max_charge_w, len(self.outlook.steps_s))
        lacks_wh, found = car.boost_wh, list[int]()
        for step in steps:
            if lacks_wh <= 0:
                break
            found.append(step)
            lacks_wh -= _stored_wh(terms, most[step], self.outlook.steps_s[step])
        return tuple(found)

    def take(self, terms: CarTerms, *, boosts: bool, first: int = 0) -> None:
        """Take the minimum where it fits, from a step on: in the steps of a boost, or in all others."""
        boosted = set(self.boosts(terms))
        for step, power_w in enumerate(self._least_w(terms)):
            if step < first:
                continue
            if (step in boosted) is boosts and self._fits(terms, step, power_w):
                self._add(terms, step, power_w)

    def wants(self, terms: CarTerms, *, before: int) -> bool:
        """Whether a car would take something before a step."""
        return terms.store.capacity_wh > 0 and any(self._least_w(terms)[:before])

    def keep(self, terms: CarTerms) -> None:
        """Leave the minimum to a car that need not take it."""
        boosted = set(self.boosts(terms))
        for step, power_w in enumerate(self._least_w(terms)):
            if step not in boosted and self._fits(terms, step, power_w):
                self.room.take(terms.store, step, power_w)

    def take_rest(self, terms: CarTerms) -> None:
        """Take what is left for a boost that has its minimum."""
        most = series(terms.store.max_charge_w, len(self.outlook.steps_s))
        for step in self.boosts(terms):
            has_w = self._of(terms)[step]
            if has_w > 0:
                more_w = min(most[step] - has_w, self.room.left_w(terms.store, step))
                self._add(terms, step, more_w)

    def full_at(self, terms: CarTerms) -> int:
        """Return the first step in which a car may be full, if no other takes more than in any case."""
        most = series(terms.store.max_charge_w, len(self.outlook.steps_s))
        lacks_wh = terms.store.capacity_wh - terms.store.energy_wh
        for step, has_w in enumerate(self._of(terms)):
            room_w = self.room.left_w(terms.store, step)
            power_w = min(most[step], has_w + room_w)
            lacks_wh -= _stored_wh(terms, power_w, self.outlook.steps_s[step])
            if lacks_wh <= 0:
                return step
        return len(most)

    def _fits(self, terms: CarTerms, step: int, power_w: float) -> bool:
        return 0 < power_w <= self.room.left_w(terms.store, step)

    def _of(self, terms: CarTerms) -> list[float]:
        return self.taken.setdefault(terms.car.id, [0.0] * len(self.outlook.steps_s))

    def _add(self, terms: CarTerms, step: int, power_w: float) -> None:
        self._of(terms)[step] += power_w
        self.room.take(terms.store, step, power_w)

    def _least_w(self, terms: CarTerms) -> Series:
        """Return the least that a charging car takes, on all phases unless it follows the sun."""
        car, store = terms.car, terms.store
        least_w = terms.least_w
        if car.mode is not CarMode.SOLAR_MIN:
            least_w = car.min_a * self.outlook.voltage_v * len(store.phases)
        most = series(store.max_charge_w, len(self.outlook.steps_s))
        return tuple(min(least_w, most_w) for most_w in most)


def _with_taken(terms: CarTerms, taker: _Taker, ends: set[int]) -> CarTerms:
    """Return a car with what it takes in any case: in each step until it may be full, from then on hour by hour."""
    store, lengths_s = terms.store, taker.outlook.steps_s
    taken = taker.taken.get(terms.car.id)
    if taken is None:
        return terms
    until = taker.full_at(terms)
    goals: list[Goal] = []
    stored_wh = 0.0
    for step, power_w in enumerate(taken):
        stored_wh += _stored_wh(terms, power_w, lengths_s[step])
        is_full = stored_wh >= store.capacity_wh
        if step >= until and (is_full or step % _EACH == _EACH - 1 or step in ends):
            energy_wh = min(stored_wh, store.capacity_wh)
            goals.append(Goal(step=step, energy_wh=energy_wh, in_any_case=True))
        if is_full:
            break
    return replace(
        terms,
        store=replace(
            store, goals=(*store.goals, *goals), taken_w=tuple(taken[:until])
        ),
    )


def _stored_wh(terms: CarTerms, power_w: float, length_s: float) -> float:
    store = terms.store
    stored_w = power_w * store.charge_efficiency - store.standby_w
    return max(stored_w, 0.0) * length_s / 3600
