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

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf

from ..cars.asking import Ask, Hurry
from ..cars.wanted import is_met
from ..model import ConnectorStatus, Snapshot
from .ranking import laxity_s, takes_a
from .resources import Amounts, Resources

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Leaving:
    """A car that wants energy until it leaves. Of each resource an ampere of it uses so much."""

    asking: Ask
    left_s: float  # until it leaves; negative if it should have left
    wants_as: float  # on each of its phases, in ampere-seconds
    uses: Mapping[int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spare:
    """What is left of resources until a time, in ampere-seconds (of powers in watt-seconds)."""

    until_s: float
    left_as: dict[int, float]


def note_hurry(
    asks: list[Ask], resources: Resources, free: Amounts, snapshot: Snapshot
) -> bool:
    """Note the place of each car by its departure; returns whether there is enough for all that can be ready.

    `free` is what is free of each resource now. What counts is what will be free on average: a machine that runs for some
    minutes leaves nobody out.
    """
    known: list[_Leaving] = []
    too_late: list[_Leaving] = []
    for one in _leaving(asks, resources, snapshot):
        asking = one.asking
        slack_s = laxity_s(asking, snapshot)
        needs = asking.connector.energy_needed_wh is not None
        if needs and slack_s < -TOO_LATE_S:
            asking.hurry, asking.ready = Hurry.TOO_LATE, False
            too_late.append(one)
            continue
        if needs and slack_s < NOW_S:
            asking.hurry = Hurry.NOW
        elif one.left_s <= SOON_S:
            asking.hurry = Hurry.SOON
        known.append(one)
    free = resources.expected(free)
    _drop_hopeless(known, free)
    soon = [one for one in known if one.asking.hurry is not Hurry.LATER]
    left_out = _left_out(soon, free)
    for asking in left_out:
        asking.hurry, asking.ready = Hurry.TOO_LATE, False
    ready = [one for one in soon if one.asking.ready]
    _let_in([*too_late, *(one for one in soon if not one.asking.ready)], ready, free)
    _let_stay(asks, [*known, *too_late], resources, free, snapshot)
    return not left_out and _all_fit(known, resources, free, snapshot)


def is_enough(
    asks: list[Ask], resources: Resources, free: Amounts, snapshot: Snapshot
) -> bool:
    """Return whether there is enough for all to be ready, and for others that will come."""
    known = list(_leaving(asks, resources, snapshot))
    return _all_fit(known, resources, resources.expected(free), snapshot)


def _leaving(
    asks: Iterable[Ask], resources: Resources, snapshot: Snapshot
) -> Iterator[_Leaving]:
    """Yield the cars that want energy until they leave."""
    for asking in asks:
        connector = asking.connector
        if connector.departure is None or is_met(connector):
            continue
        if connector.status is ConnectorStatus.SUSPENDED_EV:
            continue  # it takes nothing, whatever it was said to need
        yield _Leaving(
            asking=asking,
            left_s=(connector.departure - snapshot.now).total_seconds(),
            wants_as=charge_as(asking, snapshot),
            uses=_uses(asking, resources),
        )


def _by_departure(one: _Leaving) -> tuple[float, str]:
    return one.left_s, one.asking.id


def _all_fit(
    known: list[_Leaving], resources: Resources, free: Amounts, snapshot: Snapshot
) -> bool:
    """Return whether cars can be ready with a part of what is free on average, whoever else comes."""
    for_others = resources.for_empty(snapshot.connectors)
    spare = [
        max(a * ENOUGH, (a - others_a) * LET_STAY)
        for a, others_a in zip(free, for_others, strict=True)
    ]
    return not _left_out(known, spare)


def _drop_hopeless(known: list[_Leaving], free: Amounts) -> None:
    """Let nobody who leaves late go first, if it would be left out as soon as those that leave before it leave soon.

    It would start, take from them what makes them ready, and be stopped for them some minutes later.
    """
    for one in known:
        asking = one.asking
        if asking.hurry is Hurry.NOW and one.left_s > SOON_S:
            before = [other for other in known if other.left_s <= one.left_s]
            if asking in _left_out(before, free):
                asking.hurry, asking.ready = Hurry.LATER, False


def _let_in(too_late: list[_Leaving], ready: list[_Leaving], free: Amounts) -> None:
    """Let those that cannot be ready keep their place by departure where that makes nobody else late.

    What they can still get is what those that are ready leave until they leave.
    """
    if not ready:
        return  # nobody comes before them
    placed = sorted(ready, key=lambda one: one.left_s)
    for one in sorted(too_late, key=_by_departure):
        gets_as = _gets_as(one, placed, free)
        if gets_as is not None:
            one.asking.hurry = Hurry.SOON
            insort(placed, replace(one, wants_as=gets_as), key=lambda o: o.left_s)


def _let_stay(
    asks: list[Ask],
    leaving: list[_Leaving],
    resources: Resources,
    free: Amounts,
    snapshot: Snapshot,
) -> None:
    """Let those that run keep their minimum where that makes nobody late; first those that can be ready, in their order."""
    # One that has time yields its minimum also to one that charges and cannot be ready.
    others = sorted(
        (
            replace(one, left_s=max(one.left_s, 0.0))
            for one in leaving
            if one.asking.ready or one.asking.past.on_since is not None
        ),
        key=_by_departure,
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
    spare = _spare(others, free)
    places = {one.asking.id: place for place, one in enumerate(others)}
    runs.sort(key=lambda a: (places.get(a.id, len(places)), a.id))
    for asking in runs:
        before = spare[: 1 + places.get(asking.id, len(places))]
        takes = list(_takes_as(asking, before, resources, snapshot))
        asking.stays = all(left_as[index] >= as_ for left_as, index, as_ in takes)
        if asking.stays:
            for left_as, index, as_ in takes:
                left_as[index] -= as_


def _spare(others: list[_Leaving], free: Amounts) -> list[_Spare]:
    """Return what is left of each resource now, beside those that can wait no longer, and until each of the others leaves."""
    now_a = dict(enumerate(free))
    for one in others:
        if one.asking.hurry is Hurry.NOW:
            for index, coefficient in one.uses.items():
                now_a[index] -= coefficient * takes_a(one.asking)
    spare = [_Spare(until_s=1.0, left_as=now_a)]
    used_as: dict[int, float] = defaultdict(float)
    for one in others:
        left_as: dict[int, float] = {}
        gets_as = min(one.wants_as, takes_a(one.asking) * one.left_s)
        for index, coefficient in one.uses.items():
            used_as[index] += coefficient * gets_as
            left_as[index] = free[index] * one.left_s * LET_STAY - used_as[index]
        spare.append(_Spare(until_s=one.left_s, left_as=left_as))
    return spare


def _takes_as(
    asking: Ask, before: list[_Spare], resources: Resources, snapshot: Snapshot
) -> Iterator[tuple[dict[int, float], int, float]]:
    """Yield what a car takes at its minimum of what is left until each of the others leaves: from where, of which resource, how much."""
    connector, uses = asking.connector, _uses(asking, resources)
    needs_as = charge_as(asking, snapshot) if connector.energy_needed_wh else inf
    for spare in before:
        takes_as = min(connector.min_a * spare.until_s, needs_as)
        for index, coefficient in uses.items():
            if index in spare.left_as:
                yield spare.left_as, index, coefficient * takes_as


def _gets_as(car: _Leaving, placed: list[_Leaving], free: Amounts) -> float | None:
    """Return what a car can get of what others leave that leave before it; None if it would make one late that leaves after it."""
    used_as = dict.fromkeys(car.uses, 0.0)
    for one in placed:
        if one.left_s <= car.left_s:
            _add(used_as, one)
    left_s = max(car.left_s, 0.0)
    left_as = (
        (free[index] * left_s - used_as[index]) / coefficient
        for index, coefficient in car.uses.items()
    )
    gets_as = max(min(car.wants_as, takes_a(car.asking) * left_s, *left_as), 0.0)
    _add(used_as, replace(car, wants_as=gets_as))
    for one in placed:
        if one.left_s > car.left_s:
            for index in _add(used_as, one):
                if used_as[index] > free[index] * one.left_s * LET_IN:
                    return None
    return gets_as


def _add(used_as: dict[int, float], one: _Leaving) -> list[int]:
    """Add what a car wants of the resources; returns which of them it uses."""
    shared = []
    for index, coefficient in one.uses.items():
        if index in used_as:
            used_as[index] += coefficient * one.wants_as
            shared.append(index)
    return shared


def _left_out(cars: list[_Leaving], free: Amounts) -> list[Ask]:
    """Return those of the cars without which all others can be ready."""
    found: list[Ask] = []
    wanted_as: dict[int, float] = defaultdict(float)
    users: dict[int, list[_Leaving]] = defaultdict(list)
    for one in sorted(cars, key=_by_departure):
        for index, coefficient in one.uses.items():
            wanted_as[index] += coefficient * one.wants_as
            users[index].append(one)
        until_s = one.left_s + TOO_LATE_S
        for index in one.uses:
            while users[index] and wanted_as[index] > free[index] * until_s:
                most = max(users[index], key=lambda o: (o.wants_as, o.asking.id))
                found.append(most.asking)
                for other, coefficient in most.uses.items():
                    wanted_as[other] -= coefficient * most.wants_as
                    users[other].remove(most)
    return found


def _uses(asking: Ask, resources: Resources) -> Mapping[int, float]:
    return dict(resources.uses(asking.connector, asking.likely_phases))


def charge_as(asking: Ask, snapshot: Snapshot) -> float:
    """Return the charge that a car needs on each of its phases, in ampere-seconds; none if it is not known."""
    volts = snapshot.site.voltage_v * len(asking.likely_phases)
    return (asking.connector.energy_needed_wh or 0.0) * 3600 / volts
