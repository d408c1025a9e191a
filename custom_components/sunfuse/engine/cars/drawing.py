"""What a connector draws on each phase, from the reports of its charger: currents, or a power alone."""

from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta
from operator import attrgetter

from ..memory import ConnectorMemory, Draw
from ..model import Connector, PerPhase, Snapshot

# A draw and a meter value that are no further apart belong to the same time.
SAME_TIME = timedelta(seconds=5)
# Meters report what they measured some seconds ago. A car that increases meanwhile draws more than is in their value:
# subtracting its present draw would make the other load look smaller than it is.
METER_LAG = timedelta(seconds=10)
# A car draws no more than this on a phase that it does not use.
_IDLE_A = 0.5
_IDLE = 1 / 12  # and no more than this part of its minimum


def is_used(drawn_a: float, min_a: float = 6.0) -> bool:
    """Whether a charging car uses a phase on which it draws this.

    If a charger has a smaller minimum than IEC 61851-1, as in some regions, a phase in use may carry less.
    """
    return drawn_a > min(_IDLE_A, min_a * _IDLE)


def draw_of(
    connector: Connector,
    at: datetime,
    past: ConnectorMemory,
    most_a: float,
    snapshot: Snapshot,
) -> Draw | None:
    """Return the draw at a time of a connector that may take `most_a` by its offers; None: none was ever reported.

    A power alone is spread evenly over the phases that the car may use, to compare it with the offer. How
    much one phase really carries is known within bounds: no more than the offer, unless all of them carry more, and
    no less than what the others cannot.
    """
    power_w = connector.draw_w
    if connector.draw_a is not None:
        return Draw(at=at, current_a=connector.draw_a, power_w=power_w)
    if power_w is None:
        return None
    phases = connector.phases
    if connector.switches_phases and past.phases == 1:
        phases = phases[:1]
    total_a = max(power_w, 0.0) / snapshot.site.voltage_v
    each_a = total_a / len(phases)
    one_a = max(each_a, min(total_a, most_a))
    rest_a = max(total_a - one_a * (len(phases) - 1), 0.0)
    return Draw(
        at=at,
        current_a=_on(phases, each_a, snapshot),
        power_w=power_w,
        least_a=_on(phases, rest_a, snapshot),
        most_a=_on(phases, one_a, snapshot),
    )


def _on(phases: tuple[int, ...], current_a: float, snapshot: Snapshot) -> PerPhase:
    return tuple(current_a if p in phases else 0.0 for p in range(snapshot.site.phases))


def around(draws: tuple[Draw, ...], at: datetime) -> tuple[Draw, ...]:
    """Return the draws that are relevant at the time of a meter's value.

    Between two draws anything between them may have flowed, so the one before counts too; so does the newest of all,
    if all are older.
    """
    last = bisect_right(draws, at + SAME_TIME, key=_AT)
    first = bisect_left(draws, at - METER_LAG, hi=last, key=_AT)
    return draws[max(first - 1, 0) : max(last, 1)]


_AT = attrgetter("at")


def at_most(current_a: PerPhase, most_a: float) -> PerPhase:
    """Return currents, none of them above another one."""
    if max(current_a) <= most_a:
        return current_a
    return tuple([min(a, most_a) for a in current_a])


def bounds_of(seen: tuple[Draw, ...], phases: int) -> tuple[PerPhase, PerPhase]:
    """Return the least and the most that was drawn at the time of these draws, per site phase."""
    if not seen:
        return (0.0,) * phases, (0.0,) * phases
    if len(seen) == 1:
        return seen[0].lowest_a, seen[0].highest_a
    lowest = [draw.lowest_a for draw in seen]
    highest = [draw.highest_a for draw in seen]
    return tuple(map(min, *lowest)), tuple(map(max, *highest))


def least_bounds_of(seen: tuple[Draw, ...]) -> tuple[PerPhase, PerPhase]:
    """Return the least and the most of what was drawn at least at the time of these draws, per site phase."""
    lowest = [draw.lowest_a for draw in seen]
    if len(lowest) == 1:
        return lowest[0], lowest[0]
    return tuple(map(min, *lowest)), tuple(map(max, *lowest))


def power_bounds(
    seen: tuple[Draw, ...], least: PerPhase, most: PerPhase, snapshot: Snapshot
) -> tuple[float, float]:
    """Return the least and the most power of a connector within the bounds of its phases.

    If only its power is known, its phases cannot all carry the most that each may.
    """
    voltage_v = snapshot.site.voltage_v
    low_w, high_w = sum(least) * voltage_v, sum(most) * voltage_v
    if all(draw.most_a is None for draw in seen) or (least, most) != bounds_of(
        seen, len(least)
    ):
        return low_w, high_w
    reported_w = [max(draw.watts(voltage_v), 0.0) for draw in seen]
    return max(low_w, min(reported_w)), min(high_w, max(reported_w))
