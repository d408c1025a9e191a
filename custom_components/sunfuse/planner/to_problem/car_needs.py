"""What one car asks for: how much power on which phases, and how much energy until when."""

from dataclasses import dataclass

from ..intention import Assumption
from ..outlook import CarGoal, CarMode, CarOutlook, Outlook

# The energy for one day's driving, if it is not known what the car needs.
_USUAL_WH = 10_000.0
# The battery size of a car that takes what is cheap or sunny, or charges immediately, if its size is not known.
_LARGE_WH = 60_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CarNeeds:
    """What a car asks for, and what had to be assumed for that."""

    phases: tuple[int, ...]
    most_w: float  # what car and charger can take
    least_w: float
    # The goals of the driver that are within the outlook.
    goals: tuple[CarGoal, ...]
    wanted_wh: tuple[float, ...]  # for each goal
    full_wh: float
    assumptions: tuple[Assumption, ...]


def needs_of(car: CarOutlook, outlook: Outlook) -> CarNeeds:
    """Return what a car asks for within an outlook."""
    phases, most_w, least_w = _powers(car, outlook.voltage_v)
    assumptions: list[Assumption] = []
    goals, wanted_wh = _goals(car, outlook, most_w, assumptions)
    full_wh = _full_wh(car, wanted_wh, assumptions)
    return CarNeeds(
        phases=phases,
        most_w=most_w,
        least_w=least_w,
        goals=goals,
        wanted_wh=tuple(min(energy_wh, full_wh) for energy_wh in wanted_wh),
        full_wh=full_wh,
        assumptions=tuple(assumptions),
    )


def _powers(car: CarOutlook, voltage_v: float) -> tuple[tuple[int, ...], float, float]:
    """Return the phases of a car, and the most and the least power that it can take."""
    phases = car.phases[: car.car_phases] if car.car_phases else car.phases
    amperes = min(car.max_a, car.car_max_a or car.max_a)
    most_w = amperes * voltage_v * len(phases)
    least_phases = 1 if car.switches_phases else len(phases)
    return phases, most_w, min(car.min_a * voltage_v * least_phases, most_w)


def _goals(
    car: CarOutlook, outlook: Outlook, most_w: float, assumptions: list[Assumption]
) -> tuple[tuple[CarGoal, ...], tuple[float, ...]]:
    """Return the goals within the outlook, with the energy of each."""
    goals: list[CarGoal] = []
    wanted: list[float] = []
    if car.mode not in (CarMode.ECO, CarMode.FAST):
        return (), ()
    end = outlook.starts[-1]
    for goal in sorted(car.goals, key=lambda goal: goal.at):
        if goal.at <= outlook.now:
            continue
        energy_wh = goal.energy_wh
        if energy_wh is None:
            energy_wh = _needed_wh(car, assumptions)
        if goal.at > end:  # what the time after the outlook cannot give
            later_h = (goal.at - end).total_seconds() / 3600
            energy_wh -= later_h * most_w * car.charge_efficiency
        if energy_wh > 0:
            goals.append(goal)
            wanted.append(energy_wh)
    return tuple(goals), tuple(wanted)


def _needed_wh(car: CarOutlook, assumptions: list[Assumption]) -> float:
    if car.soc is not None and car.capacity_wh is not None:
        target = 100.0 if car.target_soc is None else car.target_soc
        return max(0.0, target - car.soc) / 100 * car.capacity_wh
    if car.full_wh is not None:
        return car.full_wh
    assumptions.append(Assumption.ENERGY_UNKNOWN)
    return _USUAL_WH


def _full_wh(
    car: CarOutlook, wanted_wh: tuple[float, ...], assumptions: list[Assumption]
) -> float:
    if car.full_wh is not None:
        return max(car.full_wh, 0.0)
    if car.soc is not None and car.capacity_wh is not None:
        return max(0.0, 100.0 - car.soc) / 100 * car.capacity_wh
    assumptions.append(Assumption.SIZE_UNKNOWN)
    limited = car.price_limit is not None or car.carbon_limit_g is not None
    if car.mode is CarMode.ECO and wanted_wh and not limited:
        return max((*wanted_wh, car.minimum_wh))
    assumptions.append(Assumption.AMOUNT_UNKNOWN)
    return _LARGE_WH if car.capacity_wh is None else car.capacity_wh
