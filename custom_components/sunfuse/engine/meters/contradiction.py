"""Recognises a meter that shows less than the cars below it take, without generation that explains it: it is wrong.

It may have failed at 0, its sign may be inverted, its kilowatts may be labelled watts. The meter itself need not report a
fault: the chargers measure too. Reported output of solar panels and battery explains a difference.
Unreported solar power is recognised by the meter itself: it shows less than the cars take and yet follows them, up
when they take more and down when they take less. A wrong meter does not, and one that shows half of everything by half. One that
followed them until now is recognised by how it fell (see `unreported_sun`). Beside a battery of which nobody tells, and which keeps
the total at zero, a meter follows them for seconds only.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import or_

from ..cars.cars_below import CarsBelow
from ..model import MeterReading, PerPhase, Snapshot
from .balanced import ZERO_A, values_of
from .doubt import Doubt, Following
from .generation import generated_w
from .meter_following import (
    BACK_A,
    FOLLOWS_ON_AVERAGE,
    HALF,
    HOLDS,
    SUN_FORGOTTEN,
    TOLERANCE,
    TOLERANCE_A,
    between,
    broken,
    followed,
    may_show_a_part,
    watch_exports,
    watch_following,
)
from .reported_cars import ReportedCars, reported_cars
from .unreported_sun import (
    Change,
    breaks,
    is_first,
    is_no_sun,
    is_sun,
    is_unclear,
    may_be_sun,
    watch_falls,
)

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
type Short = tuple[bool, ...]
# A value that moved by more is a different one.
MOVED_A = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """What a meter shows, and what the cars below it take: of each phase and in sum, or in sum alone."""

    metered_a: PerPhase
    reported_a: PerPhase
    least_a: PerPhase  # for certain
    voltage_v: float

    def short_of(self, cars_a: PerPhase, given_w: float, past: Doubt) -> Short:
        """Return where the meter shows less than these cars take, beyond what this much generation explains."""
        given_a = given_w * SUN_TIMES / self.voltage_v
        feeds_in = self.feeds_in(past)
        flows = list(zip(cars_a, self.metered_a, strict=True))
        if len(flows) > 1 and not feeds_in[-1]:
            # Sun on a phase explains the sum as well, also where no car charges.
            fed = [
                flow
                for flow, feeds in zip(flows[:-1], feeds_in[:-1], strict=True)
                if flow[0] > ZERO_A and not feeds
            ]
            flows[-1] = sum(car for car, _ in fed), sum(shown for _, shown in fed)
        return tuple(
            car > TOLERANCE_A
            and car - metered - given_a > max(TOLERANCE_A, TOLERANCE * car)
            and not feeds
            for (car, metered), feeds in zip(flows, feeds_in, strict=True)
        )

    def feeds_in(self, past: Doubt) -> list[bool]:
        """Return where something unreported feeds in, and the meter shows nothing now that speaks for a fault all the same."""
        nowhere = (None,) * len(self.metered_a)
        flows = zip(
            past.feeds_in or nowhere,
            past.following or nowhere,
            self.metered_a,
            self.reported_a,
            strict=True,
        )
        return [
            bool(feeds)
            and abs(metered) > ZERO_A
            and not (known and self._may_be_half(known, metered, car))
            for feeds, known, metered, car in flows
        ]

    def _may_be_half(self, known: Following, metered_a: float, car_a: float) -> bool:
        """Whether a flow that only answers the cars may be half of what it is: not while something keeps the total at zero."""
        if not known.answers or followed(known):
            return False
        return metered_a >= HALF * car_a and abs(self.metered_a[-1]) > BACK_A


def doubt(
    reading: MeterReading,
    before: MeterReading | None,
    lives_since: tuple[datetime, ...],
    cars_a: PerPhase,
    below: CarsBelow,
    past: Doubt,
) -> tuple[Doubt, bool]:
    """Return what to remember, and whether the cars contradict the meter now: then its load does not fall.

    The meter is wrong once `wrong_a` is set. It showed another value `before`; each of its flows `lives_since` it last changed.
    """
    snapshot, now = below.snapshot, below.snapshot.now
    cars = reported_cars(reading.at, below)
    found = _compared(reading, cars, snapshot)
    change = _changed(reading, before, cars_a, snapshot)
    past = _generated(past, snapshot)
    fell = breaks(past, change)
    if fell:
        past = broken(past, surely=is_no_sun(past, change))
    past = _watched(past, found, cars, reading.at, now)
    short = found.short_of(found.reported_a, past.sun_w, past)
    doubted = any(short)
    past = watch_falls(
        past,
        change,
        broken=fell,
        short=doubted,
        shows_cars=max(found.reported_a) > TOLERANCE_A and not doubted,
    )
    may_be = may_be_sun(past, short, found.metered_a)
    if (
        doubted
        and cars.steady
        and past.wrong_a is None
        and (
            (may_be and is_sun(past, short, lives_since))
            or is_first(past, short, found.metered_a, found.reported_a, now)
        )
    ):
        past, doubted = _with_sun(past, found, short), False
    past = _with_unexplained(past, found, cars, snapshot)
    if past.wrong_a is not None:
        return _still_wrong(past, found, snapshot, doubted=doubted)
    if _is_proven(past, cars, snapshot):
        return _proven(past, found.metered_a, short, now), True
    if not doubted:
        return replace(past, since=None, read_at=None), False
    beside_sun = (
        may_be
        or past.sun_at is not None
        or is_unclear(past, short, found.metered_a, found.reported_a, lives_since, now)
    )
    proven_s = PROVEN_BESIDE_SUN_S if beside_sun else _proven_s(cars)
    return _suspected(past, found, cars, short, reading.at, now, proven_s), True


def _changed(
    reading: MeterReading,
    before: MeterReading | None,
    cars_a: PerPhase,
    snapshot: Snapshot,
) -> Change:
    """Return how a meter came to what it shows: of each phase, or in sum if it has nothing else."""
    return Change(
        at=reading.at,
        now_a=values_of(reading, snapshot),
        before_a=values_of(before, snapshot) if before else (),
        cars_a=cars_a if reading.current_a is not None else (sum(cars_a),),
        silent=reading.at - before.at if before else timedelta(0),
    )


def _with_sun(past: Doubt, found: _Compared, short: Short) -> Doubt:
    """Note that sun feeds in where a meter is short; the next change of the cars shows whether that is so."""
    return replace(
        past,
        feeds_in=tuple(map(or_, past.feeds_in or (False,) * len(short), short)),
        cars_a=found.reported_a,
        metered_a=found.metered_a,
    )


def _compared(
    reading: MeterReading, cars: ReportedCars, snapshot: Snapshot
) -> _Compared:
    def flows(current_a: PerPhase) -> PerPhase:
        total = (sum(current_a),)
        return total if reading.current_a is None else (*current_a, *total)

    return _Compared(
        metered_a=flows(values_of(reading, snapshot)),
        reported_a=flows(cars.reported_a),
        least_a=flows(cars.least_a),
        voltage_v=snapshot.site.voltage_v,
    )


def _watched(
    past: Doubt, found: _Compared, cars: ReportedCars, read_at: datetime, now: datetime
) -> Doubt:
    """Note where a meter exports, and how it follows the cars once they are steady."""
    metered_a = found.metered_a
    past = watch_exports(past, metered_a, found.reported_a, now)
    if cars.steady:
        past = watch_following(past, found.reported_a, metered_a, read_at, now)
    else:
        past = between(past, metered_a)
    if not cars.steady and cars.offered and not past.changing:
        shown_a = past.metered_a
        if cars.offered_now:
            # What the house did since then is in the present value already, as may be what a quick car does.
            nearest = min if cars.offered_more else max
            shown_a = tuple(map(nearest, metered_a, shown_a or metered_a))
        past = replace(past, changing=True, metered_a=shown_a)
    if len(past.feeds_in) != len(metered_a):  # other parts than before, or none yet
        past = replace(past, feeds_in=())
    return past


def _with_unexplained(
    past: Doubt, found: _Compared, cars: ReportedCars, snapshot: Snapshot
) -> Doubt:
    """Note since when the generation that is reported now does not explain what a meter lacks."""
    given_w = generated_w(snapshot)
    if not any(found.short_of(found.reported_a, given_w, past)):
        return replace(past, unexplained_since=None)
    if cars.reported_at is None or not any(
        found.short_of(found.least_a, given_w, past)
    ):
        return past
    since = past.unexplained_since or cars.reported_at
    return replace(past, unexplained_since=since, unexplained_at=snapshot.now)


def _still_wrong(
    past: Doubt, found: _Compared, snapshot: Snapshot, *, doubted: bool
) -> tuple[Doubt, bool]:
    """Return whether a meter that was proven wrong still is, for all that is known."""
    if (
        doubted
        or not _moved(found.metered_a, past.wrong_a or ())
        or not _is_another(past, found.metered_a, snapshot.now)
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


def _suspected(
    past: Doubt,
    found: _Compared,
    cars: ReportedCars,
    short: Short,
    read_at: datetime,
    now: datetime,
    proven_s: float,
) -> Doubt:
    """Note since when a meter has been short for certain, and whether that lasted for long enough to prove that it is wrong."""
    certain = any(found.short_of(found.least_a, past.sun_w, past))
    if cars.reported_at is None or not certain:
        return past
    if past.since is None or past.read_at is None:
        return replace(past, since=cars.reported_at, read_at=read_at)
    since_s = (cars.reported_at - past.since).total_seconds()
    if since_s < proven_s or read_at <= past.read_at:
        return past
    return _proven(past, found.metered_a, short, now)


def _proven(past: Doubt, metered_a: PerPhase, where: Short, now: datetime) -> Doubt:
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
            one is not None
            and one.at > past.wrong_at
            and (one.answers or one.last > FOLLOWS_ON_AVERAGE)
        )
        for (metered, wrong), one, was_short in zip(flows, known, where, strict=False)
        if was_short
    )


def _proven_s(cars: ReportedCars) -> float:
    return PROVEN_S if cars.steady else PROVEN_UNSTEADY_S


def _is_proven(past: Doubt, cars: ReportedCars, snapshot: Snapshot) -> bool:
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


def _moved(now_a: PerPhase, then_a: PerPhase) -> bool:
    return len(now_a) != len(then_a) or any(
        abs(now - then) > MOVED_A for now, then in zip(now_a, then_a, strict=True)
    )


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
