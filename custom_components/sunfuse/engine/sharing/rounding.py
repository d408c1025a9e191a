"""The shares in the steps of the chargers: rounded down, and the remainders given to others while something fits."""

from collections.abc import Mapping

from ..cars.asking import Ask
from ..cars.ramp import round_down
from ..model import Snapshot
from .filling import User, Uses, fill
from .ranking import Growth, growth
from .resources import Amounts, Resources, blocked_by, take
from .sharing import Shares, all_uses

# Steps no coarser than this leave too little to share.
FINE_A = 0.5
# On solar power a step is also given if the grid supplies a fifth of it, or a tenth of a coarse one: to round down always
# loses half a step on average. This loses a third of a fine step, and takes a fiftieth of one from the grid. A home battery
# stores what a coarse step leaves, and would supply what it lacks: beside one only fine steps are rounded like that.
FROM_GRID = 0.2
FROM_GRID_COARSE = 0.1
FROM_GRID_W = 150.0


def round_down_all(
    asks: list[Ask],
    shares: Shares,
    resources: Resources,
    free: Amounts,
    snapshot: Snapshot,
) -> dict[str, float]:
    """Return the shares rounded down to the chargers' steps; the remainders go to others until nothing fits."""
    left = list(free)
    rounded: dict[str, float] = {}
    short: list[Ask] = []
    for asking in asks:
        if (given := shares.running.get(asking.id)) is None:
            continue
        current_a = round_down(given.current_a, asking.connector.step_a)
        rounded[asking.id] = current_a
        take(left, all_uses(asking, resources), current_a)
        if given.limited_by is not None:
            short.append(asking)
    if any(a.connector.step_a > FINE_A for a in short):
        _share_the_rest(short, rounded, left, resources, growth(short, snapshot))
    short.sort(key=lambda a: (-a.connector.priority, a.id))
    while short:
        short = [a for a in short if _one_more(a, rounded, left, resources, snapshot)]
    return rounded


def _share_the_rest(
    short: list[Ask],
    rounded: dict[str, float],
    left: Amounts,
    resources: Resources,
    grown: Mapping[str, Growth],
) -> None:
    """Share what coarse steps left among those that are short of it, in their own steps."""
    users = {}
    for asking in short:
        weight, start = grown[asking.id]
        users[asking.id] = User(
            uses=all_uses(asking, resources),
            base=rounded[asking.id],
            most=max(asking.most_a, rounded[asking.id]),
            weight=weight,
            start=start,
        )
    whole = list(left)
    for user in users.values():
        take(whole, user.uses, -user.base)
    filled = fill(users, whole)
    for asking in short:
        current_a = round_down(filled[asking.id].current_a, asking.connector.step_a)
        more_a = max(current_a - rounded[asking.id], 0.0)
        take(left, users[asking.id].uses, more_a)
        rounded[asking.id] += more_a


def _one_more(
    asking: Ask,
    rounded: dict[str, float],
    left: Amounts,
    resources: Resources,
    snapshot: Snapshot,
) -> bool:
    """Give one of them a step more; returns whether there was capacity for it."""
    step_a = asking.connector.step_a
    more_a = round_down(rounded[asking.id] + step_a, step_a)
    uses = all_uses(asking, resources)
    if more_a > asking.most_a:
        return False
    stored = snapshot.battery is not None and step_a > FINE_A
    needs = uses if stored else _mostly_sun(uses, step_a, resources)
    if blocked_by(left, needs, step_a) is not None:
        return False
    rounded[asking.id] = more_a
    take(left, uses, step_a)
    return True


def _mostly_sun(uses: Uses, step_a: float, resources: Resources) -> Uses:
    """Return what a step needs if the grid supplies a part of its power."""
    part = FROM_GRID if step_a <= FINE_A else FROM_GRID_COARSE
    return tuple(
        (index, used - min(part * used, FROM_GRID_W / step_a))
        if index == resources.sun
        else (index, used)
        for index, used in uses
    )
