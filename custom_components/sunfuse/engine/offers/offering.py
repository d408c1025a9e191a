"""From targets to the offers that are sent now: reductions at once, increases gradually, and only into free capacity."""

from collections.abc import Mapping

from ..cars.asking import Ask
from ..cars.compliance import ComplianceStep
from ..cars.confirmed_offer import before_a, held_a
from ..cars.phases import switching
from ..cars.ramp import is_slow, little_less, round_down, too_soon
from ..cars.wanted import NO_CAR
from ..memory import ConnectorMemory
from ..model import Connector, Snapshot
from ..sharing.filling import User, fill
from ..sharing.ranking import growth
from ..sharing.resources import Amounts, Lack, blocked_by, take
from ..sharing.rounding import round_down_all
from ..sharing.sharing import Shares
from ..tick import Standing, Tick
from .raising import raised
from .trying import tried
from .worthwhile import worthwhile

# An older draw of a connector without a car was the last car's.
GONE_S = 10.0
# A charger that takes this much longer than the quickest to confirm a lower offer is slow.
SLOWER_S = 2.0


def free_for_all(tick: Tick, *, calm: bool) -> Amounts:
    """Return the free part of each resource for those that ask: less what is reserved for those that do not comply with their limits."""
    free = tick.resources.capacity(calm=calm)
    for standing in tick.standings.values():
        connector = standing.connector
        if not connector.reachable:
            uses = tick.resources.uses(connector, connector.phases)
            take(free, uses, held_a(connector, tick.snapshot))
        elif standing.compliance >= ComplianceStep.RESERVE:
            _take_held(free, standing, standing.commanded_a, tick)
    return free


def command(tick: Tick) -> None:
    """Command a charger that takes more than its offer the minimum that keeps its car charging, if there is capacity for it."""
    free = tick.resources.capacity(calm=False)
    for standing in tick.standings.values():
        connector = standing.connector
        if standing.compliance is not ComplianceStep.RESERVE or not standing.wanted:
            continue
        uses = tick.resources.uses(connector, connector.phases)
        if (
            before_a(connector, tick.snapshot) >= connector.min_a
            and blocked_by(free, uses, connector.min_a) is None
        ):
            standing.commanded_a = connector.min_a
            take(free, uses, connector.min_a)


def offers(
    asks: list[Ask], shares: Shares, free: Amounts, tick: Tick
) -> dict[str, float]:
    """Return the offer to everyone that is to have one."""
    snapshot = tick.snapshot
    beside = shares.beside_starts
    rounded = round_down_all(asks, shares, tick.resources, beside, snapshot)
    targets = worthwhile(asks, rounded, beside, tick)
    given = targets | _not_worth_it(asks, shares, targets, beside, tick)
    for name, standing in tick.standings.items():
        if (
            standing.compliance >= ComplianceStep.RESERVE
            and standing.connector.reachable
        ):
            given[name] = standing.commanded_a
    for asking in asks:
        if asking.id not in given:
            continue
        if switching(asking.past, snapshot.now):
            given[asking.id] = 0.0
        elif tick.standings[asking.id].compliance is ComplianceStep.ASK_AGAIN:
            # What it takes above its offer is available to nobody, itself included.
            before = before_a(asking.connector, snapshot)
            given[asking.id] = min(given[asking.id], before)
    given |= tried(asks, given, tick)
    given |= _instead_of_the_slow(asks, given, free, tick)
    kept = _not_raised(asks, given, tick)
    given |= {name: current_a for name, (current_a, _) in kept.items()}
    held_up = {
        name: Lack(index, tick.standings[name].connector.min_a)
        for name, (current_a, index) in kept.items()
        if not current_a
    }
    shares.kept_back |= {
        name: index for name, (current_a, index) in kept.items() if current_a
    }
    rising = [
        a
        for a in asks
        if a.id in given and given[a.id] > before_a(a.connector, snapshot)
    ]
    if not rising:
        shares.held_up |= held_up
        return given
    names = {a.id for a in rising}
    calm = free_for_all(tick, calm=True)
    for name, standing in tick.standings.items():
        held = (
            standing.compliance >= ComplianceStep.RESERVE
            or not standing.connector.reachable
        )
        if not held and name not in names:
            _take_held(
                calm, standing, max(given.get(name, 0.0), targets.get(name, 0.0)), tick
            )
    more, not_free, kept_back = raised(rising, given, tick.resources, calm, snapshot)
    shares.held_up |= not_free | held_up
    shares.kept_back |= kept_back
    return given | more


def _instead_of_the_slow(
    asks: list[Ask], given: Mapping[str, float], free: Amounts, tick: Tick
) -> dict[str, float]:
    """Return the lower offers of those that release current in place of slow ones, while a phase is overdrawn.

    Nobody is stopped for that: a connector at its minimum keeps it.
    """
    over = tick.resources.over()
    running = [asking for asking in asks if given.get(asking.id)] if over else []
    if not running:
        return {}
    known_s = (asking.past.confirms_s for asking in running)
    quickest_s = min((s for s in known_s if s is not None), default=0.0)
    left = list(free)
    quick, holds_more = {}, False
    grown = growth(running, tick.snapshot)
    for asking in running:
        uses = tick.resources.uses(asking.connector, asking.phases)
        offered_a, weight = given[asking.id], grown[asking.id]
        if _is_slow(asking.past, quickest_s):
            drawn_a = max(
                drawn_now(asking.connector, asking.past, tick).values(), default=0.0
            )
            held_a_now = min(held_a(asking.connector, tick.snapshot), drawn_a)
            holds_more |= held_a_now > offered_a
            take(left, uses, max(offered_a, held_a_now))
        elif any(index in over for index, _ in uses):
            quick[asking.id] = User(
                uses=uses,
                base=min(asking.connector.min_a, offered_a),
                most=offered_a,
                weight=weight[0],
                start=weight[1],
            )
        else:
            take(left, uses, offered_a)
    if not holds_more:
        return {}
    steps = {asking.id: asking.connector.step_a for asking in running}
    return {
        name: round_down(share.current_a, steps[name])
        for name, share in fill(quick, left).items()
    }


def _is_slow(past: ConnectorMemory, quickest_s: float) -> bool:
    """Whether a charger takes longer than others to confirm a lower offer, or its car to follow one."""
    return (
        past.above_since is not None or (past.confirms_s or 0.0) > quickest_s + SLOWER_S
    )


def _not_raised(
    asks: list[Ask], given: Mapping[str, float], tick: Tick
) -> dict[str, tuple[float, int]]:
    """Return the offers of those that would get more on a phase that is measured as overdrawn, and that phase.

    They keep their last command, even if the charger has not confirmed a lower one yet.
    """
    over = tick.resources.over()
    if not over:
        return {}
    kept = {}
    for asking in asks:
        current_a = given.get(asking.id, 0.0)
        uses = tick.resources.uses(asking.connector, asking.phases)
        index = next((index for index, _ in uses if index in over), None)
        if index is None or current_a == 0:
            continue
        most_a = held_a(asking.connector, tick.snapshot)
        if asking.past.commanded_a is not None:
            most_a = min(most_a, asking.past.commanded_a)
        if current_a > most_a:
            kept[asking.id] = (
                most_a if most_a >= asking.connector.min_a else 0.0,
                index,
            )
    return kept


def _not_worth_it(
    asks: list[Ask],
    shares: Shares,
    targets: Mapping[str, float],
    free: Amounts,
    tick: Tick,
) -> dict[str, float]:
    """Return the offers that would fall only for lack of solar power, a little or just after the last message: they stay.

    That is a wish. The grid supplies the rest for a minute at most, if all circuits can carry it.
    """
    snapshot = tick.snapshot
    falling = [
        (asking, stays_a)
        for asking in asks
        if (share := shares.running.get(asking.id)) is not None
        and (
            stays_a := _stays_a(
                asking,
                targets[asking.id],
                snapshot,
                for_sun=share.limited_by == tick.resources.sun,
            )
        )
        is not None
    ]
    if not falling:
        return {}
    left = list(free)
    for asking in asks:
        uses = tick.resources.uses(asking.connector, asking.phases)
        take(left, uses, targets.get(asking.id, 0.0))
    kept = {}
    for asking, stays_a in falling:
        uses = tick.resources.uses(asking.connector, asking.phases)
        more_a = stays_a - targets[asking.id]
        if stays_a <= asking.most_a and blocked_by(left, uses, more_a) is None:
            kept[asking.id] = stays_a
            take(left, uses, more_a)
    return kept


def _stays_a(
    asking: Ask, target_a: float, snapshot: Snapshot, *, for_sun: bool
) -> float | None:
    """Return at what a connector stays whose offer is not worth a message now, None if it is.

    A lower command that is still on its way is the last word: with a higher one behind it, the offers would swing.
    """
    connector, past = asking.connector, asking.past
    last_a, in_force_a = past.commanded_a, before_a(connector, snapshot)
    lowers = last_a is not None and connector.min_a <= last_a < in_force_a
    stays_a = last_a if lowers and last_a is not None else in_force_a
    if target_a < stays_a:
        waits = for_sun and (
            too_soon(connector, past, snapshot)
            or little_less(target_a, stays_a, past, snapshot)
        )
    else:
        waits = (
            lowers
            and asking.sunny
            and (
                too_soon(connector, past, snapshot)
                or is_slow(connector, past, snapshot)
            )
        )
    return stays_a if waits else None


def _take_held(free: Amounts, standing: Standing, target_a: float, tick: Tick) -> None:
    """Reserve what a connector has and has not yet released: the higher of offer and target, and its draw above that."""
    connector = standing.connector
    drawn = drawn_now(connector, standing.past, tick)
    level_a = target_a
    if connector.status not in NO_CAR:
        level_a = max(level_a, held_a(connector, tick.snapshot))
    phases = connector.phases
    if standing.ask is not None and not switching(standing.past, tick.snapshot.now):
        phases = standing.ask.phases
    if level_a > 0:
        take(free, tick.resources.uses(connector, phases), level_a)
    for phase, current_a in drawn.items():
        above_a = current_a - (level_a if phase in phases else 0.0)
        if above_a > 0:
            take(free, tick.resources.uses(connector, (phase,)), above_a)


def drawn_now(
    connector: Connector, past: ConnectorMemory, tick: Tick
) -> Mapping[int, float]:
    """Return what a connector draws on each of its phases, as last reported."""
    if not past.draws:
        return {}
    draw = past.draws[-1]
    age_s = (tick.snapshot.now - draw.at).total_seconds()
    if connector.status in NO_CAR and age_s > GONE_S:
        return {}
    return {phase: draw.current_a[phase] for phase in connector.phases}
