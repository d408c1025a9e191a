"""From an outlook to the problem that the program solves."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
import math
from typing import cast

from ..intention import Assumption, CarIntention, Intention
from ..outlook import QUARTER, AnnouncedLimit, HomeBattery, Outlook, Quantiles
from ..problem import Circuit, PerPhase, Problem, Series, Store
from .assumed import Assumed
from .car_terms import CarReader, CarTerms
from .peak_terms import PeakTerm, peak_terms
from .taken import NEVER, with_taken, within_reach

BATTERY = "home battery"
_CONNECTION = "connection"
# This close to a departure the plan assumes little sun and much load, and this far ahead the median.
_CLOSE = timedelta(hours=2)
_FAR = timedelta(hours=8)
# Minimum currents are respected exactly in this many steps; in fewer if many cars would make that slow.
_EXACT_STEPS = 4
_EXACT_COLUMNS = 40
# A plan is kept for this many steps if another one is not better by more than this, in shares of the mean price.
_KEPT_STEPS = 8
_CHANGE = 0.02
_HALF = 0.5
# In so many steps starts wear, divided by the cars: half of the program is about them.
_WEAR_COLUMNS = 480
# No search goes on for less than this many kilowatt-hours cost, and kilowatts of a peak, for each car.
_GAP_KWH = 0.01
_GAP_KW = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemParts:
    """A problem, and what its parts mean."""

    problem: Problem
    cars: tuple[CarTerms, ...]
    battery: HomeBattery | None  # None: there is none, or it is predicted
    battery_w: Series  # of a battery that is predicted: positive when discharging
    battery_wh: Series
    assumptions: tuple[Assumption, ...]
    peaks: tuple[PeakTerm, ...] = ()  # those of the problem, in its order


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """House and battery: what the house takes from everything else, and the battery if that is planned."""

    load_w: Series  # less what a battery that is predicted gives
    stores: tuple[Store, ...] = ()
    battery_w: Series = ()  # of a battery that is predicted: positive when discharging
    battery_wh: Series = ()
    assumptions: tuple[Assumption, ...] = ()


def problem_of_outlook(
    outlook: Outlook,
    assumed: Assumed,
    previous: Intention | None,
    *,
    late_until: int = NEVER,
) -> ProblemParts:
    """Return the problem of an outlook. Until the step `late_until`, promises come before the minimums of other cars."""
    house_w, sun_w = _expected(outlook, assumed)
    home = _home(outlook, assumed, house_w, sun_w)
    reader = CarReader(outlook, assumed, home.load_w, sun_w)
    cars = tuple(
        _with_habit(reader.terms(car), outlook, assumed, previous)
        for car in outlook.cars
    )
    net_w = tuple(load - sun for load, sun in zip(home.load_w, sun_w, strict=True))
    peaks = peak_terms(outlook, assumed.import_price)
    problem = Problem(
        steps_s=outlook.steps_s,
        load_w=home.load_w,
        solar_w=sun_w,
        import_price=_weighted_price(outlook, assumed),
        export_price=_weighted_export(outlook, assumed),
        stores=(*home.stores, *(terms.store for terms in cars)),
        circuits=_circuits(outlook, net_w),
        peaks=tuple(term.peak for term in peaks),
        max_import_w=_max_import(outlook),
        max_export_w=outlook.max_export_w,
        voltage_v=outlook.voltage_v,
        phases=outlook.phases,
        exact_steps=_exact_steps(len(cars)),
        time_limit_s=outlook.time_limit_s,
        wear_steps=_WEAR_COLUMNS // max(1, len(cars)),
        gap_kwh=_GAP_KWH * max(1, len(cars)),
        gap_kw=_GAP_KW * max(1, len(cars)),
    )
    cars = with_taken(
        within_reach(cars, problem), problem, outlook, late_until=late_until
    )
    problem = replace(problem, stores=(*home.stores, *(terms.store for terms in cars)))
    return ProblemParts(
        problem=problem,
        cars=cars,
        battery=outlook.battery if home.stores else None,
        battery_w=home.battery_w,
        battery_wh=home.battery_wh,
        assumptions=home.assumptions,
        peaks=peaks,
    )


def _home(outlook: Outlook, assumed: Assumed, house_w: Series, sun_w: Series) -> _Home:
    """Return house and battery: a battery that cannot be controlled is predicted, and its power belongs to the house."""
    battery = outlook.battery
    if battery is None:
        return _Home(load_w=house_w)
    unknown = (Assumption.BATTERY_UNKNOWN,) if battery.energy_wh is None else ()
    if battery.controllable:
        return _Home(
            load_w=house_w,
            stores=(_battery_store(battery, assumed),),
            assumptions=unknown,
        )
    battery_w, battery_wh = predict(battery, house_w, sun_w, outlook.steps_s)
    return _Home(
        load_w=tuple(
            house - given for house, given in zip(house_w, battery_w, strict=True)
        ),
        battery_w=battery_w,
        battery_wh=battery_wh,
        assumptions=(*unknown, Assumption.BATTERY_PREDICTED),
    )


def _exact_steps(cars: int) -> int:
    return min(_EXACT_STEPS, max(1, _EXACT_COLUMNS // max(1, cars)))


# What is expected


def _expected(outlook: Outlook, assumed: Assumed) -> tuple[Series, Series]:
    """Return house load and solar power: cautious close to a departure, the median far from it."""
    caution = tuple(_caution(outlook))

    def towards(values: Quantiles, cautious: Series) -> Series:
        return tuple(
            median + share * (bound - median)
            for median, bound, share in zip(
                values.median, cautious, caution, strict=True
            )
        )

    return (
        towards(assumed.house, assumed.house.high),
        towards(assumed.sun, assumed.sun.low),
    )


def _caution(outlook: Outlook) -> Iterable[float]:
    departures = [
        goal.at for car in outlook.cars for goal in car.goals if goal.at > outlook.now
    ]
    for end in outlook.starts[1:]:
        ahead = min((at - end for at in departures if at >= end), default=_FAR)
        yield min(1.0, max(0.0, (_FAR - ahead) / (_FAR - _CLOSE)))


def predict(
    battery: HomeBattery, house_w: Series, sun_w: Series, steps_s: Series
) -> tuple[Series, Series]:
    """Return what an uncontrolled battery does, positive when discharging, and what it holds after each step."""
    held_wh = held(battery)
    powers, energies = [], []
    for house, sun, length_s in zip(house_w, sun_w, steps_s, strict=True):
        hours = length_s / 3600
        if house >= sun:
            free_wh = max(0.0, held_wh - battery.reserve_wh)
            most_w = free_wh * battery.discharge_efficiency / hours
            power_w = min(house - sun, battery.max_discharge_w, most_w)
            held_wh -= power_w * hours / battery.discharge_efficiency
        else:
            room_wh = max(0.0, battery.capacity_wh - held_wh)
            most_w = room_wh / battery.charge_efficiency / hours
            power_w = -min(sun - house, battery.max_charge_w, most_w)
            held_wh -= power_w * hours * battery.charge_efficiency
        powers.append(power_w)
        energies.append(held_wh)
    return tuple(powers), tuple(energies)


def held(battery: HomeBattery) -> float:
    """Return what a home battery holds now; half of its capacity if that is not known."""
    if battery.energy_wh is None:
        return battery.capacity_wh * _HALF
    return min(battery.energy_wh, battery.capacity_wh)


def _battery_store(battery: HomeBattery, assumed: Assumed) -> Store:
    """Return the home battery; the energy left at the end has the value of what it saves then, in the cheapest hours at least."""
    prices = sorted(assumed.import_price)
    usual = prices[len(prices) // 4]
    return Store(
        id=BATTERY,
        energy_wh=held(battery),
        min_wh=min(battery.reserve_wh, battery.capacity_wh),
        max_wh=battery.capacity_wh,
        max_charge_w=battery.max_charge_w,
        max_discharge_w=battery.max_discharge_w,
        charge_efficiency=battery.charge_efficiency,
        discharge_efficiency=battery.discharge_efficiency,
        from_grid=battery.from_grid,
        to_grid=battery.to_grid,
        circuit=_CONNECTION,
        end_value=max(0.0, usual * battery.discharge_efficiency),
    )


def _with_habit(
    terms: CarTerms, outlook: Outlook, assumed: Assumed, previous: Intention | None
) -> CarTerms:
    """Return a car that follows the previous plan in its first hours, unless a different plan is clearly better."""
    before = previous.car(terms.car.id) if previous is not None else None
    if before is None:
        return terms
    planned: list[float] = []
    for start, end in list(zip(outlook.starts, outlook.starts[1:], strict=False))[
        :_KEPT_STEPS
    ]:
        middle = start + (end - start) / 2
        power_w = next(
            (slot.power_w for slot in before.slots if slot.start <= middle < slot.end),
            None,
        )
        if power_w is None:
            break
        planned.append(power_w)
    mean = sum(map(abs, assumed.import_price)) / len(assumed.import_price)
    store = replace(
        _with_need(terms, before),
        planned_w=tuple(planned),
        change_cost=_CHANGE * mean,
    )
    return replace(terms, store=store)


def _with_need(terms: CarTerms, before: CarIntention) -> Store:
    """Return a car whose part in a shortage does not shrink while it charges: else who is first gets more in the end."""
    store = terms.store
    if not terms.goals or before.departure is None:
        return store
    if abs(terms.goals[0].at - before.departure) >= QUARTER:
        return store
    need_wh = max(before.needed_wh, terms.wanted_wh[0])
    goal = replace(store.goals[0], share_of_wh=need_wh)
    return replace(store, goals=(goal, *store.goals[1:]))


# Prices


def _carbon_price(outlook: Outlook, assumed: Assumed) -> float:
    """Return the price of a gram of carbon dioxide, so that carbon and money have the same weight on average."""
    grams = sum(assumed.carbon_g)
    if outlook.carbon_weight <= 0 or grams <= 0:
        return 0.0
    return max(0.01, sum(assumed.import_price) / grams)


def _weighted_price(outlook: Outlook, assumed: Assumed) -> Series:
    weight, per_gram = outlook.carbon_weight, _carbon_price(outlook, assumed)
    if not per_gram:
        return assumed.import_price
    return tuple(
        (1 - weight) * price + weight * grams * per_gram
        for price, grams in zip(assumed.import_price, assumed.carbon_g, strict=True)
    )


def _weighted_export(outlook: Outlook, assumed: Assumed) -> Series:
    if not _carbon_price(outlook, assumed):
        return assumed.export_price
    return tuple((1 - outlook.carbon_weight) * price for price in assumed.export_price)


# Limits


def _circuits(outlook: Outlook, net_w: Series) -> tuple[Circuit, ...]:
    """Return the tree of limits, each lowered while a limit is announced."""
    evenly = tuple(
        (power_w / outlook.voltage_v / outlook.phases,) * outlook.phases
        for power_w in net_w
    )
    circuits = []
    for circuit in outlook.circuits:
        load_a: tuple[PerPhase, ...] = ()
        if circuit.other_a and isinstance(circuit.other_a[0], tuple):
            load_a = circuit.other_a
        elif circuit.other_a:
            load_a = (cast("PerPhase", circuit.other_a),) * len(net_w)
        elif circuit.parent is None:
            load_a = evenly
        circuits.append(
            Circuit(
                id=circuit.id,
                limit_a=circuit.limit_a,
                parent=circuit.parent,
                load_a=load_a,
            )
        )
    for number, limit in enumerate(outlook.limits):
        circuits = _announce(circuits, limit, f"announced {number}", outlook)
    battery = outlook.battery
    if battery is not None and battery.controllable:
        circuits = _with_battery(circuits)
    return tuple(circuits)


def _with_battery(circuits: list[Circuit]) -> list[Circuit]:
    """Return the circuits below the connection, which carries the home battery beside them.

    What it charges from the grid is not left to cars; what it charges from the sun takes nothing from them.
    """
    return [
        *(
            replace(each, id=_CONNECTION, nets=True)
            for each in circuits
            if each.parent is None
        ),
        *(
            replace(each, parent=_CONNECTION) if each.parent is None else each
            for each in circuits
        ),
    ]


def _announce(
    circuits: list[Circuit], limit: AnnouncedLimit, name: str, outlook: Outlook
) -> list[Circuit]:
    """Return the circuits with an additional one above the limited part: it carries everything, or the cars only."""
    below = next(
        (
            each
            for each in circuits
            if (
                each.parent is None
                if limit.circuit is None
                else each.id == limit.circuit
            )
        ),
        None,
    )
    amperes = [] if limit.current_a is None else [limit.current_a]
    if limit.power_w is not None and (limit.cars_only or limit.circuit is not None):
        amperes.append(limit.power_w / outlook.voltage_v / outlook.phases)
    if below is None or not amperes:
        return circuits
    above = Circuit(
        id=name,
        parent=below.parent,
        limit_a=tuple(
            (max(min(amperes), 0.0) if during else math.inf,) * outlook.phases
            for during in _during(outlook, limit)
        ),
        load_a=() if limit.cars_only else below.load_a,
    )
    return [
        above,
        *(replace(each, parent=name) if each is below else each for each in circuits),
    ]


def _max_import(outlook: Outlook) -> float | Series:
    """Return the import limit of the grid connection, which is lower while a limit in watts is announced for the whole site."""
    most = [outlook.max_import_w] * len(outlook.steps_s)
    for limit in outlook.limits:
        if limit.power_w is None or limit.cars_only or limit.circuit is not None:
            continue
        for step, during in enumerate(_during(outlook, limit)):
            if during:
                most[step] = min(most[step], max(limit.power_w, 0.0))
    return tuple(most)


def _during(outlook: Outlook, limit: AnnouncedLimit) -> Iterable[bool]:
    for start, end in zip(outlook.starts, outlook.starts[1:], strict=False):
        yield start < limit.end and end > limit.start
