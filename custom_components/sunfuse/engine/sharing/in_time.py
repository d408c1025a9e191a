"""Who can still be ready when it leaves, and who goes first for that: the policy `deadline`.

Earliest departure first makes every car ready where all can be. Where they cannot, it gives the current to one car after the
other that leaves without being ready all the same. So of the cars that leave soon, as many as possible are kept by the
rule of Moore and Hodgson (Management Science 15, 1968): in the order of departures, whenever what they need together does
not fit before one of them leaves, the one that needs most is left out. It comes after the others that leave soon, unless
they can be ready all the same beside what it can still get, and still before the cars that leave later. A car that can wait
no longer comes first, whenever it leaves.

Others may still come. What a car that leaves late has too early, they would lack: so the order counts long before there is
too little. While all need only little, or chargers for others are few, it does not matter, and every car that leaves later may keep its
minimum. So may any car that runs, as long as that makes nobody late, not even a car that may still come. Who goes first then has the rest, and
nobody is stopped for it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from math import inf

from ..cars.asking import Ask, Hurry
from ..cars.wanted import is_met
from ..model import ConnectorStatus, Snapshot
from .ranking import laxity_s, takes_a
from .resources import Resources

# A car that can wait no longer than this must charge now.
NOW_S = 300.0
# One that lacks more than this can no longer be ready; to start it takes about as long.
TOO_LATE_S = 60.0
# Who leaves within this time. What is free until then is known well enough to leave somebody out.
SOON_S = 9000.0
# There is enough for all if they need no more than this part of what is free now, however many may still come.
ENOUGH = 0.15
# A car that runs makes nobody late if all, with its minimum, need no more than this part. There is also enough for all if
# they need no more than this part of what the empty chargers could not take.
LET_STAY = 0.65
# The same for those that leave soon, before one that cannot be ready keeps its place among them: few will come in that time.
LET_IN = 0.8


def note_hurry(
    asks: list[Ask], resources: Resources, free: list[float], snapshot: Snapshot
) -> bool:
    """Note the place of each car by its departure; returns whether there is enough for all that can be ready.

    `free` is what is free of each resource now. What counts is what will be free on average: a machine that runs for some
    minutes leaves nobody out.
    """
    known: list[tuple[float, Ask]] = []
    too_late: list[tuple[float, Ask]] = []
    for asking in asks:
        left_s = _leaves_in_s(asking, snapshot)
        if left_s is None:
            continue
        needed_wh = asking.connector.energy_needed_wh
        slack_s = laxity_s(asking, snapshot)
        if needed_wh is not None and slack_s < -TOO_LATE_S:
            asking.hurry, asking.ready = Hurry.TOO_LATE, False
            too_late.append((left_s, asking))
            continue
        if needed_wh is not None and slack_s < NOW_S:
            asking.hurry = Hurry.NOW
        elif left_s <= SOON_S:
            asking.hurry = Hurry.SOON
        known.append((left_s, asking))
    free = resources.expected(free)
    _drop_hopeless(known, resources, free, snapshot)
    soon = [(left_s, a) for left_s, a in known if a.hurry is not Hurry.LATER]
    left_out = _left_out(soon, resources, free, snapshot)
    for asking in left_out:
        asking.hurry, asking.ready = Hurry.TOO_LATE, False
    hopeless = list(too_late)
    too_late += [one for one in soon if not one[1].ready]
    ready = [one for one in soon if one[1].ready]
    _let_in(too_late, ready, resources, free, snapshot)
    _let_stay(asks, [*known, *hopeless], resources, free, snapshot)
    return not left_out and _all_fit(known, resources, free, snapshot)


def is_enough(
    asks: list[Ask], resources: Resources, free: list[float], snapshot: Snapshot
) -> bool:
    """Return whether there is enough for all to be ready, and for others that will come."""
    known = [
        (left_s, asking)
        for asking in asks
        if (left_s := _leaves_in_s(asking, snapshot)) is not None
    ]
    return _all_fit(known, resources, resources.expected(free), snapshot)


def _leaves_in_s(asking: Ask, snapshot: Snapshot) -> float | None:
    """Return when a car leaves that wants energy until then, None for all others."""
    connector = asking.connector
    if connector.departure is None or is_met(connector):
        return None
    if connector.status is ConnectorStatus.SUSPENDED_EV:
        return None  # it takes nothing, whatever it was said to need
    return (connector.departure - snapshot.now).total_seconds()


def _all_fit(
    known: list[tuple[float, Ask]],
    resources: Resources,
    free: list[float],
    snapshot: Snapshot,
) -> bool:
    """Return whether cars can be ready with a part of what is free on average, whoever else comes."""
    for_others = resources.for_empty(snapshot.connectors)
    spare = [
        max(a * ENOUGH, (a - others_a) * LET_STAY)
        for a, others_a in zip(free, for_others, strict=True)
    ]
    return not _left_out(known, resources, spare, snapshot)


def _drop_hopeless(
    known: list[tuple[float, Ask]],
    resources: Resources,
    free: list[float],
    snapshot: Snapshot,
) -> None:
    """Let nobody who leaves late go first, if it would be left out as soon as those that leave before it leave soon.

    It would start, take from them what makes them ready, and be stopped for them some minutes later.
    """
    for left_s, asking in known:
        if asking.hurry is Hurry.NOW and left_s > SOON_S:
            before = [one for one in known if one[0] <= left_s]
            if asking in _left_out(before, resources, free, snapshot):
                asking.hurry, asking.ready = Hurry.LATER, False


def _let_in(
    too_late: list[tuple[float, Ask]],
    ready: list[tuple[float, Ask]],
    resources: Resources,
    free: list[float],
    snapshot: Snapshot,
) -> None:
    """Let those that cannot be ready keep their place by departure where that makes nobody else late.

    What they can still get is what those that are ready leave until they leave.
    """
    if not ready:
        return  # nobody comes before them
    wanted = sorted(
        ((left_s, a, charge_as(a, snapshot)) for left_s, a in ready),
        key=lambda one: one[0],
    )
    for left_s, asking in sorted(too_late, key=lambda one: (one[0], one[1].id)):
        gets_as = _gets_as(left_s, asking, wanted, resources, free, snapshot)
        if gets_as is not None:
            asking.hurry = Hurry.SOON
            wanted = sorted(
                [*wanted, (left_s, asking, gets_as)], key=lambda one: one[0]
            )


def _let_stay(
    asks: list[Ask],
    known: list[tuple[float, Ask]],
    resources: Resources,
    free: list[float],
    snapshot: Snapshot,
) -> None:
    """Let those that run keep their minimum where that makes nobody late; first those that can be ready, in their order."""
    # One that has time yields its minimum also to one that charges and cannot be ready.
    others = sorted(
        (max(left_s, 0.0), a.id, a)
        for left_s, a in known
        if a.ready or a.past.on_since is not None
    )
    first = max((a.connector.priority for a in asks), default=0)
    runs = [
        a
        for a in asks
        if a.past.on_since is not None
        and not is_met(a.connector)
        and a.connector.priority == first
        and a.hurry is not Hurry.NOW
    ]
    used_as: dict[int, float] = defaultdict(float)
    # What is left of each resource now, beside those that can wait no longer, and until each of them leaves.
    now_a = dict(enumerate(free))
    for _, _, asking in others:
        if asking.hurry is Hurry.NOW:
            for index, coefficient in _uses(asking, resources).items():
                now_a[index] -= coefficient * takes_a(asking)
    spare: list[tuple[float, dict[int, float]]] = [(1.0, now_a)]
    for left_s, _, asking in others:
        left_as: dict[int, float] = {}
        wants_as = min(charge_as(asking, snapshot), takes_a(asking) * left_s)
        for index, coefficient in _uses(asking, resources).items():
            used_as[index] += coefficient * wants_as
            left_as[index] = free[index] * left_s * LET_STAY - used_as[index]
        spare.append((left_s, left_as))
    places = {asking.id: place for place, (_, _, asking) in enumerate(others)}
    runs.sort(key=lambda a: (places.get(a.id, len(places)), a.id))
    for asking in runs:
        before = spare[: 1 + places.get(asking.id, len(places))]
        takes = list(_takes_as(asking, before, resources, snapshot))
        asking.stays = all(left_as[index] >= as_ for left_as, index, as_ in takes)
        if asking.stays:
            for left_as, index, as_ in takes:
                left_as[index] -= as_


def _takes_as(
    asking: Ask,
    before: list[tuple[float, dict[int, float]]],
    resources: Resources,
    snapshot: Snapshot,
) -> Iterator[tuple[dict[int, float], int, float]]:
    """Return what a car takes at its minimum of what is left until each of the others leaves."""
    connector, uses = asking.connector, _uses(asking, resources)
    needs_as = charge_as(asking, snapshot) if connector.energy_needed_wh else inf
    for left_s, left_as in before:
        takes_as = min(connector.min_a * left_s, needs_as)
        for index, coefficient in uses.items():
            if index in left_as:
                yield left_as, index, coefficient * takes_as


def _gets_as(
    left_s: float,
    asking: Ask,
    wanted: list[tuple[float, Ask, float]],
    resources: Resources,
    free: list[float],
    snapshot: Snapshot,
) -> float | None:
    """Return what a car can get of what others leave that leave before it; None if it would make one late that leaves after it."""
    uses = _uses(asking, resources)
    used_as = dict.fromkeys(uses, 0.0)
    later: list[tuple[float, Ask, float]] = []
    for one in wanted:
        if one[0] > left_s:
            later.append(one)
        else:
            _add(used_as, one, resources)
    most_as = min(charge_as(asking, snapshot), takes_a(asking) * max(left_s, 0.0))
    left_as = (
        (free[index] * max(left_s, 0.0) - used_as[index]) / coefficient
        for index, coefficient in uses.items()
    )
    gets_as = max(min(most_as, *left_as), 0.0)
    _add(used_as, (left_s, asking, gets_as), resources)
    for one in later:
        for index in _add(used_as, one, resources):
            if used_as[index] > free[index] * one[0] * LET_IN:
                return None
    return gets_as


def _add(
    used_as: dict[int, float], one: tuple[float, Ask, float], resources: Resources
) -> list[int]:
    """Add what a car wants of the resources; returns which of them it uses."""
    _, asking, wanted_as = one
    shared = []
    for index, coefficient in resources.uses(asking.connector, asking.likely_phases):
        if index in used_as:
            used_as[index] += coefficient * wanted_as
            shared.append(index)
    return shared


def _left_out(
    cars: list[tuple[float, Ask]],
    resources: Resources,
    free: list[float],
    snapshot: Snapshot,
) -> list[Ask]:
    """Return those of the cars without which all others can be ready; with each its seconds until it leaves."""
    found: list[Ask] = []
    wanted_as: dict[int, float] = defaultdict(float)  # ampere-seconds
    users: dict[int, list[Ask]] = defaultdict(list)
    for left_s, asking in sorted(cars, key=lambda one: (one[0], one[1].id)):
        for index, coefficient in (uses := _uses(asking, resources)).items():
            wanted_as[index] += coefficient * charge_as(asking, snapshot)
            users[index].append(asking)
        for index in uses:
            while users[index] and wanted_as[index] > free[index] * (
                left_s + TOO_LATE_S
            ):
                most = max(users[index], key=lambda a: (charge_as(a, snapshot), a.id))
                found.append(most)
                for other, coefficient in _uses(most, resources).items():
                    wanted_as[other] -= coefficient * charge_as(most, snapshot)
                    users[other].remove(most)
    return found


def _uses(asking: Ask, resources: Resources) -> Mapping[int, float]:
    return dict(resources.uses(asking.connector, asking.likely_phases))


def charge_as(asking: Ask, snapshot: Snapshot) -> float:
    """Return the charge that a car needs on each of its phases, in ampere-seconds; none if it is not known."""
    volts = snapshot.site.voltage_v * len(asking.likely_phases)
    return (asking.connector.energy_needed_wh or 0.0) * 3600 / volts
