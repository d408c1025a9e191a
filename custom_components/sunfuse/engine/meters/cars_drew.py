"""What the cars below a circuit drew when its meter measured: within bounds, and by their own reports.

Meter and chargers report at different times: a car that was just offered more may already take it, one that was just offered
less may not have followed yet, and one that reported long ago may have stopped since.
"""

from dataclasses import dataclass
from datetime import datetime

from ..cars.asking import phases_in_use
from ..cars.car_bounds import BOUNDS, SETTLING, in_force_a, keeps_offers, seen_of
from ..cars.cars_below import CarsBelow
from ..cars.confirmed_offer import held_a
from ..cars.drawing import power_bounds
from ..cars.learning import expected_a
from ..cars.response import follows_after
from ..memory import CircuitMemory, Offered
from ..model import MeterReading, PerPhase

# A car follows a higher limit no slower than this.
RISES_A_S = 1.0
# Nor faster than this, once it charges.
RISES_MOST_A_S = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CarsDrew:
    """What cars drew in sum when a meter measured, at least and at most: per site phase, and in watts.

    The likely draw is the least one, where a car that charges continues.
    """

    least_a: PerPhase
    likely_a: PerPhase
    most_a: PerPhase
    least_w: float
    likely_w: float
    most_w: float
    rising: bool  # one of them may be
    rises_a: PerPhase  # by so much since the meter showed its value before


def cars_drew(
    meter: MeterReading,
    before: MeterReading | None,
    cars: CarsBelow,
    past: CircuitMemory,
) -> CarsDrew:
    """Return the bounds when a meter measured that showed another value `before`."""
    snapshot = cars.snapshot
    phases = range(snapshot.site.phases)
    least, likely, most, rises = ([0.0] * len(phases) for _ in range(4))
    least_w = likely_w = most_w = 0.0
    rising = False
    elapsed_s = (meter.at - before.at).total_seconds() if before else 0.0
    follows = min(follows_after(past), SETTLING)
    for connector in cars.connectors:
        lived, draws = cars.memory.connector(connector.id), cars.draws[connector.id]
        seen = seen_of(connector, draws, lived, meter, follows, snapshot)
        lowest, highest = BOUNDS[seen.evidence()]
        low, high = lowest(seen), highest(seen)
        usual = seen.likely(low)
        for p in phases:
            least[p] += low[p]
            likely[p] += usual[p]
            most[p] += high[p]
        if (rise_a := seen.may_rise_a()) > 0:
            rising = True
            for p in connector.phases:
                rises[p] += min(rise_a, RISES_MOST_A_S * elapsed_s)
        low_w, high_w = power_bounds(seen.around, low, high, snapshot)
        least_w += low_w
        likely_w += max(low_w, sum(usual) * snapshot.site.voltage_v)
        most_w += high_w
    return CarsDrew(
        least_a=tuple(least),
        likely_a=tuple(likely),
        most_a=tuple(most),
        least_w=least_w,
        likely_w=likely_w,
        most_w=most_w,
        rising=rising,
        rises_a=tuple(rises),
    )


def reported_a(
    meter: MeterReading,
    cars: CarsBelow,
    past: CircuitMemory,
    *,
    rising: bool = False,
) -> PerPhase:
    """Return what the connectors below a circuit drew by their own reports when its meter measured, per site phase.

    For increases, while one is `rising`, nobody is presumed to have risen since it reported.
    """
    snapshot = cars.snapshot
    measured_at = meter.at - min(follows_after(past), SETTLING)
    total = [0.0] * snapshot.site.phases
    for connector in cars.connectors:
        lived = cars.memory.connector(connector.id)
        if lived.rests_since is not None and lived.rests_since <= measured_at:
            continue
        known = cars.draws[connector.id]
        if not known:
            # It does not measure, and counts with its highest offer since.
            offered = in_force_a(lived.offers, measured_at)
            for phase in phases_in_use(connector, known, lived):
                total[phase] += max((*offered, held_a(connector, snapshot)))
            continue
        draw = next(
            (draw for draw in reversed(known) if draw.at <= measured_at), known[0]
        )
        if rising and _was_raised(lived.offers, held_a(connector, snapshot)):
            newest = next((one for one in reversed(known) if one.at <= meter.at), draw)
            for phase, drawn in enumerate(newest.current_a):
                total[phase] += drawn
            continue
        follows_offers = keeps_offers(connector, lived)
        most_a = expected_a(connector, lived, snapshot) or connector.max_a
        for phase, drawn in enumerate(draw.current_a):
            if follows_offers and drawn > 0:
                followed = _followed_a(
                    drawn, draw.at, lived.offers, most_a, measured_at
                )
                # A slow charger may have followed a lower command that was taken back.
                total[phase] += min(
                    (followed, *(one.current_a for one in lived.taken_back))
                )
            else:
                total[phase] += drawn
    return tuple(total)


def _was_raised(offers: tuple[Offered, ...], now_a: float) -> bool:
    """Whether the last offer was higher than the one before: that of now, which may have been confirmed a moment ago."""
    known = [offered.current_a for offered in offers[-2:]]
    before = [a for a in known if a != now_a] if known[-1:] == [now_a] else known
    return bool(before) and before[-1] < now_a


def _followed_a(
    drawn_a: float,
    reported_at: datetime,
    offers: tuple[Offered, ...],
    most_a: float,
    until: datetime,
) -> float:
    """Return what a car draws that has followed the offers until then since it reported.

    It follows a lower one at once, and a higher one since then in a ramp, up to the most that it takes.
    """
    level_a = drawn_a
    if not offers:
        return level_a
    ends = [*(offered.since for offered in offers[1:]), until]
    for offered, end in zip(offers, ends, strict=True):
        begin = max(offered.since, reported_at)
        seconds = (min(end, until) - begin).total_seconds()
        if seconds < 0:
            continue  # over before it reported, or too new to be followed
        if offered.current_a < level_a:
            level_a = offered.current_a
        elif offered.since >= reported_at:
            risen_a = level_a + RISES_A_S * seconds
            level_a = max(level_a, min(risen_a, offered.current_a, most_a))
    return level_a
