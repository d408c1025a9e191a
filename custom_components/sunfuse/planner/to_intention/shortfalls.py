"""Departures that a plan misses, and what would help."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..intention import Shortfall
from ..outlook import Outlook
from ..problem import Problem, Series, StorePlan, series
from ..room import Room
from ..to_problem.car_terms import CarTerms

# Such a small shortfall is not mentioned.
_SMALL_WH = 50.0
_PART = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortfallFinder:
    """Compares what cars reach with what they want."""

    outlook: Outlook
    problem: Problem
    cars: tuple[CarTerms, ...]
    plans: dict[str, StorePlan]

    def of(self, terms: CarTerms, planned: StorePlan) -> tuple[Shortfall, ...]:
        """Return the departures that the plan misses."""
        found: list[Shortfall] = []
        if not terms.car.connected:  # there is no driver to warn
            return ()
        for number, goal in enumerate(terms.goals):
            wanted_wh = terms.wanted_wh[number]
            step = terms.store.goals[number].step
            reaches_wh = planned.energy_wh[step]
            if goal.overdue or wanted_wh - reaches_wh <= max(
                _SMALL_WH, _PART * wanted_wh
            ):
                continue
            found.append(
                Shortfall(
                    at=goal.at,
                    wanted_wh=wanted_wh,
                    reaches_wh=reaches_wh,
                    wanted_metered_wh=_metered_wh(terms, wanted_wh),
                    reaches_metered_wh=_metered_wh(terms, reaches_wh),
                    wanted_soc=soc_of(terms, wanted_wh),
                    reaches_soc=soc_of(terms, reaches_wh),
                    later=self._later(terms, goal.at, wanted_wh - reaches_wh),
                    boost_helps=self._boosted_wh(terms, step) > reaches_wh + _SMALL_WH,
                )
            )
        return tuple(found)

    def _boosted_wh(self, terms: CarTerms, step: int) -> float:
        """Return what a car could store by the end of a step if the others took no more than they do in any case."""
        hours = tuple(length_s / 3600 for length_s in self.problem.steps_s)
        others = [one.store for one in self.cars if one.car.id != terms.car.id]
        boosted = replace(self.problem, stores=(terms.store, *others), peaks=())
        room = _room(boosted, {other.id: other.taken_w for other in others})
        return sum(
            max(0.0, power_w * terms.store.charge_efficiency - terms.store.standby_w)
            * hours
            for power_w, hours in zip(room[: step + 1], hours[: step + 1], strict=True)
        )

    def _later(
        self, terms: CarTerms, departure: datetime, missing_wh: float
    ) -> datetime | None:
        """Return when the car would have what it needs if it stayed, with the power that the others leave."""
        staying = replace(terms.store, max_charge_w=terms.most_w)
        others = {
            each.car.id: self.plans[each.car.id].charge_w
            for each in self.cars
            if each.car.id != terms.car.id
        }
        problem = replace(
            self.problem,
            stores=(
                staying,
                *(each.store for each in self.cars if each.car.id in others),
            ),
        )
        room = _room(problem, others)
        at, missing, starts = departure, missing_wh, self.outlook.starts
        for _ in range(4 * 24):
            step = self.outlook.step_at(at)
            power_w = room[step] if step < len(room) else terms.most_w
            end = starts[step + 1] if step < len(room) else at + timedelta(minutes=15)
            stored_w = power_w * staying.charge_efficiency - staying.standby_w
            if power_w >= terms.least_w and stored_w > 0:
                needs = timedelta(hours=missing / stored_w)
                if at + needs <= end:
                    return _rounded_up(at + needs)
                missing -= stored_w * (end - at).total_seconds() / 3600
            at = end
        return None


def _room(problem: Problem, others: dict[str, Series]) -> Series:
    """Return the power that the limits leave to the first store besides the power of others."""
    room = Room(problem=problem)
    for store in problem.stores[1:]:
        for step, power_w in enumerate(others[store.id]):
            room.take(store, step, power_w)
    store = problem.stores[0]
    most = series(store.max_charge_w, problem.steps)
    return tuple(
        min(most[step], room.left_w(store, step)) for step in range(problem.steps)
    )


def _rounded_up(at: datetime) -> datetime:
    """Return a time rounded up to five minutes, for display."""
    five = timedelta(minutes=5)
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return day + -(-(at - day) // five) * five


def _metered_wh(terms: CarTerms, energy_wh: float) -> float:
    """Return what the charger has metered of the session when an energy went in."""
    car = terms.car
    return car.charged_wh + energy_wh / car.charge_efficiency


def soc_of(terms: CarTerms, energy_wh: float) -> float | None:
    """Return the state of charge with an energy that went in, None if the car does not say."""
    car = terms.car
    if car.soc is None or not car.capacity_wh:
        return None
    return min(100.0, car.soc + energy_wh / car.capacity_wh * 100)
