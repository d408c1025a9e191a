"""Which changes are worth a message: small ones are not made, and what they leave makes a few that are."""

from collections.abc import Mapping

from ..cars.asking import Ask
from ..cars.confirmed_offer import before_a
from ..cars.ramp import late_band_a, little_more, round_down, round_up
from ..sharing.filling import EPSILON
from ..sharing.resources import Amounts, blocked_by, take
from ..sharing.sharing import all_uses
from ..tick import Tick


def worthwhile(
    asks: list[Ask], targets: Mapping[str, float], free: Amounts, tick: Tick
) -> dict[str, float]:
    """Return the offers without changes that are not worth a message.

    Rises within the dead band are not made, and nobody falls only for those. What they would have used is given to one after the
    other, each as much as is worth it; but not beside a car that starts, which may need that.
    """
    given, left = dict(targets), list(free)
    starts: set[int] = set()
    little: list[Ask] = []
    falling: list[Ask] = []
    for asking in asks:
        if not (target_a := targets.get(asking.id, 0.0)):
            continue
        before = before_a(asking.connector, tick.snapshot)
        if asking.connector.min_a <= before < target_a and _is_little(
            asking, target_a, before, tick
        ):
            little.append(asking)
            given[asking.id] = before
        elif target_a < before <= asking.most_a:
            falling.append(asking)
        uses = all_uses(asking, tick.resources)
        take(left, uses, given[asking.id])
        if before < asking.connector.min_a:
            starts.update(index for index, _ in uses)
    left = [0.0 if index in starts else a for index, a in enumerate(left)]
    if little and not tick.resources.over():
        _keep(falling, given, left, tick)
        _raise_some(little, given, targets, left, tick)
    return given


def _is_little(asking: Ask, target_a: float, before: float, tick: Tick) -> bool:
    return little_more(
        target_a,
        before,
        asking.most_a,
        asking.past,
        tick.snapshot,
        sunny=asking.sunny,
    )


def _keep(
    falling: list[Ask], given: dict[str, float], left: Amounts, tick: Tick
) -> None:
    """Let those that would fall keep what they have, one after the other: a few messages instead of one to each."""
    for asking in falling:
        uses = all_uses(asking, tick.resources)
        room_a = min(left[index] / used for index, used in uses)
        kept_a = round_down(
            min(before_a(asking.connector, tick.snapshot), given[asking.id] + room_a),
            asking.connector.step_a,
        )
        if kept_a > given[asking.id]:
            take(left, uses, kept_a - given[asking.id])
            given[asking.id] = kept_a


def _raise_some(
    little: list[Ask],
    given: dict[str, float],
    targets: Mapping[str, float],
    left: Amounts,
    tick: Tick,
) -> None:
    """Let those that lack most rise by as much as is worth a message after a minute, while that fits."""
    snapshot = tick.snapshot
    for asking in sorted(little, key=lambda a: (given[a.id] - targets[a.id], a.id)):
        before = given[asking.id]
        band_a = late_band_a(before, asking.past, snapshot, sunny=asking.sunny)
        if band_a > snapshot.tuning.late_dead_band_a:
            continue
        worth_a = round_up(before + band_a, asking.connector.step_a)
        uses = all_uses(asking, tick.resources)
        if worth_a <= asking.most_a + EPSILON and (
            blocked_by(left, uses, worth_a - before) is None
        ):
            given[asking.id] = worth_a
            take(left, uses, worth_a - before)
