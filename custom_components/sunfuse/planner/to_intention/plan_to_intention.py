"""From the program's plan to the intention for the site; what is planned for its cars is in `car_intentions.py`."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ..intention import Assumption, BatteryCommand, Intention, SiteSlot, TargetPeak
from ..outlook import Outlook
from ..problem import Plan, Series, Status, StorePlan
from ..to_problem.assumed import Assumed
from ..to_problem.outlook_to_problem import BATTERY, ProblemParts
from ..to_problem.peak_terms import PeakTerm
from .car_intentions import CarPlanReader

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
        """Add up what the cars take."""
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
        reader = CarPlanReader(
            outlook,
            self._assumed,
            self._parts,
            plan,
            cars_w=self._cars_w,
            battery_w=self._battery_w,
        )
        cars = tuple(reader.read(terms) for terms in self._parts.cars)
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
        terms = self._parts.peaks
        allowed_w = [
            max(term.peak.level_w, highest_w)
            for term, highest_w in zip(terms, self._plan.peak_w, strict=True)
        ]
        for term, power_w in zip(terms, allowed_w, strict=True):
            if term.today:
                yield TargetPeak(
                    name=term.tariff.name,
                    power_w=power_w,
                    later=tuple(
                        (self._starts[other.first_step], other_w)
                        for other, other_w in zip(terms, allowed_w, strict=True)
                        if other.tariff is term.tariff and not other.today
                    ),
                    reserved=tuple(self._reserved(term)),
                    planned=tuple(
                        part for step in _soon(term) for part in self._planned(step)
                    ),
                )

    def _reserved(self, term: PeakTerm) -> Iterable[tuple[datetime, float]]:
        """Yield what is reserved in each step of the running window and the next, and when the step ends."""
        for step in _soon(term):
            if step < len(term.peak.reserved_w):
                yield self._starts[step + 1], term.peak.reserved_w[step]

    def _planned(self, step: int) -> Iterable[tuple[datetime, float]]:
        """Yield what is drawn from the grid in each part of a step, and when the part ends.

        A car that needs less than its least power for the whole step takes that at first, and then it is ready.
        """
        start, length_s = self._starts[step], self._outlook.steps_s[step]
        ready = sorted(self._ready_within(step))
        net_w = self._plan.import_w[step] - self._plan.export_w[step]
        net_w += sum((1 - part) * least_w for part, least_w in ready)
        for part, least_w in ready:
            yield start + timedelta(seconds=part * length_s), max(0.0, net_w)
            net_w -= least_w
        yield self._starts[step + 1], max(0.0, net_w)

    def _ready_within(self, step: int) -> Iterable[tuple[float, float]]:
        """Yield for each car that will be ready within a step the part of it that it needs with its least power, and that power."""
        for terms in self._parts.cars:
            power_w = self._plans[terms.car.id].charge_w
            charges = terms.charges(power_w)
            goes_on = step + 1 < len(charges) and charges[step + 1]
            if charges[step] and not goes_on and power_w[step] < terms.least_w:
                yield power_w[step] / terms.least_w, terms.least_w

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
            # What it would supply: all that the house lacks, as long as it has energy. Some batteries supply cars as well,
            # others do not: while cars charge, it gets the command.
            own_w = min(max(0.0, lacks_w), battery.max_discharge_w)
            near = discharge_w > own_w - _CLOSE_W and discharge_w < own_w + _CLOSE_W
            empty = planned.energy_wh[step] <= battery.reserve_wh + _SMALL_WH
            alone = self._cars_w[step] <= _SMALL_W
            return (
                BatteryCommand.NORMAL
                if alone and (near or (empty and discharge_w <= own_w))
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


def _soon(term: PeakTerm) -> Iterable[int]:
    """Yield the steps of the running window of a peak and of the next one."""
    windows = term.tariff.windows
    soon = list(dict.fromkeys(windows))[:2]
    return (step for step, window in enumerate(windows) if window in soon)


def _sum(first: Series, second: Series) -> Series:
    return tuple(a + b for a, b in zip(first, second, strict=True))
