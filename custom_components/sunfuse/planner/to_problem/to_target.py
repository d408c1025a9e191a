"""Cheap hours fill a car to its target: what it takes beyond that is solar power alone."""

from dataclasses import dataclass

from ..outlook import CarMode, CarOutlook
from ..problem import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class CheapSteps:
    """The steps in which a car charges because it is cheap, and the highest power in each step."""

    cheap: tuple[bool, ...]
    most_w: Series


def to_target(
    car: CarOutlook, steps: CheapSteps, *, sun_w: Series, least_w: float, hours: Series
) -> CheapSteps:
    """Return the steps without what cheap hours would charge beyond the target.

    From when the car may have reached it, no hour is cheap, and without a departure there is only solar power for it. A car
    that has less by then, because others took their share, has another plan long before.
    """
    boosted = car.boost_until is not None or car.boost_wh is not None
    if (
        car.mode is not CarMode.ECO
        or car.target_wh is None
        or boosted
        or not any(steps.cheap)
    ):
        return steps
    left_wh = max(car.target_wh, car.minimum_wh)
    then_wh = left_wh - car.minimum_wh  # the minimum is charged at once
    cheap, most = [], []
    for is_cheap, most_w, sun, hour in zip(
        steps.cheap, steps.most_w, sun_w, hours, strict=True
    ):
        sunny_w = min(most_w, sun) if sun >= least_w else 0.0
        power_w = most_w if is_cheap or left_wh > then_wh else sunny_w
        gains_wh = max(0.0, power_w * car.charge_efficiency - car.standby_w) * hour
        part = 1.0 if gains_wh <= left_wh else left_wh / gains_wh
        left_wh -= part * gains_wh
        cheap.append(is_cheap and (part == 1 or (part > 0 and not car.goals)))
        most.append(most_w if part == 1 or car.goals else max(part * power_w, sunny_w))
    return CheapSteps(cheap=tuple(cheap), most_w=tuple(most))
