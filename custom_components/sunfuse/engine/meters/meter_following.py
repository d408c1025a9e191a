"""Whether a circuit's meter follows the cars: it changes as they do, by a part of that, or not at all."""

from dataclasses import replace
from datetime import datetime, timedelta

from ..memory import Doubt, Following
from ..model import PerPhase

# Two meters of a current agree this well, including the phase angle of other loads.
TOLERANCE_A = 2.0
TOLERANCE = 0.1
# A change of the cars by this much must appear in the meter, by at least half of it.
CHANGED_A = 3.0
FOLLOWS = 0.5
# And on average, over changes by so much, by more than this part: less is a wrong scale, as of a transformer around one of two
# feeds.
FOLLOWS_ON_AVERAGE = 0.7
FOLLOWS_TOGETHER = 0.6
SHOWS_A_PART = 0.3
# It does the opposite of what they do, even with what the house does meanwhile.
OPPOSITE = -0.3
# What a dead sensor picks up is less.
EXPORTS_A = 0.5
# A meter may have been put right while no car changed: it gets another chance.
HOLDS = timedelta(minutes=30)
AVERAGED_A = 12.0
FOLLOWING_WEIGHT = 0.5
FOLLOWS_MOST = 1.5


def watch_following(
    past: Doubt, cars_a: PerPhase, metered_a: PerPhase, now: datetime
) -> Doubt:
    """Note whether the meter shows the cars at all, and whether it followed them while it showed less than they took."""
    if past.changing:
        past = replace(past, changing=False)
    if not len(past.cars_a) == len(past.metered_a) == len(metered_a):
        return replace(
            past, cars_a=cars_a, metered_a=metered_a, feeds_in=(), following=()
        )
    feeds_in = list(past.feeds_in or (False,) * len(metered_a))
    following = list(past.following or (None,) * len(metered_a))
    shows_cars = past.shows_cars or any(
        car >= CHANGED_A and metered >= (1 - TOLERANCE) * car
        for car, metered in zip(cars_a, metered_a, strict=True)
    )
    together = _together(past, cars_a, metered_a)
    for index, (car, metered) in enumerate(zip(cars_a, metered_a, strict=True)):
        before, metered_before = past.cars_a[index], past.metered_a[index]
        if abs(car - before) < CHANGED_A:
            continue
        part = (metered - metered_before) / (car - before)
        follows = part >= FOLLOWS
        short = min(car - metered, before - metered_before) > TOLERANCE_A
        known = _averaged(following[index], part, abs(car - before), now, together)
        if known.first:
            known = replace(known, exported=metered_before < -EXPORTS_A)
        following[index] = known
        goes_on = feeds_in[index] and followed(known)
        feeds_in[index] = goes_on or (
            follows and not _shows_a_part(known, now) and (short or feeds_in[index])
        )
        shows_cars = shows_cars or follows
    return replace(
        past,
        cars_a=cars_a,
        metered_a=metered_a,
        following=tuple(following),
        feeds_in=tuple(feeds_in),
        shows_cars=shows_cars,
    )


def _together(past: Doubt, cars_a: PerPhase, metered_a: PerPhase) -> float:
    """Return by which part of the cars' change the phases changed together: the house takes more or less on one of them."""
    changes = [
        (car - before, metered - metered_before)
        for car, before, metered, metered_before in zip(
            cars_a, past.cars_a, metered_a, past.metered_a, strict=True
        )
        if abs(car - before) >= CHANGED_A
    ]
    phases = changes[:-1] or changes  # without the sum
    weight = sum(change * change for change, _ in phases)
    return sum(change * shown for change, shown in phases) / weight if weight else 0.0


def followed(known: Following) -> bool:
    """Whether a meter has followed the cars on average, and at their last change, if only on all phases together."""
    return known.part >= FOLLOWS and max(known.last, known.together) >= FOLLOWS_TOGETHER


def _averaged(
    past: Following | None,
    part: float,
    changed_a: float,
    now: datetime,
    together: float,
) -> Following:
    last = min(max(part, 0.0), FOLLOWS_MOST)
    if past is None:
        return Following(
            part=last,
            changed_a=changed_a,
            last=last,
            at=now,
            together=together,
            first=True,
            opposite=part < OPPOSITE,
        )
    return Following(
        part=past.part + (last - past.part) * FOLLOWING_WEIGHT,
        changed_a=past.changed_a + changed_a,
        last=last,
        at=now,
        together=together,
    )


def may_show_a_part(past: Doubt, now: datetime) -> bool:
    """Whether a meter shows a part of the cars on some phase; the sum says nothing of that, as one phase may be dead."""
    flows = past.following[:-1] or past.following
    return any(one is not None and _shows_a_part(one, now) for one in flows)


def _shows_a_part(known: Following, now: datetime) -> bool:
    """Whether a meter follows the cars, and by a part only. While few cars charge it contradicts none: it shows the house as well."""
    return (
        known.changed_a >= AVERAGED_A
        and known.part < FOLLOWS_ON_AVERAGE
        and SHOWS_A_PART <= known.last < FOLLOWS_ON_AVERAGE
        and now - known.at < HOLDS
    )
