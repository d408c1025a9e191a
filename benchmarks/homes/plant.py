"""What is the same for every controller: who is there, what cars take of what they are offered, what the meter counts."""

from dataclasses import dataclass, field

import numpy as np

from .world import (
    BLOCK_MIN,
    CHARGE_EFFICIENCY,
    FUSE_A,
    QUARTER_MIN,
    QUARTERS,
    STANDBY_W,
    VOLTAGE_V,
    Stay,
    Values,
    World,
)

_ENOUGH_WH = 1.0


@dataclass(kw_only=True)
class Guest:
    """A car at its charger."""

    stay: Stay
    stored_wh: float = 0.0
    offer_a: float = 0.0
    current_a: float = 0.0
    at_said_wh: float | None = (
        None  # what it had when the driver had said he would leave
    )
    starts: int = 0

    @property
    def lacks_wh(self) -> float:
        """What it still needs."""
        return max(0.0, self.stay.needed_wh - self.stored_wh)

    @property
    def power_w(self) -> float:
        """What it takes."""
        return self.current_a * VOLTAGE_V * len(self.stay.car.phases)

    def take(self, minutes: float) -> None:
        """Charge with its current for some minutes, or as long as it needs."""
        if self.current_a <= 0:
            return
        stored_w = self.power_w * CHARGE_EFFICIENCY - STANDBY_W
        self.stored_wh += stored_w * minutes / 60


@dataclass(kw_only=True)
class Plant:
    """A month that passes."""

    world: World
    now_min: float = 0.0
    here: dict[str, Guest] = field(default_factory=dict)  # by the name of the car
    gone: list[Guest] = field(default_factory=list)
    waiting: list[Stay] = field(init=False)
    grid_wh: Values = field(init=False)  # by quarter, exports are negative
    cars_wh: Values = field(init=False)
    overload_min: float = 0.0

    def __post_init__(self) -> None:
        """Begin at midnight, with nobody there."""
        self.waiting = list(reversed(self.world.stays))
        self.grid_wh = np.zeros(self.world.days * QUARTERS)
        self.cars_wh = np.zeros(self.world.days * QUARTERS)

    @property
    def over(self) -> bool:
        """Whether the month has passed."""
        return self.now_min >= self.world.days * QUARTERS * QUARTER_MIN

    @property
    def house_w(self) -> float:
        """The house load now."""
        return float(self.world.house_w[int(self.now_min) // BLOCK_MIN])

    @property
    def sun_w(self) -> float:
        """The sun now."""
        return float(self.world.sun_w[int(self.now_min) // BLOCK_MIN])

    @property
    def quarter(self) -> int:
        """The number of the quarter hour."""
        return int(self.now_min) // QUARTER_MIN

    def come_and_go(self) -> bool:
        """Let cars arrive and leave; returns whether one did."""
        changed = False
        for guest in list(self.here.values()):
            if guest.at_said_wh is None and self.now_min >= guest.stay.says_min:
                guest.at_said_wh = guest.stored_wh
            if self.now_min >= guest.stay.leaves_min:
                self.gone.append(self.here.pop(guest.stay.car.name))
                changed = True
        while self.waiting and self.waiting[-1].arrives_min <= self.now_min:
            stay = self.waiting.pop()
            if stay.car.name not in self.here:
                self.here[stay.car.name] = Guest(stay=stay)
            changed = True
        return changed

    def offer(self, name: str, current_a: float) -> None:
        """Offer a car a current, which it takes at once as far as it can use it."""
        guest = self.here[name]
        taken_a = min(current_a, guest.stay.car.max_a)
        if taken_a < 6.0 or guest.lacks_wh <= _ENOUGH_WH:
            taken_a = 0.0
        guest.starts += guest.current_a <= 0 < taken_a
        guest.offer_a, guest.current_a = current_a, taken_a

    def step(self, minutes: float) -> None:
        """Let minutes pass, no more than a block at once: all powers stay as they are."""
        cars_w = sum(guest.power_w for guest in self.here.values())
        house_w, sun_w, quarter = self.house_w, self.sun_w, self.quarter
        if quarter < len(self.grid_wh):
            self.grid_wh[quarter] += (house_w - sun_w + cars_w) * minutes / 60
            self.cars_wh[quarter] += cars_w * minutes / 60
        if max(self.currents(cars=True)) > FUSE_A + 0.5:
            self.overload_min += minutes
        for guest in self.here.values():
            guest.take(minutes)
            if guest.lacks_wh <= _ENOUGH_WH:
                guest.current_a = 0.0
        self.now_min += minutes

    def currents(self, *, cars: bool) -> tuple[float, ...]:
        """Return what flows on each phase: the house and the sun evenly, each car on its own."""
        phases = [(self.house_w - self.sun_w) / VOLTAGE_V / 3] * 3
        if cars:
            for guest in self.here.values():
                for phase in guest.stay.car.phases:
                    phases[phase] += guest.current_a
        return tuple(phases)

    def finish(self) -> None:
        """Send everybody away."""
        self.gone.extend(self.here.values())
        self.here.clear()
