"""Whether a circuit's meter follows the cars: it changes as they do, by a part of that, or not at all.

The house changes as well, and its sun. So a change of the cars is compared twice: at once, with the value before it, and
later by the means before and after it, in which what comes and goes is left out. The better of both counts. A change that
is small beside what the meter wavers by of itself says little.

A battery that keeps the total at zero takes back what the cars change. Then the meter does not follow them, but answers: it
moves as they do for seconds, and back.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from ..model import PerPhase
from .doubt import Doubt, Following, Level

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
# It answers a change of the cars that shows in it for a moment by this part, and by half of that the other way round at most.
ANSWERS = 0.08
ANSWERS_A = 0.8
OPPOSES = 2.0
# A total that is this near to what it was, or to nothing, has been taken back; for so long after the change that counts.
BACK_A = 2.0
TAKEN_BACK = timedelta(seconds=30)
# A meter of half of everything shows this part of the cars at least, with a house that takes nothing.
HALF = 0.4
# What a dead sensor picks up is less.
EXPORTS_A = 0.5
# A meter may have been put right while no car changed: it gets another chance.
HOLDS = timedelta(minutes=30)
AVERAGED_A = 12.0
FOLLOWING_WEIGHT = 0.5
FOLLOWS_MOST = 1.5
# A mean goes back as far as this, and says more than one value once it has lasted so long.
MEAN_S = 120.0
MEANS_S = 20.0
# A house strays from its mean by up to twice what it does on average. A large step of it counts as this much.
STRAYS = 2.0
STRAYS_MOST_A = 6.0
# Sun that has not been seen for this long no longer counts.
SUN_FORGOTTEN = timedelta(days=1)
# A change of the cars that says so much is clear.
CLEAR = 0.8


def watch_following(
    past: Doubt,
    cars_a: PerPhase,
    metered_a: PerPhase,
    read_at: datetime,
    now: datetime,
) -> Doubt:
    """Note whether the meter shows the cars at all, and whether it followed them while it showed less than they took."""
    level = Level(cars_a=cars_a, metered_a=metered_a, at=read_at)
    past = replace(past, changing=False)
    if not len(past.cars_a) == len(past.metered_a) == len(metered_a):
        return replace(
            past,
            cars_a=cars_a,
            metered_a=metered_a,
            level=level,
            before=None,
            followed=(),
            wavers_a=(0.0,) * len(metered_a),
            feeds_in=(),
            following=(),
            highest_a=(),
            lowest_a=(),
            changed_from=None,
            moved_with=(),
        )
    if len(past.wavers_a) != len(metered_a):  # an earlier version did not note it
        past = replace(past, wavers_a=(0.0,) * len(metered_a))
    shows_cars = past.shows_cars or any(
        car >= CHANGED_A and metered >= (1 - TOLERANCE) * car
        for car, metered in zip(cars_a, metered_a, strict=True)
    )
    past = replace(past, shows_cars=shows_cars)
    before = Level(cars_a=past.cars_a, metered_a=past.metered_a, at=read_at)
    if _changed(before, level):
        past = _moved(between(past, metered_a), before, level)
        past = replace(past, before=past.level, level=level, followed=past.following)
        wavers_a = past.wavers_a if has_sun(past, now) else (0.0,) * len(metered_a)
        past = replace(_compared(past, before, wavers_a, now), broken=False)
    elif past.level is None:
        past = replace(past, level=level)
    elif read_at > past.level.at:
        past = _compared_by_means(_with_reading(past, past.level, level), now)
    return replace(
        _answered(past, level),
        cars_a=cars_a,
        metered_a=metered_a,
        highest_a=(),
        lowest_a=(),
    )


def between(past: Doubt, metered_a: PerPhase) -> Doubt:
    """Note between which values a meter has been while the cars change."""
    if not len(past.highest_a) == len(past.lowest_a) == len(metered_a):
        return replace(past, highest_a=metered_a, lowest_a=metered_a)
    return replace(
        past,
        highest_a=tuple(map(max, past.highest_a, metered_a)),
        lowest_a=tuple(map(min, past.lowest_a, metered_a)),
    )


def _with_reading(past: Doubt, known: Level, new: Level) -> Doubt:
    """Add a reading to the means, and how far it strays from them."""
    passed_s = (new.at - known.at).total_seconds()
    lasted_s = known.lasted_s + passed_s
    weight = passed_s / max(min(lasted_s, MEAN_S), passed_s)
    level = Level(
        cars_a=_mean(known.cars_a, new.cars_a, weight),
        metered_a=_mean(known.metered_a, new.metered_a, weight),
        at=new.at,
        lasted_s=lasted_s,
    )
    strays_a = tuple(
        min(abs((metered - car) - (mean - car_mean)), STRAYS_MOST_A)
        for metered, car, mean, car_mean in zip(
            new.metered_a, new.cars_a, known.metered_a, known.cars_a, strict=True
        )
    )
    wavers_a = _mean(past.wavers_a, strays_a, min(passed_s / MEAN_S, 1.0))
    return replace(past, level=level, wavers_a=wavers_a)


def _mean(known: PerPhase, new: PerPhase, weight: float) -> PerPhase:
    return tuple(a + (b - a) * weight for a, b in zip(known, new, strict=True))


def _moved(past: Doubt, before: Level, level: Level) -> Doubt:
    """Note where a meter moved as the cars did while they changed, and hardly the other way."""
    moved_with = []
    for car, was, metered, highest, lowest in zip(
        level.cars_a,
        before.cars_a,
        before.metered_a,
        past.highest_a,
        past.lowest_a,
        strict=True,
    ):
        rose_a, fell_a = max(highest - metered, 0.0), max(metered - lowest, 0.0)
        with_a, against_a = (rose_a, fell_a) if car > was else (fell_a, rose_a)
        least_a = max(ANSWERS_A, ANSWERS * abs(car - was))
        moved_with.append(with_a >= max(least_a, OPPOSES * against_a))
    return replace(past, changed_from=before, moved_with=tuple(moved_with))


def _answered(past: Doubt, level: Level) -> Doubt:
    """Note where a meter answered the cars' last change, which something that feeds in behind it took back, in the total too.

    No known fault does that: a meter that shows nothing, or the opposite, does not answer, one that shows a part of each current
    goes on to, and where phases are exchanged the total follows.
    """
    before = past.changed_from
    if before is None or level.at - before.at > TAKEN_BACK:
        return past
    changed_a = abs(level.cars_a[-1] - before.cars_a[-1])
    total_a = abs(level.metered_a[-1] - before.metered_a[-1])
    kept_a, charging_a = abs(level.metered_a[-1]), HALF * level.cars_a[-1]
    balanced = total_a <= max(BACK_A, TOLERANCE * changed_a) or kept_a <= min(
        BACK_A, charging_a
    )
    at_once = level.at == before.at and total_a < FOLLOWS * changed_a
    if not (balanced or at_once):
        return past
    balanced = balanced and len(level.cars_a) > 1
    feeds_in, following = list(past.feeds_in), list(past.following)
    for index in _changed(before, level):
        known, car = following[index], level.cars_a[index]
        metered, was = level.metered_a[index], before.metered_a[index]
        part = (metered - was) / (car - before.cars_a[index])
        is_half = SHOWS_A_PART <= part < FOLLOWS_TOGETHER
        back = metered < HALF * car or (balanced and not is_half)
        if known is not None and back and past.moved_with[index]:
            following[index] = replace(known, answers=True)
            feeds_in[index] = True
    return replace(past, feeds_in=tuple(feeds_in), following=tuple(following))


def _compared(past: Doubt, before: Level, wavers_a: PerPhase, now: datetime) -> Doubt:
    """Note how a meter followed from one level to the present one, beyond what was known before that."""
    level = past.level
    assert level is not None
    flows = len(level.metered_a)
    feeds_in = list(past.feeds_in or (False,) * flows)
    following = list(past.following or (None,) * flows)
    known = past.followed or (None,) * flows
    exported_at = list(past.exported_at)
    together = _together(before, level)
    lenient = has_sun(past, now) and not past.broken
    shows_cars = past.shows_cars
    for index in _changed(before, level):
        car, metered = level.cars_a[index], level.metered_a[index]
        was, metered_before = before.cars_a[index], before.metered_a[index]
        part = (metered - metered_before) / (car - was)
        trust = _trust(abs(car - was), wavers_a[index])
        one = _averaged(known[index], part, abs(car - was), together, trust, now)
        following[index] = one
        follows = part >= FOLLOWS
        if follows and min(metered, metered_before) < -EXPORTS_A:
            exported_at[index] = now
        short = min(car - metered, was - metered_before) > TOLERANCE_A
        goes_on = not contradicts(one) if lenient else followed(one)
        feeds_in[index] = (feeds_in[index] and goes_on) or (
            follows and not _shows_a_part(one, now) and (short or feeds_in[index])
        )
        shows_cars = shows_cars or follows
    return replace(
        past,
        following=tuple(following),
        feeds_in=tuple(feeds_in),
        exported_at=tuple(exported_at),
        shows_cars=shows_cars,
    )


def _compared_by_means(past: Doubt, now: datetime) -> Doubt:
    """Note how a meter followed the cars' last change by the means before and after it, if it did better by them."""
    before, level = past.before, past.level
    if before is None or level is None or not has_sun(past, now):
        return past
    if min(before.lasted_s, level.lasted_s) < MEANS_S:
        return past
    following = past.following or (None,) * len(level.metered_a)
    known = [following[index] for index in _changed(before, level)]
    least = max(
        (one.together for one in known if one is not None), default=FOLLOWS_MOST
    )
    if _together(before, level) < max(least, FOLLOWS_TOGETHER):
        return past
    return _compared(past, before, (0.0,) * len(level.metered_a), now)


def _changed(before: Level, level: Level) -> list[int]:
    """Return the flows in which the cars changed."""
    pairs = enumerate(zip(level.cars_a, before.cars_a, strict=True))
    return [index for index, (car, was) in pairs if abs(car - was) >= CHANGED_A]


def _together(before: Level, level: Level) -> float:
    """Return by which part of the cars' change the phases changed together: the house takes more or less on one of them."""
    changed = _changed(before, level)
    phases = changed[:-1] or changed  # without the sum
    changes = [
        (
            level.cars_a[index] - before.cars_a[index],
            level.metered_a[index] - before.metered_a[index],
        )
        for index in phases
    ]
    weight = sum(change * change for change, _ in changes)
    return sum(change * shown for change, shown in changes) / weight if weight else 0.0


def watch_exports(
    past: Doubt, metered_a: PerPhase, cars_a: PerPhase, now: datetime
) -> Doubt:
    """Note where a meter exports while no car charges there: only sun does that, or a meter that is turned."""
    known = past.exported_at
    if len(known) != len(metered_a):
        known = (None,) * len(metered_a)
    exported_at = tuple(
        now if metered < -EXPORTS_A and car < TOLERANCE_A else at
        for at, metered, car in zip(known, metered_a, cars_a, strict=True)
    )
    return replace(past, exported_at=exported_at)


def exports(past: Doubt, now: datetime, within: timedelta) -> tuple[bool, ...]:
    """Return where a meter has exported within such a time."""
    return tuple(at is not None and now - at <= within for at in past.exported_at)


def has_sun(past: Doubt, now: datetime) -> bool:
    """Whether a meter has exported anywhere in the last day. Without sun, one that does not follow the cars is wrong, whatever the house does."""
    return any(exports(past, now, SUN_FORGOTTEN))


def broken(past: Doubt, *, surely: bool) -> Doubt:
    """Return what is known of a meter that fell as one does that fails: the means are over, and the benefit of the doubt.

    Where it followed the cars it may have been sun all the same, if it has not failed `surely`.
    """
    known = past.following or (None,) * len(past.feeds_in)
    feeds_in = tuple(
        feeds and not surely and one is not None and (followed(one) or one.answers)
        for feeds, one in zip(past.feeds_in, known, strict=True)
    )
    return replace(past, level=None, before=None, broken=True, feeds_in=feeds_in)


def followed(known: Following) -> bool:
    """Whether a meter has followed the cars on average, and at their last change, if only on all phases together."""
    return known.part >= FOLLOWS and max(known.last, known.together) >= FOLLOWS_TOGETHER


def contradicts(known: Following) -> bool:
    """Whether a meter did not follow the cars at their last change, nor all phases together, or not on average."""
    return min(known.part, max(known.last, known.together)) < SHOWS_A_PART


def _trust(changed_a: float, wavers_a: float) -> float:
    """Return how much a change of the cars says beside what the house does."""
    return changed_a**2 / (changed_a**2 + (STRAYS * wavers_a) ** 2)


def _averaged(
    past: Following | None,
    part: float,
    changed_a: float,
    together: float,
    trust: float,
    now: datetime,
) -> Following:
    last = min(max(part, -FOLLOWS_MOST), FOLLOWS_MOST)
    if past is None:
        last = max(last, 0.0)
        return Following(
            part=last,
            changed_a=changed_a,
            last=last,
            at=now,
            together=together,
            first=True,
            opposite=part < OPPOSITE,
            trust=trust,
        )
    last = max(past.part + (last - past.part) * trust, 0.0)
    return Following(
        part=past.part + (last - past.part) * FOLLOWING_WEIGHT,
        changed_a=past.changed_a + changed_a,
        last=last,
        at=now,
        together=past.part + (together - past.part) * trust,
        trust=trust,
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
