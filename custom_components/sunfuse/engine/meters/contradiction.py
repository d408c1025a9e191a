"""Recognises a meter that shows less than the cars below it take, without generation that explains it: it is wrong.

It may have failed at 0, its sign may be inverted, its kilowatts may be labelled watts. The meter itself need not report a
fault: the chargers measure too. Reported output of solar panels and battery explains a difference.
Unreported solar power is recognised by the meter itself: it shows less than the cars take and yet follows them, up
when they take more and down when they take less. A wrong meter does not, and one that shows half of everything by half. One that
followed them until now is recognised by how it fell (see `unreported_sun`).
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter, or_

from ..cars.car_bounds import SETTLING
from ..cars.drawing import METER_LAG, SAME_TIME, least_bounds_of
from ..cars.wanted import NO_CAR
from ..memory import Draw
from ..model import Connector, ConnectorStatus, MeterReading, PerPhase, Snapshot
from .balanced import values_of
from .doubt import Doubt
from .generation import generated_w
from .meter_following import (
    FOLLOWS_ON_AVERAGE,
    HOLDS,
    SUN_FORGOTTEN,
    TOLERANCE,
    TOLERANCE_A,
    broken,
    may_show_a_part,
    watch_exports,
    watch_following,
)
from .unreported_sun import (
    breaks,
    is_first,
    is_sun,
    is_unclear,
    may_be_sun,
    watch_falls,
)

# A charger without a report for this long may have stopped since.
RECENT = timedelta(seconds=60)
# Charger and meter report the same change up to this far apart; solar sensors are slower.
PROVEN_S = 20.0
# While cars never settle, nobody can see whether the meter follows them.
PROVEN_UNSTEADY_S = 60.0
PROVEN_BESIDE_SUN_S = 120.0
# Sources of generation that have reported so long after a contradiction began, and do not explain it, never will: their
# values are seconds old, and may have been on their way when it began.
REPORTED_AGAIN = timedelta(seconds=30)
# Clouds pass: the solar power of the last minutes may return before its sensor reports it.
SUN_S = 600.0
SUN_TIMES = 1.2
# Few cars follow another offer sooner than this.
FOLLOWS_AFTER = timedelta(seconds=2)
# A value that moved by more is a different one.
MOVED_A = 0.3
# Even with solar power, a meter below a charging car does not show exactly zero.
NOTHING_A = 0.05
# The standby draw of a car that does not charge, and the fluctuation of one that does.
STEADY_A = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cars:
    """What cars take, per phase: their last reports, the certain minimum, and whether that is steady."""

    reported_a: PerPhase
    least_a: PerPhase
    steady: bool
    offered: bool  # another current, to one of them, that it may not have followed yet
    offered_now: bool  # and all of them so recently that hardly one has followed
    offered_more: bool  # rather than less
    reported_at: datetime | None  # the newest draw that can be compared with the meter


def doubt(
    reading: MeterReading,
    before: MeterReading | None,
    lives_since: tuple[datetime, ...],
    cars_a: PerPhase,
    connectors: Sequence[Connector],
    draws: Mapping[str, tuple[Draw, ...]],
    past: Doubt,
    snapshot: Snapshot,
) -> tuple[Doubt, bool]:
    """Return what to remember, and whether the cars contradict the meter now: then its load does not fall.

    The meter is wrong once `wrong_a` is set. It showed another value `before`; each of its flows `lives_since` it last changed.
    """
    cars = _cars(reading.at, connectors, draws, snapshot)
    by_phase = reading.current_a is not None
    reported_a, least_a = (
        _flows(a, by_phase=by_phase) for a in (cars.reported_a, cars.least_a)
    )
    parts_a = values_of(reading, snapshot)
    metered_a = _flows(parts_a, by_phase=by_phase)
    past = _generated(past, snapshot)
    before_a = values_of(before, snapshot) if before else ()
    fed_a = cars_a if by_phase else (sum(cars_a),)
    silent = reading.at - before.at if before else timedelta(0)
    fell = breaks(past, parts_a, before_a, fed_a, silent)
    if fell:
        past = broken(past)
    past = watch_exports(past, metered_a, reported_a, snapshot.now)
    if cars.steady:
        past = watch_following(past, reported_a, metered_a, reading.at, snapshot.now)
    elif cars.offered and not past.changing:
        shown_a = past.metered_a
        if cars.offered_now:
            # What the house did since then is in the present value already, as may be what a quick car does.
            nearest = min if cars.offered_more else max
            shown_a = tuple(map(nearest, metered_a, shown_a or metered_a))
        past = replace(past, changing=True, metered_a=shown_a)
    if len(past.feeds_in) != len(metered_a):  # other parts than before, or none yet
        past = replace(past, feeds_in=())

    def shorts(cars_a: PerPhase, given_w: float) -> tuple[bool, ...]:
        """Return where the meter shows less than these cars take, beyond what this much generation explains."""
        given_a = given_w * SUN_TIMES / snapshot.site.voltage_v
        known = past.feeds_in or (False,) * len(metered_a)
        feeds_in = [
            feeds and abs(metered) > NOTHING_A
            for feeds, metered in zip(known, metered_a, strict=True)
        ]
        flows = list(zip(cars_a, metered_a, strict=True))
        if by_phase and not feeds_in[-1]:
            # Sun on a phase explains the sum as well, also where no car charges.
            phases = zip(flows[:-1], feeds_in[:-1], strict=True)
            flows[-1] = _sums(
                flow for flow, feeds in phases if flow[0] > NOTHING_A and not feeds
            )
        return tuple(
            car > TOLERANCE_A
            and car - metered - given_a > _tolerance_a(car)
            and not feeds
            for (car, metered), feeds in zip(flows, feeds_in, strict=True)
        )

    def short(cars_a: PerPhase, given_w: float) -> bool:
        return any(shorts(cars_a, given_w))

    where = shorts(reported_a, past.sun_w)
    doubted = any(where)
    past = watch_falls(
        past,
        parts_a,
        before_a,
        fed_a,
        at=reading.at,
        silent=silent,
        broken=fell,
        short=doubted,
        shows_cars=max(reported_a) > TOLERANCE_A and not doubted,
    )
    may_be = may_be_sun(past, where, metered_a)
    if (
        doubted
        and cars.steady
        and past.wrong_a is None
        and (
            (may_be and is_sun(past, where, lives_since))
            or is_first(past, where, metered_a, reported_a, snapshot.now)
        )
    ):
        # The next change of the cars shows whether that is so.
        feeds_in = map(or_, past.feeds_in or (False,) * len(where), where)
        past = replace(
            past, feeds_in=tuple(feeds_in), cars_a=reported_a, metered_a=metered_a
        )
        doubted = False
    given_w = generated_w(snapshot)
    if not short(reported_a, given_w):
        past = replace(past, unexplained_since=None)
    elif cars.reported_at is not None and short(least_a, given_w):
        since = past.unexplained_since or cars.reported_at
        past = replace(past, unexplained_since=since, unexplained_at=snapshot.now)
    if past.wrong_a is not None:
        if (
            doubted
            or not _moved(metered_a, past.wrong_a)
            or not _is_another(past, metered_a, snapshot.now)
            or _was_unexplained(past, snapshot)
            or may_show_a_part(past, snapshot.now)
        ):
            return past, True
        return replace(
            past,
            wrong_a=None,
            wrong_at=None,
            wrong_where=(),
            since=None,
            read_at=None,
        ), False
    if _is_proven(past, cars, snapshot):
        return _proven(past, metered_a, where, snapshot.now), True
    if not doubted:
        return replace(past, since=None, read_at=None), False
    if cars.reported_at is None or not short(least_a, past.sun_w):
        return past, True
    if past.since is None or past.read_at is None:
        return replace(past, since=cars.reported_at, read_at=reading.at), True
    beside_sun = (
        may_be
        or past.sun_at is not None
        or is_unclear(past, where, metered_a, reported_a, lives_since, snapshot.now)
    )
    proven_s = PROVEN_BESIDE_SUN_S if beside_sun else _proven_s(cars)
    since_s = (cars.reported_at - past.since).total_seconds()
    if since_s >= proven_s and reading.at > past.read_at:
        past = _proven(past, metered_a, where, snapshot.now)
    return past, True


def _proven(
    past: Doubt, metered_a: PerPhase, where: tuple[bool, ...], now: datetime
) -> Doubt:
    """Return the proof that a meter is wrong: how it followed the cars before it was says nothing of it now."""
    following = tuple(one and replace(one, part=one.last) for one in past.following)
    return replace(
        past,
        wrong_a=metered_a,
        wrong_at=now,
        wrong_where=where,
        following=following,
    )


def _is_another(past: Doubt, metered_a: PerPhase, now: datetime) -> bool:
    """Whether a meter shows more where it was wrong, or has followed the cars there since, or has been wrong for long.

    Otherwise only the cars take less than then: sensors of two phases that are exchanged show just what they did.
    """
    if past.wrong_at is None or now - past.wrong_at >= HOLDS:
        return True
    where = past.wrong_where
    if any(where[:-1]):
        where = where[:-1]  # the sum is wrong if a phase is
    flows = zip(metered_a, past.wrong_a or (), strict=False)
    known = past.following or (None,) * len(metered_a)
    return all(
        metered - wrong > TOLERANCE_A
        or (
            one is not None and one.at > past.wrong_at and one.last > FOLLOWS_ON_AVERAGE
        )
        for (metered, wrong), one, was_short in zip(flows, known, where, strict=False)
        if was_short
    )


def _proven_s(cars: _Cars) -> float:
    return PROVEN_S if cars.steady else PROVEN_UNSTEADY_S


def _is_proven(past: Doubt, cars: _Cars, snapshot: Snapshot) -> bool:
    """Whether all sources of generation have reported again since a contradiction began, and do not explain it."""
    since = past.unexplained_since
    reported = [one.at for one in (snapshot.solar, snapshot.battery) if one is not None]
    if (
        since is None
        or cars.reported_at is None
        or len(reported) < max(past.sources, 1)
    ):
        return False
    return (
        cars.reported_at - since >= timedelta(seconds=_proven_s(cars))
        and min(reported) - since >= REPORTED_AGAIN
    )


def _was_unexplained(past: Doubt, snapshot: Snapshot) -> bool:
    """Whether a wrong meter was contradicted a moment ago: the sun that explains it now passes."""
    at = past.unexplained_at
    return (
        past.sun_at is not None
        and at is not None
        and (snapshot.now - at).total_seconds() < PROVEN_BESIDE_SUN_S
    )


def _flows(current_a: PerPhase, *, by_phase: bool) -> PerPhase:
    """Return the currents with their sum, or the sum alone if the meter has no phases."""
    total = (sum(current_a),)
    return (*current_a, *total) if by_phase else total


def _sums(flows: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Return what cars take in these phases, and what the meter shows there."""
    cars_a, metered_a = 0.0, 0.0
    for car, metered in flows:
        cars_a, metered_a = cars_a + car, metered_a + metered
    return cars_a, metered_a


def _tolerance_a(current_a: float) -> float:
    return max(TOLERANCE_A, TOLERANCE * current_a)


def _moved(now_a: PerPhase, then_a: PerPhase) -> bool:
    return len(now_a) != len(then_a) or any(
        abs(now - then) > MOVED_A for now, then in zip(now_a, then_a, strict=True)
    )


def _cars(
    at: datetime,
    connectors: Sequence[Connector],
    draws: Mapping[str, tuple[Draw, ...]],
    snapshot: Snapshot,
) -> _Cars:
    phases = snapshot.site.phases
    reported_a, least_a = [0.0] * phases, [0.0] * phases
    steady, newest = True, None
    offered, offered_now, more_a = False, True, 0.0
    for connector in connectors:
        recent = _recent(draws[connector.id], at)
        if connector.status in NO_CAR:
            continue  # the report may be about the last car
        near = bool(
            recent and connector.reachable and abs(recent[-1].at - at) <= SAME_TIME
        )
        steady = steady and (near or connector.status is not ConnectorStatus.CHARGING)
        if connector.offered_at is not None and not _draws_its_offer(recent, connector):
            since = at - connector.offered_at
            if since <= SETTLING:
                offered, steady = True, False
                offered_now = offered_now and since <= FOLLOWS_AFTER
                drawn_a = max(recent[-1].current_a) if recent else 0.0
                more_a += (connector.offer_a or 0.0) - drawn_a
        if not recent:
            continue
        last = recent[-1]
        # More than it may take is handled elsewhere. If only the power is known, a phase carries the minimum that it
        # must.
        most_a = float("inf")
        if connector.offer_a is not None:
            most_a = max(connector.offer_a, connector.fail_safe_a)
        lowest_a, highest_a = least_bounds_of(recent)
        for phase, now_a in enumerate(last.lowest_a):
            low_a, high_a = min(lowest_a[phase], most_a), min(highest_a[phase], most_a)
            reported_a[phase] += min(now_a, most_a)
            if near:
                least_a[phase] += low_a
            if high_a - low_a > STEADY_A:
                steady = False
        if near:
            newest = last.at if newest is None else max(newest, last.at)
    return _Cars(
        reported_a=tuple(reported_a),
        least_a=tuple(least_a),
        steady=steady,
        offered=offered,
        offered_now=offered_now,
        offered_more=more_a > 0,
        reported_at=newest,
    )


def _draws_its_offer(recent: tuple[Draw, ...], connector: Connector) -> bool:
    """Whether a car has drawn what it is offered for so long that the meter shows it: the last offer was hardly another."""
    offer_a = connector.offer_a
    return bool(recent) and all(
        offer_a is not None
        and abs(max(draw.current_a[p] for p in connector.phases) - offer_a) <= STEADY_A
        for draw in recent
    )


_AT = attrgetter("at")


def _recent(draws: tuple[Draw, ...], at: datetime) -> tuple[Draw, ...]:
    """Return the draws that a meter's value of this time may show, including the one before them."""
    if not draws or abs(draws[-1].at - at) > RECENT:
        return ()
    first = bisect_left(draws, at - METER_LAG, key=_AT)
    return draws[max(first - 1, 0) :]


def _generated(past: Doubt, snapshot: Snapshot) -> Doubt:
    """Note the highest reported output of solar panels and battery in the last minutes."""
    now = snapshot.now
    if snapshot.solar is None and snapshot.battery is None:
        if past.sun_at is None or now - past.sun_at <= SUN_FORGOTTEN:
            return past  # it may continue unreported
        return replace(past, sun_w=0.0, sun_at=None, sources=0)
    readings = (snapshot.solar, snapshot.battery)
    sources = len(readings) - readings.count(None)
    past = replace(past, sources=max(past.sources, sources))
    given_w = generated_w(snapshot)
    if (
        past.sun_at is not None
        and given_w < past.sun_w
        and (now - past.sun_at).total_seconds() <= SUN_S
    ):
        return past
    return replace(past, sun_w=given_w, sun_at=now)
