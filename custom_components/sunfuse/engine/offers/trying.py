"""Lowers cars for some seconds beside a sensor that has stood still for minutes: whether it shows that tells whether it lives.

A sensor that reports only changes, of a phase that is often still or in whole amperes, may be right or have failed, and nothing tells
which as long as its cars take the same. What the house took at its highest may come at any time, so they are only lowered where the
fuse would not carry it beside them, and on the first day, when nobody knows it. A sensor that repeats its value is not tried: it is
expected to be silent when it fails.
"""

from collections.abc import Mapping

from ..cars.asking import Ask
from ..cars.confirmed_offer import before_a
from ..cars.ramp import round_down
from ..meters.meter_following import CHANGED_A
from ..meters.presumed_load import seen_a
from ..meters.stuck_phases import may_be_stuck
from ..model import MeterQuality
from ..sharing.capacity import Capacity
from ..tick import Tick

# More than the change that a living sensor has to show.
TRIED_A = CHANGED_A + 1.0


def tried(asks: list[Ask], given: Mapping[str, float], tick: Tick) -> dict[str, float]:
    """Return the lower offers of cars by which sensors that stand still are tried."""
    lowered: dict[str, float] = {}
    for name, capacity in tick.capacities.items():
        if capacity.quality is not MeterQuality.GOOD:
            continue
        below = [
            asking
            for asking in asks
            if given.get(asking.id) and name in tick.tree.path(asking.connector)
        ]
        for phase in _in_question(capacity, tick):
            taken_a = _taken_a(name, phase, tick)
            released_a = capacity.past.standing[phase].cars_a - taken_a
            lowered |= _released(
                below, phase, TRIED_A - released_a, {**given, **lowered}, tick
            )
    return lowered


def _in_question(capacity: Capacity, tick: Tick) -> list[int]:
    """Return the phases that may be stuck where that could overload the fuse."""
    past, circuit = capacity.past, capacity.circuit
    reading = tick.snapshot.meter(circuit.id)
    if reading is None or not reading.confirmed:
        return []
    rows = zip(
        past.standing,
        reading.confirmed,
        seen_a(past, circuit.limit_a),
        circuit.limit_a,
        strict=True,
    )
    return [
        phase
        for phase, (one, confirmed, highest_a, limit_a) in enumerate(rows)
        if confirmed
        and may_be_stuck(one, past, tick.snapshot.now)
        and (
            past.history.first_day
            or highest_a + one.cars_a > limit_a - circuit.margin_a
        )
    ]


def _taken_a(name: str, phase: int, tick: Tick) -> float:
    """Return what cars take at least on a phase of a circuit, also those that nothing is offered to now."""
    return sum(
        standing.past.draws[-1].lowest_a[phase]
        for standing in tick.standings.values()
        if standing.past.draws and name in tick.tree.path(standing.connector)
    )


def _released(
    below: list[Ask],
    phase: int,
    left_a: float,
    given: Mapping[str, float],
    tick: Tick,
) -> dict[str, float]:
    """Return the offers with which cars on a phase take so much less; none if they cannot, or if one starts, which shows the same."""
    cars = [a for a in below if phase in a.phases]
    if any(before_a(a.connector, tick.snapshot) < a.connector.min_a for a in cars):
        return {}
    drawn_a = {
        a.id: a.past.draws[-1].lowest_a[phase] if a.past.draws else 0.0 for a in cars
    }
    offers_a = {}
    for asking in sorted(cars, key=lambda a: (-drawn_a[a.id], a.id)):
        connector = asking.connector
        less_a = min(left_a, drawn_a[asking.id] - connector.min_a)
        most_a = before_a(connector, tick.snapshot)
        if less_a > 0:
            most_a = min(most_a, drawn_a[asking.id] - less_a)
            left_a -= less_a
        offers_a[asking.id] = min(
            given[asking.id], round_down(most_a, connector.step_a)
        )
    return offers_a if left_a <= 0 else {}
