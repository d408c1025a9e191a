"""The plan that a site goes by: how old it is, and which departures it misses since when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ...planner import CarIntention, Intention, Shortfall

# A plan that is older is not followed any more: cars live by the simple rule of their mode.
OLDEST = timedelta(hours=2)

# By so little a clock may be corrected without a plan being for other hours.
LITTLE = timedelta(minutes=5)
# A car that is ready earlier by so little than was said is still ready by then.
_EARLIER = timedelta(minutes=20)
_FIVE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A departure that plans have missed since a time."""

    since: datetime
    shortfall: Shortfall


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlan:
    """The last good plan, in the time of the site. `failing_since` is set while runs fail.

    `missed` are the departures that it misses, and `ready` is when cars are said to be ready, by connector. `asked_at` is the
    time of the first plan since a car asked for something else.
    """

    intention: Intention | None = None
    failing_since: datetime | None = None
    missed: Mapping[str, Missed] = field(default_factory=dict)
    ready: Mapping[str, datetime] = field(default_factory=dict)
    asked_at: Mapping[str, datetime] = field(default_factory=dict)

    def moved(self, by: timedelta) -> SitePlan:
        """Return what of it counts after the clock was set: a plan is for the hours of the clock, what lasts is not."""
        failing = self.failing_since
        return SitePlan(
            intention=self.intention if abs(by) < LITTLE else None,
            failing_since=failing and failing + by,
            missed={
                car: replace(missed, since=missed.since + by)
                for car, missed in self.missed.items()
            },
        )

    def age(self, now: datetime) -> timedelta | None:
        """Return how old the plan is, None where there is none."""
        return None if self.intention is None else now - self.intention.now


def missed_of(
    intention: Intention, before: Mapping[str, Missed]
) -> Iterable[tuple[str, Missed]]:
    """Yield the next departure that each car misses; one that was missed before is missed since then."""
    for car in intention.cars:
        shortfall = next((one for one in car.shortfalls if one.is_said), None)
        if shortfall is None:
            continue
        known = before.get(car.id)
        same = known is not None and known.shortfall.at == shortfall.at
        since = known.since if known and same else intention.now
        yield car.id, Missed(since=since, shortfall=shortfall)


def ready_of(
    intention: Intention, before: Mapping[str, datetime]
) -> Iterable[tuple[str, datetime]]:
    """Yield by when each car is said to be ready, in whole five minutes.

    Plans that are equally good differ by a slot or two. What was said stays as long as it is true and not much too late.
    """
    for car in intention.cars:
        if car.ready is None:
            continue
        past = timedelta(minutes=car.ready.minute % 5, seconds=car.ready.second)
        now = car.ready.replace(microsecond=0) + (_FIVE - past if past else past)
        said = before.get(car.id, now)
        departure = car.departure or said
        holds = now <= said <= min(now + _EARLIER, max(now, departure))
        yield car.id, said if holds else now


def with_silent(
    intention: Intention, before: Intention | None, silent: frozenset[str]
) -> Intention:
    """Return a plan in which a car of whose charger nothing is heard keeps what was planned for it before.

    A charger is out of reach for a moment whenever Home Assistant starts; its car is still there when it is back.
    """
    if before is None or not silent:
        return intention
    known = {
        car.id: car
        for car in before.cars
        if car.id in silent and car.slots and _is_new(car, intention.now)
    }
    cars = tuple(known.get(car.id, car) for car in intention.cars)
    return replace(intention, cars=cars)


def _is_new(car: CarIntention, now: datetime) -> bool:
    """Return whether what is planned for a car may be followed; its first slot began when it was planned."""
    return now - car.slots[0].start <= OLDEST
