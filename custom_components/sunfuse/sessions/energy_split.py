"""How much of what a car takes is solar power, how much comes from the home battery, and how much from the grid.

The house comes first, then the cars, then the battery's own charging: cars get the solar power that the house leaves,
then what the battery supplies beyond the house, and the rest is grid. So a car is never credited with solar power that the
house needed, and a battery that charges beside a car takes no solar power from it. Cars share in proportion to their power.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Parts of an energy or a power."""

    sun: float
    battery: float
    grid: float


def split(*, taken: float, house: float, solar: float, battery_out: float) -> Split:
    """Return the parts of what all cars take together; all are powers, or energies of the same stretch.

    `house` is what the site uses besides the cars, and never negative; `battery_out` what the battery gives.
    """
    house, solar = max(house, 0.0), max(solar, 0.0)
    sun = min(taken, max(solar - house, 0.0))
    missing = max(house - solar, 0.0)
    battery = min(taken - sun, max(battery_out - missing, 0.0))
    return Split(sun=sun, battery=battery, grid=taken - sun - battery)
