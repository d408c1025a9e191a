"""What is planned for one car: when, how much, for how much money, and what waiting saves."""

from datetime import datetime

from ..intention import CarIntention, CarSlot
from ..outlook import CarMode, Outlook
from ..plan_cost import peak_of
from ..problem import Plan, Series, StorePlan, Strategy, series
from ..room import Room, has_room
from ..to_problem.assumed import Assumed
from ..to_problem.car_terms import CarTerms
from ..to_problem.outlook_to_problem import ProblemParts
from ..to_problem.peak_terms import PlannedPeaks
from .gathered import gathered
from .plan_reasons import Reasons, advice_of
from .shortfalls import ShortfallFinder, soc_of

_SMALL_W = 1.0
_SMALL_WH = 50.0


class CarPlanReader:
    """Translates the plans of cars."""

    def __init__(
        self,
        outlook: Outlook,
        assumed: Assumed,
        parts: ProblemParts,
        plan: Plan,
        *,
        cars_w: Series,
        battery_w: Series,
    ) -> None:
        """Share the sun among the cars by what they take."""
        self._outlook = outlook
        self._assumed = assumed
        self._parts = parts
        self._plan = plan
        self._starts = outlook.starts
        self._hours = tuple(length_s / 3600 for length_s in outlook.steps_s)
        self._plans = {store.id: store for store in plan.stores}
        self._cars_w = cars_w
        self._battery_w = battery_w
        self._shortfalls = ShortfallFinder(
            outlook=outlook,
            problem=parts.problem,
            cars=parts.cars,
            plans=self._plans,
        )
        self._peaks = PlannedPeaks(problem=parts.problem, terms=parts.peaks, plan=plan)
        self._has_room = has_room(
            parts.problem, {terms.car.id: terms.least_w for terms in parts.cars}
        )
        # What the limits leave beside everything that is planned.
        self._room = Room(problem=parts.problem)
        for store in parts.problem.stores:
            self._room.take_all(store, self._plans[store.id].charge_w)

    def read(self, terms: CarTerms) -> CarIntention:
        """Return what is planned for a car."""
        planned = self._plans[terms.car.id]
        sun_w = self._sun_of(terms, planned.charge_w, self._others(planned))
        goal = terms.goals[0] if terms.goals else None
        shortfalls = self._shortfalls.of(terms, planned)
        charges = gathered(terms, planned.charge_w, self._could(terms, sun_w))
        on = [step for step, charging in enumerate(charges) if charging]
        ready = self._ready(terms, planned)
        reasons = Reasons(
            terms=terms,
            outlook=self._outlook,
            assumed=self._assumed,
            plan=planned,
            charges=charges,
            has_room=tuple(self._has_room[terms.car.id].tolist()),
            sun_w=sun_w,
            ready=ready,
            shortfall=shortfalls[0] if shortfalls else None,
            peaks=self._peaks,
        )
        slots = tuple(
            CarSlot(
                start=self._starts[step],
                end=self._starts[step + 1],
                power_w=planned.charge_w[step],
                charges=charges[step],
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
        cost = self._cost(planned.charge_w, sun_w, until)
        return CarIntention(
            id=car.id,
            slots=slots,
            why=reasons.of_now(),
            next_start=self._starts[on[0]] if on and on[0] > 0 else None,
            end=self._end(on, ready),
            ready=ready,
            departure=goal.at if goal is not None else None,
            leaves=self._leaves(terms),
            energy_wh=stored_wh,
            needed_wh=_needed_wh(terms),
            soc=soc_of(terms, stored_wh),
            drawn_wh=drawn_wh,
            cost=cost,
            cost_at_once=self._cost_at_once(terms, stored_wh, cost),
            sun_share=sun_wh / drawn_wh if drawn_wh > 0 else 0.0,
            grid_share=1 - sun_wh / drawn_wh if drawn_wh > 0 else 0.0,
            shortfalls=shortfalls,
            assumptions=terms.assumptions,
            comes_first=terms.comes_first,
        )

    def _sun_of(self, terms: CarTerms, power_w: Series, others_w: Series) -> Series:
        """Return the part of a car's power that would be exported without any car.

        A mean below the car's minimum is the minimum for a part of the step.
        """
        problem = self._parts.problem
        parts = []
        for step, own_w in enumerate(power_w):
            surplus_w = max(0.0, problem.solar_w[step] - problem.load_w[step])
            if self._parts.battery is not None:  # what it stores is not for cars
                surplus_w = max(0.0, surplus_w - max(0.0, -self._battery_w[step]))
            cars_w = max(own_w, terms.least_w) + others_w[step]
            share = min(1.0, surplus_w / cars_w) if cars_w > _SMALL_W else 0.0
            parts.append(own_w * share)
        return tuple(parts)

    def _could(self, terms: CarTerms, sun_w: Series) -> Series:
        """Return the power that a car could take in each step for the same price, 0 where that is not known.

        Steps that are planned exactly are as they will be. More power may cost a peak, or sun that others had.
        """
        problem, store = self._parts.problem, terms.store
        steps = len(self._hours)
        if problem.peaks or store.strategy is Strategy.SPREAD:
            return (0.0,) * steps
        planned_w = self._plans[store.id].charge_w
        left_w = self._room.left_all_w(store).tolist()
        most = series(store.max_charge_w, steps)
        exact = problem.exact_steps or 0
        return tuple(
            min(most[step], planned_w[step] + left_w[step])
            if step >= exact and not sun_w[step]
            else 0.0
            for step in range(steps)
        )

    def _others(self, planned: StorePlan) -> Series:
        """Return what all other cars take."""
        return tuple(
            max(0.0, all_w - own_w)
            for all_w, own_w in zip(self._cars_w, planned.charge_w, strict=True)
        )

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

    def _cost_at_once(self, terms: CarTerms, stored_wh: float, cost: float) -> float:
        """Return what the same energy would cost as soon as the limits allow it beside what is planned for others.

        A higher peak counts. If waiting costs more although nobody asked for that (by carbon, or for a late or first
        hour), it is because others depend on it: then charging at once is no alternative that could be cheaper.
        """
        planned = self._plans[terms.car.id]
        power_w = self._at_once(terms, planned, stored_wh)
        others_w = self._others(planned)
        sun_w = self._sun_of(terms, power_w, others_w)
        at_once = self._cost(power_w, sun_w, len(self._hours))
        at_once += self._peaks_cost(planned.charge_w, power_w)
        on_purpose = (
            self._outlook.carbon_weight > 0
            or terms.car.carbon_limit_g is not None
            or terms.car.precondition
            or terms.store.strategy is Strategy.LATE
        )
        return at_once if on_purpose else max(at_once, cost)

    def _at_once(self, terms: CarTerms, planned: StorePlan, stored_wh: float) -> Series:
        """Return the powers with which a car stores an energy as soon as possible."""
        store, powers, left_wh = terms.store, [], stored_wh
        most = series(store.max_charge_w, len(self._hours))
        for step, hours in enumerate(self._hours):
            most_w = 0.0
            if left_wh > 0:
                room_w = self._room.left_w(store, step) + planned.charge_w[step]
                most_w = min(most[step], room_w)
            gains_w = most_w * store.charge_efficiency - store.standby_w
            part = 0.0
            if gains_w > 0:
                part = min(1.0, left_wh / (gains_w * hours))
                left_wh -= part * gains_w * hours
            powers.append(most_w * part)
        return tuple(powers)

    def _peaks_cost(self, planned_w: Series, instead_w: Series) -> float:
        """Return how much more the peaks would cost if a car took other powers than planned."""
        problem = self._parts.problem
        net_w = [
            grid_in - grid_out - planned + instead
            for grid_in, grid_out, planned, instead in zip(
                self._plan.import_w,
                self._plan.export_w,
                planned_w,
                instead_w,
                strict=True,
            )
        ]
        import_w = tuple(max(0.0, power_w) for power_w in net_w)
        return sum(
            term.cost(peak_of(problem, term.peak, import_w)) - term.cost(highest_w)
            for term, highest_w in zip(
                self._parts.peaks, self._plan.peak_w, strict=True
            )
        )

    def _end(self, on: list[int], ready: datetime | None) -> datetime | None:
        """Return when the last charging ends: not before the car is ready, where the rest of it is spread too thinly to be one."""
        if not on:
            return None
        end = self._starts[on[-1] + 1]
        return end if ready is None else max(end, ready)

    def _leaves(self, terms: CarTerms) -> datetime | None:
        """Return the end of the last step in which a car is there in any case, None if it stays."""
        if not terms.goals:
            return None
        last = terms.store.goals[len(terms.goals) - 1]
        return self._starts[last.step + 1]

    def _ready(self, terms: CarTerms, planned: StorePlan) -> datetime | None:
        """Return when the car has what its next departure requires, None if it never does."""
        if not terms.wanted_wh or terms.car.mode is CarMode.OFF:
            return None
        wanted_wh = min(terms.wanted_wh[0], terms.store.capacity_wh)
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


def _needed_wh(terms: CarTerms) -> float:
    """Return what a shortage is a share of, for the next departure."""
    if not terms.goals:
        return 0.0
    return terms.store.goals[0].share_of_wh or terms.wanted_wh[0]
