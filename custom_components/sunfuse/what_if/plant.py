"""The physics of a replay: who is there, what cars take of what they are offered, what battery and meter make of it.

Times are minutes since the start. What is known by block of the house and the sun is constant within a block.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..engine.model import Mode
from ..simulator.battery import BatterySpec, battery_power_w, stored_after_wh

QUARTER_MIN = 15
# What a car lacks less of, it has.
_ENOUGH_WH = 1.0
# A fuse carries so little more than its rating for as long as it takes to react.
_OVER_A = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A connector, as it is wired and used."""

    id: str
    circuit: str
    phases: tuple[int, ...] = (0, 1, 2)
    min_a: float = 6.0
    max_a: float = 16.0
    mode: Mode = Mode.ECO


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A car that is plugged in at an outlet; `needed_wh` is what its battery takes until the driver leaves.

    `says_min` is when the driver said that it is to be ready.
    """

    outlet: Outlet
    arrives_min: float
    leaves_min: float
    says_min: float
    needed_wh: float
    max_a: float
    phases: tuple[int, ...]
    # The stored share of the power, before a constant loss.
    efficiency: float = 1.0
    standby_w: float = 0.0

    def power_w(self, current_a: float, voltage_v: float) -> float:
        """Return the power of a current."""
        return current_a * voltage_v * len(self.phases)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeStorage:
    """The home battery. If it is not controlled, it stores surplus and supplies the house."""

    spec: BatterySpec
    controlled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the house takes and the sun gives, by block."""

    block_min: int
    house_w: Sequence[float]
    sun_w: Sequence[float]


@dataclass(kw_only=True)
class Guest:
    """A car at its outlet."""

    stay: Stay
    voltage_v: float
    stored_wh: float = 0.0
    offer_a: float = 0.0
    current_a: float = 0.0
    # What it had when the driver had said that he would leave.
    at_said_wh: float | None = None
    starts: int = 0

    @property
    def lacks_wh(self) -> float:
        """What it still needs."""
        return max(0.0, self.stay.needed_wh - self.stored_wh)

    @property
    def needy(self) -> bool:
        """Whether it takes anything."""
        return self.lacks_wh > _ENOUGH_WH

    @property
    def power_w(self) -> float:
        """What it takes."""
        return self.stay.power_w(self.current_a, self.voltage_v)

    @property
    def stored_w(self) -> float:
        """What of its power its battery stores."""
        if self.current_a <= 0:
            return 0.0
        return self.power_w * self.stay.efficiency - self.stay.standby_w

    @property
    def lacked_wh(self) -> float:
        """What it lacked when it was to be ready."""
        held_wh = self.stored_wh if self.at_said_wh is None else self.at_said_wh
        return max(0.0, self.stay.needed_wh - held_wh)

    def take(self, minutes: float) -> None:
        """Charge with its current for some minutes."""
        self.stored_wh += self.stored_w * minutes / 60


@dataclass(kw_only=True)
class Plant:
    """A time that passes: so many quarter hours, and as many more as cars stay."""

    surroundings: Surroundings
    stays: Sequence[Stay]
    quarters: int
    phases: int = 3
    voltage_v: float = 230.0
    fuse_a: float = 25.0
    storage: HomeStorage | None = None
    now_min: float = 0.0
    here: dict[str, Guest] = field(default_factory=dict)  # by outlet
    gone: list[Guest] = field(default_factory=list)
    waiting: list[Stay] = field(init=False)
    # By quarter hour: imports are positive, exports negative.
    grid_wh: list[float] = field(init=False)
    cars_wh: list[float] = field(init=False)
    sun_wh: list[float] = field(init=False)  # of what the cars took
    overload_min: float = 0.0
    stored_wh: float = field(init=False)
    # The order to a controlled battery: a power (positive: discharge, 0: neither), or not to discharge. Without one it controls itself.
    battery_order_w: float | None = None
    battery_holds: bool = False
    battery_w: float = 0.0
    grid_w: float = 0.0  # what the last minutes drew

    def __post_init__(self) -> None:
        """Begin with nobody there, and the battery half full."""
        self.waiting = sorted(
            self.stays, key=lambda stay: stay.arrives_min, reverse=True
        )
        self.grid_wh = [0.0] * self.quarters
        self.cars_wh = [0.0] * self.quarters
        self.sun_wh = [0.0] * self.quarters
        self.stored_wh = self.storage.spec.capacity_wh / 2 if self.storage else 0.0

    @property
    def over(self) -> bool:
        """Whether the time has passed."""
        return self.now_min >= self.quarters * QUARTER_MIN

    @property
    def house_w(self) -> float:
        """The house load now."""
        return float(self.surroundings.house_w[self._block])

    @property
    def sun_w(self) -> float:
        """The sun now."""
        return float(self.surroundings.sun_w[self._block])

    @property
    def _block(self) -> int:
        return int(self.now_min) // self.surroundings.block_min

    @property
    def quarter(self) -> int:
        """The number of the quarter hour."""
        return int(self.now_min) // QUARTER_MIN

    @property
    def cars_w(self) -> float:
        """What all cars take now."""
        return sum(guest.power_w for guest in self.here.values())

    def come_and_go(self) -> bool:
        """Let cars arrive and leave; returns whether one did."""
        changed = False
        for name, guest in list(self.here.items()):
            if guest.at_said_wh is None and self.now_min >= guest.stay.says_min:
                guest.at_said_wh = guest.stored_wh
            if self.now_min >= guest.stay.leaves_min:
                self.gone.append(self.here.pop(name))
                changed = True
        while self.waiting and self.waiting[-1].arrives_min <= self.now_min:
            stay = self.waiting.pop()
            guest = Guest(stay=stay, voltage_v=self.voltage_v)
            if stay.outlet.id in self.here:
                self.gone.append(guest)  # the place is taken
                continue
            self.here[stay.outlet.id] = guest
            changed = True
        return changed

    def offer(self, outlet: str, current_a: float) -> None:
        """Offer a car a current, which it takes at once as far as it can use it."""
        guest = self.here[outlet]
        taken_a = min(current_a, guest.stay.max_a)
        if taken_a < guest.stay.outlet.min_a or not guest.needy:
            taken_a = 0.0
        guest.starts += guest.current_a <= 0 < taken_a
        guest.offer_a, guest.current_a = current_a, taken_a

    def step(self, minutes: float) -> None:
        """Let minutes pass, no more than to the end of the block: all powers stay as they are."""
        left_min = self.surroundings.block_min - self.now_min % (
            self.surroundings.block_min
        )
        minutes = min(minutes, left_min, *self._full_in_min(), *self._moves_in_min())
        cars_w, house_w, sun_w = self.cars_w, self.house_w, self.sun_w
        self.battery_w = self._battery_w(house_w - sun_w, cars_w, minutes)
        self.grid_w = house_w - sun_w - self.battery_w + cars_w
        if self.quarter < self.quarters:
            hours = minutes / 60
            self.grid_wh[self.quarter] += self.grid_w * hours
            self.cars_wh[self.quarter] += cars_w * hours
            self.sun_wh[self.quarter] += min(cars_w, max(0.0, sun_w - house_w)) * hours
        if max(self.currents(cars=True)) > self.fuse_a + _OVER_A:
            self.overload_min += minutes
        for guest in self.here.values():
            guest.take(minutes)
            if not guest.needy:
                guest.current_a = 0.0
        self.now_min += minutes

    def _full_in_min(self) -> Iterator[float]:
        """Yield in how many minutes each car has what it needs; a look each second is enough."""
        for guest in self.here.values():
            if guest.stored_w > 0:
                yield max(60 * guest.lacks_wh / guest.stored_w, 1 / 60)

    def _moves_in_min(self) -> Iterator[float]:
        """Yield in how many minutes somebody comes, is to be ready or leaves."""
        times_min = [stay.arrives_min for stay in self.waiting[-1:]]
        for guest in self.here.values():
            times_min.extend((guest.stay.says_min, guest.stay.leaves_min))
        yield from (at - self.now_min for at in times_min if at > self.now_min)

    def _battery_w(self, net_w: float, cars_w: float, minutes: float) -> float:
        """Return what the battery gives in these minutes; it is charged less what it takes."""
        if self.storage is None:
            return 0.0
        spec, seconds = self.storage.spec, minutes * 60
        power_w = battery_power_w(spec, self.stored_wh, net_w + cars_w, net_w, seconds)
        if self.battery_holds:
            power_w = min(power_w, 0.0)
        if (order_w := self.battery_order_w) is not None:
            hours = seconds / 3600
            room_w = (spec.capacity_wh - self.stored_wh) / spec.one_way / hours
            left_wh = self.stored_wh - spec.reserve * spec.capacity_wh
            left_w = max(0.0, left_wh * spec.one_way / hours)
            least_w, most_w = -min(spec.power_w, room_w), min(spec.power_w, left_w)
            power_w = min(max(order_w, least_w), most_w)
        self.stored_wh = stored_after_wh(spec, self.stored_wh, power_w, seconds)
        return power_w

    @property
    def lacks_w(self) -> float:
        """What house and cars take beside the sun."""
        return self.house_w - self.sun_w + self.cars_w

    @property
    def net_w(self) -> float:
        """What flows besides the cars."""
        return self.house_w - self.sun_w - self.battery_w

    def currents(self, *, cars: bool) -> tuple[float, ...]:
        """Return what flows on each phase: house, sun and battery evenly, each car on its own."""
        flows = [self.net_w / self.voltage_v / self.phases] * self.phases
        if cars:
            for guest in self.here.values():
                for phase in guest.stay.phases:
                    flows[phase] += guest.current_a
        return tuple(flows)

    def finish(self) -> None:
        """Send everybody away."""
        self.gone.extend(self.here.values())
        self.here.clear()
