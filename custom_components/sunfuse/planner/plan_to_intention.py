"""From the program's plan to the intention: per car, per slot, and for the site."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from .assumed import Assumed
from .car_terms import CarTerms
from .intention import (
    Assumption,
    BatteryCommand,
    CarIntention,
    CarSlot,
    Intention,
    Shortfall,
    SiteSlot,
    TargetPeak,
)
from .outlook import CarMode, Outlook
from .outlook_to_problem import BATTERY, ProblemParts
from .plan_reasons import Reasons, advice_of
from .problem import Plan, Problem, Series, Status, StorePlan, series
from .simple import Room

# Power below this counts as none, and such a small shortfall is not mentioned.
_SMALL_W = 1.0
_SMALL_WH = 50.0
# A battery power this close to what it does without control needs no command.
_CLOSE_W = 100.0


class PlanReader:
    """Translates a plan into an intention."""

    def __init__(
        self, outlook: Outlook, assumed: Assumed, parts: ProblemParts, plan: Plan
    ) -> None:
        """Share the sun among the cars by what they take."""
        self._outlook = outlook
        self._assumed = assumed
        self._parts = parts
        self._plan = plan
        self._starts = outlook.starts
        self._hours = tuple(length_s / 3600 for length_s in outlook.steps_s)
        none = (0.0,) * len(self._hours)
        self._plans = {store.id: store for store in plan.stores}
        self._cars_w = none
        for terms in parts.cars:
            self._cars_w = _sum(self._cars_w, self._plans[terms.car.id].charge_w)
        battery = self._plans.get(BATTERY)
        self._battery_w = parts.battery_w or none
        if battery is not None:
            self._battery_w = tuple(
                out - into
                for out, into in zip(battery.discharge_w, battery.charge_w, strict=True)
            )

    def intention(self) -> Intention:
        """Return the whole intention."""
        outlook, plan = self._outlook, self._plan
        assumptions = [*self._assumed.assumptions, *self._parts.assumptions]
        if plan.status is Status.SIMPLE:
            assumptions.append(Assumption.WITHOUT_SOLVER)
        slots = self._site_slots()
        cars = tuple(self._car(terms) for terms in self._parts.cars)
        for car in cars:
            assumptions.extend(car.assumptions)
        money = self._money()
        return Intention(
            now=outlook.now,
            status=plan.status,
            slots=slots,
            cars=cars,
            target_peaks=tuple(self._target_peaks()),
            cost=money,
            assumptions=tuple(dict.fromkeys(assumptions)),
        )

    # The site

    def _money(self) -> float:
        """Return the cost of the whole site: import less export, and what peaks cost beyond what is paid in any case."""
        plan = self._plan
        energy = sum(
            hours / 1000 * (imported * price - exported * reward)
            for hours, imported, price, exported, reward in zip(
                self._hours,
                plan.import_w,
                self._assumed.import_price,
                plan.export_w,
                self._assumed.export_price,
                strict=True,
            )
        )
        return energy + sum(
            term.cost(highest_w)
            for term, highest_w in zip(self._parts.peaks, plan.peak_w, strict=True)
        )

    def _target_peaks(self) -> Iterable[TargetPeak]:
        """Yield what each tariff's running interval should stay below: what is free, or what the plan found worth paying."""
        for term, highest_w in zip(self._parts.peaks, self._plan.peak_w, strict=True):
            if term.today:
                power_w = max(term.peak.level_w, highest_w)
                yield TargetPeak(name=term.tariff.name, power_w=power_w)

    def _site_slots(self) -> tuple[SiteSlot, ...]:
        outlook, problem, plan = self._outlook, self._parts.problem, self._plan
        battery = self._plans.get(BATTERY)
        battery_wh = (
            battery.energy_wh if battery is not None else self._parts.battery_wh
        )
        predicted = self._parts.battery_w or (0.0,) * len(self._hours)
        return tuple(
            SiteSlot(
                start=self._starts[step],
                end=self._starts[step + 1],
                grid_w=plan.import_w[step] - plan.export_w[step],
                house_w=problem.load_w[step] + predicted[step],
                sun_w=problem.solar_w[step],
                cars_w=self._cars_w[step],
                battery_w=self._battery_w[step],
                battery_wh=battery_wh[step] if battery_wh else None,
                command=self._command(battery, step),
                price=self._assumed.import_price[step],
                export_price=self._assumed.export_price[step],
            )
            for step in range(len(outlook.steps_s))
        )

    def _command(self, planned: StorePlan | None, step: int) -> BatteryCommand:
        """Return the command for the battery: normal if it does what is planned without control."""
        battery, problem = self._parts.battery, self._parts.problem
        if planned is None or battery is None:
            return BatteryCommand.NORMAL
        lacks_w = problem.load_w[step] + self._cars_w[step] - problem.solar_w[step]
        charge_w, discharge_w = planned.charge_w[step], planned.discharge_w[step]
        if discharge_w > _SMALL_W:
            # What it would supply: all that is lacking, as long as it has energy.
            own_w = min(max(0.0, lacks_w), battery.max_discharge_w)
            near = discharge_w > own_w - _CLOSE_W and discharge_w < own_w + _CLOSE_W
            empty = planned.energy_wh[step] <= battery.reserve_wh + _SMALL_WH
            return (
                BatteryCommand.NORMAL
                if near or (empty and discharge_w <= own_w)
                else BatteryCommand.DISCHARGE
            )
        surplus_w = max(0.0, -lacks_w)
        full = planned.energy_wh[step] >= battery.capacity_wh - _SMALL_WH
        if charge_w > _SMALL_W:
            own_w = min(surplus_w, battery.max_charge_w)
            near = abs(charge_w - own_w) < _CLOSE_W
            return (
                BatteryCommand.NORMAL
                if near or (full and charge_w <= own_w)
                else BatteryCommand.CHARGE
            )
        if surplus_w > _CLOSE_W and not full:
            return (
                BatteryCommand.CHARGE
            )  # with 0 W: the solar power is for something else
        holds = planned.energy_wh[step] > battery.reserve_wh + _SMALL_WH
        return (
            BatteryCommand.HOLD
            if lacks_w > _SMALL_W and holds
            else BatteryCommand.NORMAL
        )

    # A car

    def _car(self, terms: CarTerms) -> CarIntention:
        planned = self._plans[terms.car.id]
        sun_w = self._sun_of(planned)
        goal = terms.goals[0] if terms.goals else None
        shortfalls = self._shortfalls(terms, planned)
        on = [step for step, power in enumerate(planned.charge_w) if power > _SMALL_W]
        ready = self._ready(terms, planned)
        reasons = Reasons(
            terms=terms,
            outlook=self._outlook,
            assumed=self._assumed,
            problem=self._parts.problem,
            plan=planned,
            sun_w=sun_w,
            ready=ready,
            shortfall=shortfalls[0] if shortfalls else None,
        )
        slots = tuple(
            CarSlot(
                start=self._starts[step],
                end=self._starts[step + 1],
                power_w=planned.charge_w[step],
                sun_w=sun_w[step],
                energy_wh=planned.energy_wh[step],
                advice=advice_of(reasons, step),
            )
            for step in range(len(self._hours))
        )
        until = len(self._hours)
        if goal is not None:
            until = min(self._outlook.step_at(goal.at) + 1, until)
        drawn_wh = self._energy(planned.charge_w, until)
        sun_wh = self._energy(sun_w, until)
        stored_wh = planned.energy_wh[until - 1]
        car = terms.car
        return CarIntention(
            id=car.id,
            slots=slots,
            why=reasons.of_now(),
            next_start=self._starts[on[0]] if on and on[0] > 0 else None,
            end=self._starts[on[-1] + 1] if on else None,
            ready=ready,
            departure=goal.at if goal is not None else None,
            energy_wh=stored_wh,
            soc=_soc(terms, stored_wh),
            drawn_wh=drawn_wh,
            cost=self._cost(planned.charge_w, sun_w, until),
            cost_at_once=self._cost_at_once(terms, stored_wh),
            sun_share=sun_wh / drawn_wh if drawn_wh > 0 else 0.0,
            grid_share=1 - sun_wh / drawn_wh if drawn_wh > 0 else 0.0,
            shortfalls=shortfalls,
            assumptions=terms.assumptions,
        )

    def _sun_of(self, planned: StorePlan) -> Series:
        """Return the part of a car's power that would be exported without any car."""
        problem = self._parts.problem
        parts = []
        for step, power_w in enumerate(planned.charge_w):
            surplus_w = max(0.0, problem.solar_w[step] - problem.load_w[step])
            if self._parts.battery is not None:  # what it stores is not for cars
                surplus_w = max(0.0, surplus_w - max(0.0, -self._battery_w[step]))
            cars_w = self._cars_w[step]
            share = min(1.0, surplus_w / cars_w) if cars_w > _SMALL_W else 0.0
            parts.append(power_w * share)
        return tuple(parts)

    def _energy(self, power_w: Series, until: int) -> float:
        return sum(
            power * hours
            for power, hours in zip(power_w[:until], self._hours[:until], strict=True)
        )

    def _cost(self, power_w: Series, sun_w: Series, until: int) -> float:
        """Return what a car's energy costs: the price of grid power, and what exporting the solar power would have earned."""
        return sum(
            hours / 1000 * (sun * reward + (power - sun) * price)
            for hours, sun, power, reward, price in zip(
                self._hours[:until],
                sun_w[:until],
                power_w[:until],
                self._assumed.export_price[:until],
                self._assumed.import_price[:until],
                strict=True,
            )
        )

    def _cost_at_once(self, terms: CarTerms, stored_wh: float) -> float:
        """Return what the same energy would cost if the car charged immediately, alone."""
        problem, power, sun = self._parts.problem, [], []
        left_wh = stored_wh
        for step, hours in enumerate(self._hours):
            most_w = series(terms.store.max_charge_w, len(self._hours))[step]
            stored_w = most_w * terms.store.charge_efficiency - terms.store.standby_w
            part = 0.0
            if most_w > 0 and stored_w > 0 and left_wh > 0:
                part = min(1.0, left_wh / (stored_w * hours))
                left_wh -= part * stored_w * hours
            surplus_w = max(0.0, problem.solar_w[step] - problem.load_w[step])
            power.append(most_w * part)
            sun.append(min(most_w, surplus_w) * part)
        return self._cost(tuple(power), tuple(sun), len(self._hours))

    def _ready(self, terms: CarTerms, planned: StorePlan) -> datetime | None:
        """Return when the car has what its next departure requires, None if it never does."""
        if not terms.wanted_wh or terms.car.mode is CarMode.OFF:
            return None
        wanted_wh = min(terms.wanted_wh[0], terms.store.max_wh)
        before_wh = 0.0
        for step, held_wh in enumerate(planned.energy_wh):
            if held_wh >= wanted_wh - _SMALL_WH:
                gain_wh = held_wh - before_wh
                part = (
                    min(1.0, max(0.0, (wanted_wh - before_wh) / gain_wh))
                    if gain_wh
                    else 0
                )
                length = self._starts[step + 1] - self._starts[step]
                return self._starts[step] + part * length
            before_wh = held_wh
        return None

    def _shortfalls(self, terms: CarTerms, planned: StorePlan) -> tuple[Shortfall, ...]:
        """Return the departures that the plan misses."""
        found = []
        for number, goal in enumerate(terms.goals):
            wanted_wh = terms.wanted_wh[number]
            step = terms.store.goals[number].step
            reaches_wh = planned.energy_wh[step]
            if wanted_wh - reaches_wh <= max(_SMALL_WH, 0.005 * wanted_wh):
                continue
            found.append(
                Shortfall(
                    at=goal.at,
                    wanted_wh=wanted_wh,
                    reaches_wh=reaches_wh,
                    wanted_soc=_soc(terms, wanted_wh),
                    reaches_soc=_soc(terms, reaches_wh),
                    later=self._later(terms, goal.at, wanted_wh - reaches_wh),
                    boost_helps=self._alone_wh(terms, step) > reaches_wh + _SMALL_WH,
                )
            )
        return tuple(found)

    def _alone_wh(self, terms: CarTerms, step: int) -> float:
        """Return what a car could store by the end of a step if no other charged."""
        alone = replace(self._parts.problem, stores=(terms.store,), peaks=())
        return sum(
            max(0.0, power_w * terms.store.charge_efficiency - terms.store.standby_w)
            * hours
            for power_w, hours in zip(
                _room(alone, {})[: step + 1], self._hours[: step + 1], strict=True
            )
        )

    def _later(
        self, terms: CarTerms, departure: datetime, missing_wh: float
    ) -> datetime | None:
        """Return when the car would have what it needs if it stayed, with the power that the others leave."""
        staying = replace(terms.store, max_charge_w=terms.most_w)
        others = {
            each.car.id: self._plans[each.car.id].charge_w
            for each in self._parts.cars
            if each.car.id != terms.car.id
        }
        problem = replace(
            self._parts.problem,
            stores=(
                staying,
                *(each.store for each in self._parts.cars if each.car.id in others),
            ),
        )
        room = _room(problem, others)
        at, missing = departure, missing_wh
        for _ in range(4 * 24):
            step = self._outlook.step_at(at)
            power_w = room[step] if step < len(room) else terms.most_w
            end = (
                self._starts[step + 1]
                if step < len(room)
                else at + timedelta(minutes=15)
            )
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


def _soc(terms: CarTerms, energy_wh: float) -> float | None:
    car = terms.car
    if car.soc is None or not car.capacity_wh:
        return None
    return min(100.0, car.soc + energy_wh / car.capacity_wh * 100)


def _sum(first: Series, second: Series) -> Series:
    return tuple(a + b for a, b in zip(first, second, strict=True))
