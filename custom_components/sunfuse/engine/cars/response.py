"""Learns how long it takes from a charger's confirmation of a lower limit until the circuit's meter measures it.

It is the car's ramp and the meter's lag, which nobody reports: so it is learned from each reduction that is large enough to
be recognised. Until then it is assumed. A meter that reports each ten seconds shows within which ten it was: the first value with a
reduction says how long it took at most, the last one without it how long at least.
"""

from dataclasses import replace
from datetime import timedelta

from ..memory import CircuitMemory, Cut
from ..model import MeterReading
from .cars_below import CarsBelow

# A smaller reduction is not recognised beside the house's own changes.
CUT_A = 4.0
# The part of a reduction that a meter must show.
SHOWN = 0.5
# A reduction that is not recognised by then never is: the house took more meanwhile.
GIVEN_UP = timedelta(seconds=20)
# The rest of a reduction follows within this after half of it was recognised.
REST_S = 1.0
# A car takes a second or two to follow, and few meters lag by less than a second.
LEAST_S = 3.0
# Nor does one that reports seldom lag by more than this: its values are new when they are reported.
MOST_S = 5.0
# A house that takes more meanwhile makes a reduction seem slower than it was, so a slower one counts less.
SLOWER_WEIGHT = 0.5
FASTER_WEIGHT = 0.7
INTERVAL_WEIGHT = 0.2


def follows_after(past: CircuitMemory) -> timedelta:
    """Return how long after the confirmation of a lower offer the meter has measured what it releases."""
    return timedelta(seconds=_response_s(past) + REST_S)


def _response_s(past: CircuitMemory) -> float:
    """Return what was learned; before, a meter is assumed to lag by its interval, or what a car takes to follow.

    With less, a meter that lags by more seems to show a load of the house as soon as the first car was lowered, and another
    one is paused for it.
    """
    if past.response_s is not None:
        return past.response_s
    return min(max(past.interval_s or 0.0, LEAST_S), MOST_S)


def learn_interval(past: CircuitMemory, meter: MeterReading) -> CircuitMemory:
    """Note how often a circuit's meter reports."""
    if past.read_at is None or meter.at <= past.read_at:
        return past
    new_s: float = (meter.at - past.read_at).total_seconds()
    known_s = new_s if past.interval_s is None else past.interval_s
    return replace(past, interval_s=known_s + (new_s - known_s) * INTERVAL_WEIGHT)


def learn_response(
    past: CircuitMemory,
    meter: MeterReading,
    cars: CarsBelow,
) -> CircuitMemory:
    """Note a reduction that has just been confirmed, and how long it took once the meter shows it."""
    if meter.current_a is None:
        return past
    if past.cut is None:
        cut_a = _cut_a(cars)
        largest_a = max(cut_a)
        if largest_a < CUT_A:
            return past
        phase = cut_a.index(largest_a)
        return replace(
            past,
            cut=Cut(
                at=cars.snapshot.now,
                phase=phase,
                cut_a=largest_a,
                before_a=meter.current_a[phase],
            ),
        )
    cut = past.cut
    took = meter.at - cut.at
    if took > timedelta(0) and (
        meter.current_a[cut.phase] <= cut.before_a - SHOWN * cut.cut_a
    ):
        return replace(past, cut=None, response_s=_learned_s(cut, took, past))
    if took > GIVEN_UP:
        return replace(past, cut=None)
    return replace(past, cut=replace(cut, unseen_at=meter.at))


def _learned_s(cut: Cut, took: timedelta, past: CircuitMemory) -> float:
    """Return the response by what is known, and by the values between which a reduction was shown."""
    known_s, most_s = _response_s(past), took.total_seconds()
    if most_s < known_s:
        return known_s + (most_s - known_s) * FASTER_WEIGHT
    least_s = ((cut.unseen_at or cut.at) - cut.at).total_seconds()
    return known_s + max(least_s - known_s, 0.0) * SLOWER_WEIGHT


def _cut_a(cars: CarsBelow) -> list[float]:
    """Return what cars have to release by the offers that were confirmed since the last decision, per site phase."""
    cut_a = [0.0] * cars.snapshot.site.phases
    for connector in cars.connectors:
        before_a = cars.memory.connector(connector.id).confirmed_a
        now_a = connector.offer_a
        if before_a is None or now_a is None or now_a >= before_a:
            continue
        for draw in cars.draws[connector.id][-1:]:
            for phase, drawn in enumerate(draw.current_a):
                cut_a[phase] += max(min(drawn, before_a) - now_a, 0.0)
    return cut_a
