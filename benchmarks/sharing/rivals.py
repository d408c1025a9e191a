"""The textbook's schedulers, as ACN-Sim has them (Lee et al., arXiv 2012.02636), and the bound of a linear program.

Each minute the schedulers know the load and what every car still wants, and decide anew; nothing holds a car back from
being started or stopped. Nobody gets less than 6 A: who would waits.

That is the textbook. With real chargers the same schedulers have what the engine has as well: steps of 0.1 A, and offers that
fall at once, but rise from 6 A in a ramp, and only into what others have released.
"""

from collections.abc import Callable
import math

import numpy as np

from custom_components.sunfuse.planner.program.program import Program

from .building import MINUTE_S, PerPhase
from .sessions import VOLTAGE_V, Session, power_w

MIN_A = 6.0
SLOT_S = 900
# Real chargers: how often an offer moves, by how much it rises, and in which steps.
TICK_S = 5
RISE_A = 5.0
STEPS_PER_A = 10


class Present:
    """A car that is plugged in."""

    def __init__(self, session: Session) -> None:
        """Begin with nothing."""
        self.session = session
        self.given_wh = 0.0
        self.current_a = 0.0
        self.starts = 0

    @property
    def wants_wh(self) -> float:
        """What it still lacks."""
        return max(self.session.energy_wh - self.given_wh, 0.0)

    def take(self, current_a: float, seconds: float = MINUTE_S) -> None:
        """Charge for some seconds."""
        self.starts += current_a > 0 and not self.current_a
        self.current_a = current_a
        taken_wh = power_w(current_a) * seconds / 3600
        self.given_wh = min(self.given_wh + taken_wh, self.session.energy_wh)


type Scheduler = Callable[[list[Present], float, int], dict[str, float]]


def in_order(key: Callable[[Present, int], float]) -> Scheduler:
    """Return who gives to the first all it can take, then to the next."""

    def schedule(cars: list[Present], free_a: float, now_s: int) -> dict[str, float]:
        given = {}
        for car in sorted(cars, key=lambda c: (key(c, now_s), c.session.id)):
            current_a = min(car.session.max_a, free_a)
            if current_a >= MIN_A:
                given[car.session.id] = current_a
                free_a -= current_a
        return given

    return schedule


def round_robin(cars: list[Present], free_a: float, now_s: int) -> dict[str, float]:
    """Give an ampere to each in turn; who goes first moves on by one each quarter of an hour."""
    first = now_s // SLOT_S % max(len(cars), 1)
    queue = [*cars[first:], *cars[:first]]
    given = {}
    for car in queue:
        if free_a >= MIN_A:
            given[car.session.id] = MIN_A
            free_a -= MIN_A
    while free_a > 1e-6:
        open_ = [c for c in queue if 0 < given.get(c.session.id, 0.0) < c.session.max_a]
        if not open_:
            break
        each_a = free_a / len(open_)
        for car in open_:
            more_a = min(each_a, car.session.max_a - given[car.session.id])
            given[car.session.id] += more_a
            free_a -= more_a
    return given


def laxity_s(car: Present, now_s: int) -> float:
    """Return for how long a car could wait and still be ready."""
    charging_s = car.wants_wh / power_w(car.session.max_a) * 3600
    return car.session.leaves_s - now_s - charging_s


RIVALS: dict[str, Scheduler] = {
    "RR": round_robin,
    "FCFS": in_order(lambda car, _: car.session.arrives_s),
    "EDF": in_order(lambda car, _: car.session.leaves_s),
    "LLF": in_order(laxity_s),
}


def simulate(
    scheduler: Scheduler,
    sessions: list[Session],
    free: list[PerPhase],
    *,
    real_chargers: bool = False,
) -> list[Present]:
    """Let a scheduler share what is free in each minute."""
    waiting = sorted(sessions, key=lambda s: s.arrives_s, reverse=True)
    everyone: list[Present] = []
    here: list[Present] = []
    for minute, left in enumerate(free):
        now_s = minute * MINUTE_S
        while waiting and waiting[-1].arrives_s <= now_s:
            car = Present(waiting.pop())
            everyone.append(car)
            here.append(car)
        here = [car for car in here if car.session.leaves_s > now_s]
        full = [car for car in here if not car.wants_wh]
        here = [car for car in here if car.wants_wh]
        given = scheduler(here, min(left), now_s)
        if not real_chargers:
            for car in here:
                car.take(given.get(car.session.id, 0.0))
            continue
        held_a = sum(car.current_a for car in full)  # until its offer is withdrawn
        for _ in range(MINUTE_S // TICK_S):
            _move(here, given, min(left) - held_a)
            held_a = 0.0
        for car in full:
            car.take(0.0)
    return everyone + [Present(session) for session in waiting]


def _move(cars: list[Present], given: dict[str, float], free_a: float) -> None:
    """Move each offer towards what the car is given: down at once, up into what the others had released before."""
    free_a -= sum(car.current_a for car in cars)
    places = {name: place for place, name in enumerate(given)}
    for car in sorted(cars, key=lambda c: places.get(c.session.id, len(places))):
        before_a = car.current_a
        current_a = _in_steps(given.get(car.session.id, 0.0))
        if current_a > before_a:
            most_a = before_a + RISE_A if before_a else MIN_A
            fits_a = _in_steps(before_a + max(free_a, 0.0))
            current_a = max(min(current_a, most_a, fits_a), before_a)
            current_a = current_a if current_a >= MIN_A else 0.0
            free_a -= current_a - before_a
        car.take(current_a, TICK_S)


def _in_steps(current_a: float) -> float:
    return math.floor(current_a * STEPS_PER_A + 1e-6) / STEPS_PER_A


def bound_wh(sessions: list[Session], free: list[PerPhase]) -> float:
    """Return what nobody can exceed: the most energy by a linear program that knows everything and no minimum.

    Quarter hours are filled with what is free in them on average, and cars may use the part in which they are there.
    """
    program = Program()
    minutes = SLOT_S // MINUTE_S
    slots = len(free) // minutes
    by_slot: list[list[int]] = [[] for _ in range(slots)]
    for session in sessions:
        first = session.arrives_s // SLOT_S
        last = min(-(-session.leaves_s // SLOT_S), slots)
        if last <= first:
            continue
        starts = np.arange(first, last) * SLOT_S
        there_s = np.minimum(starts + SLOT_S, session.leaves_s) - np.maximum(
            starts, session.arrives_s
        )
        most_wh = power_w(session.max_a) * np.maximum(there_s, 0) / 3600
        columns = program.columns(last - first, upper=most_wh, cost=-1.0)
        program.row((columns, 1.0), upper=session.energy_wh)
        for slot, column in zip(range(first, last), columns, strict=True):
            by_slot[slot].append(int(column))
    for slot, used in enumerate(by_slot):
        if used:
            left_a = sum(min(a) for a in free[slot * minutes : (slot + 1) * minutes])
            most_wh = 3 * VOLTAGE_V * left_a * MINUTE_S / 3600
            program.row((np.array(used), 1.0), upper=most_wh)
    return float(program.solve(lambda: 300.0, 0.0).values.sum())
