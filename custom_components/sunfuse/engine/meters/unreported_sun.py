"""Tells sun of which nobody reports from a meter that fails: both make it show less than the cars take.

Many homes have no sensor for their panels, and a meter of ten seconds shows the edge of a cloud as one step. A meter that
followed the cars until then has sun behind it if its phases fell by the same, as beside an inverter, or if it goes on living at
what it fell to. It has none if it fell as a meter does that fails: to nothing, to its opposite, to half of what it showed; or
if it was silent before, when it may have become another one.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..model import PerPhase
from .balanced import ZERO_A
from .doubt import Doubt, Fall, Following
from .meter_following import (
    CLEAR,
    EXPORTS_A,
    FOLLOWS_TOGETHER,
    HALF,
    contradicts,
    exports,
    followed,
)

# What falls by less has neither failed nor been relieved by much sun.
FALLS_A = 2.0
# An inverter supplies the same on each of its phases; the house takes a little more or less meanwhile.
SAME_SUN_A = 0.5
# What a fault makes of a current; and within this, with what the house does meanwhile.
FAULTS = (-1.0, 0.5)
SAME_A = 1.0
SAME = 0.1
PART_OF_FALL = 0.15
# A meter that has failed at zero, or shows kilowatts as watts.
ZERO = 0.01
# What a meter that is turned shows of the cars at least, with a house that takes nothing.
TURNED = 0.8
# After a longer silence a meter may have become another one.
SILENT = timedelta(minutes=2)
# Where a meter exported within this, the sun shines, or a cloud passes.
SHINES = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a meter shows now, what it showed before it was `silent`, and what the cars take now."""

    at: datetime
    now_a: PerPhase
    before_a: PerPhase
    cars_a: PerPhase
    silent: timedelta

    def from_a(self, past: Doubt) -> tuple[PerPhase, PerPhase]:
        """Return what it may have fallen from: what it showed, with or without what the cars have released since."""
        known = self.silent and len(past.read_cars_a) == len(self.cars_a)
        then_a = past.read_cars_a if known else self.cars_a
        released = zip(self.before_a, then_a, self.cars_a, strict=True)
        less_a = tuple(was - max(then - now, 0.0) for was, then, now in released)
        return self.before_a, less_a


def breaks(past: Doubt, change: Change) -> bool:
    """Whether a meter became another one: it fell as one does that fails, was silent for long, or has other parts."""
    now_a = change.now_a
    if len(change.before_a) != len(now_a) or change.silent > SILENT:
        return True
    return any(_fell_like_a_fault(was, now_a) for was in change.from_a(past))


def is_no_sun(past: Doubt, change: Change) -> bool:
    """Whether no sun makes a meter fall so: phases by different amounts, and each of them to its opposite or to half."""
    now_a = change.now_a
    if len(change.before_a) != len(now_a):
        return False
    return any(
        len(falls := _falls(was, now_a)) > 1
        and max(falls) - min(falls) > FALLS_A
        and _is_like_a_fault(was, now_a)
        for was in change.from_a(past)
    )


def watch_falls(
    past: Doubt, change: Change, *, broken: bool, short: bool, shows_cars: bool
) -> Doubt:
    """Note since when a meter has been short of what the cars take, and how it fell to that, as it does where it is `broken`.

    That it shows all that they take, as they report, ends the suspicion.
    """
    fall = past.fall
    if broken:
        fall = Fall.LIKE_A_FAULT
    elif shows_cars:
        fall = Fall.OTHER
    elif fall is Fall.OTHER:
        if any(_fell_like_sun(was, change.now_a) for was in change.from_a(past)):
            fall = Fall.LIKE_SUN
    is_new = change.silent or not past.read_cars_a
    return replace(
        past,
        fall=fall,
        short_since=(past.short_since or change.at) if short else None,
        read_cars_a=change.cars_a if is_new else past.read_cars_a,
    )


def _fell_like_a_fault(before_a: PerPhase, now_a: PerPhase) -> bool:
    """Whether a meter fell as one does that fails: as a whole, or one phase while the others stay as they are."""
    flows = zip(before_a, now_a, strict=True)
    fallen = [(was, now) for was, now in flows if was - now > FALLS_A]
    if any(abs(now) <= max(ZERO_A, ZERO * abs(was)) for was, now in fallen):
        return True
    return bool(fallen) and _is_like_a_fault(before_a, now_a)


def _is_like_a_fault(before_a: PerPhase, now_a: PerPhase) -> bool:
    """Whether each phase has become its opposite or half of itself, or is the same."""
    flows = list(zip(before_a, now_a, strict=True))
    return any(
        all(_has_become(was, now, fault * was) or _is(now, was) for was, now in flows)
        for fault in FAULTS
    )


def _falls(before_a: PerPhase, now_a: PerPhase) -> list[float]:
    """Return by how much the phases fell that did."""
    falls = [was - now for was, now in zip(before_a, now_a, strict=True)]
    return [fall for fall in falls if fall > FALLS_A]


def _has_become(was: float, now: float, fault: float) -> bool:
    """Whether a current fell to what a fault makes of it; from little to little any fall does."""
    return abs(now - fault) <= PART_OF_FALL * abs(was - now) and _is(now, fault)


def _is(a: float, b: float) -> bool:
    return abs(a - b) <= max(SAME_A, SAME * abs(b))


def _fell_like_sun(before_a: PerPhase, now_a: PerPhase) -> bool:
    """Whether phases fell by the same and the others stayed as they are, as beside an inverter of one or more phases."""
    falls = [was - now for was, now in zip(before_a, now_a, strict=True)]
    fallen = _falls(before_a, now_a)
    others = [fall for fall in falls if fall <= FALLS_A]
    return (
        bool(fallen)
        and max(fallen) - min(fallen) <= SAME_SUN_A
        and all(abs(fall) <= SAME_SUN_A for fall in others)
    )


def may_be_sun(past: Doubt, short: tuple[bool, ...], flows_a: PerPhase) -> bool:
    """Whether it may be sun that makes a meter short of the cars in some of its flows."""
    following = past.following or (None,) * len(short)
    return past.fall is not Fall.LIKE_A_FAULT and all(
        known is not None and followed(known) and abs(metered) > EXPORTS_A
        for known, metered, is_short in zip(following, flows_a, short, strict=True)
        if is_short
    )


def is_sun(
    past: Doubt, short: tuple[bool, ...], lives_since: tuple[datetime, ...]
) -> bool:
    """Whether it is, if it may be: by how the meter fell, or because it has shown other values there since."""
    since = past.short_since
    lives = since is not None and all(
        at > since for at, is_short in zip(lives_since, short, strict=True) if is_short
    )
    return lives or past.fall is Fall.LIKE_SUN


def is_first(
    past: Doubt,
    short: tuple[bool, ...],
    flows_a: PerPhase,
    cars_a: PerPhase,
    now: datetime,
) -> bool:
    """Whether it may be sun that shone already when the first car came: the meter followed the car on some phase.

    The house takes more or less meanwhile, so the others may seem not to, but each has exported: a dead phase shows next to
    nothing. The next change of the cars decides.
    """
    known = [one for one in past.following[:-1] or past.following if one is not None]
    goes_on = past.fall is not Fall.LIKE_A_FAULT
    return (
        bool(known)
        and max(one.part for one in known) >= FOLLOWS_TOGETHER
        and all(
            one is not None
            and not (one.opposite and _is_turned(metered, car))
            and (one.first or (goes_on and not contradicts(one)))
            for one, metered, car in _short_of(past, short, flows_a, cars_a)
        )
        and _has_sun(past, short, flows_a, now)
    )


def is_unclear(
    past: Doubt,
    short: tuple[bool, ...],
    flows_a: PerPhase,
    cars_a: PerPhase,
    lives_since: tuple[datetime, ...],
    now: datetime,
) -> bool:
    """Whether it may be sun for all that is known, so that the proof takes longer.

    The cars' last change was small beside what the house does, or no fault shows such a value.
    """
    if past.broken:
        return False
    if _is_near_zero(past, short, lives_since):
        return True
    return _has_sun(past, short, flows_a, now) and all(
        one is not None and _is_like_no_fault(one, metered, car)
        for one, metered, car in _short_of(past, short, flows_a, cars_a)
    )


def _is_like_no_fault(known: Following, metered_a: float, cars_a: float) -> bool:
    turned = _is_turned(metered_a, cars_a)
    if known.trust < CLEAR:
        return not (known.opposite and turned)
    return not turned and metered_a < HALF * cars_a


def _is_near_zero(
    past: Doubt, short: tuple[bool, ...], lives_since: tuple[datetime, ...]
) -> bool:
    """Whether a meter wavers around nothing wherever it is short, and sun is known there: cars that follow the sun bring it to that."""
    since, feeds_in = past.since, past.feeds_in
    if since is None or not feeds_in or past.fall is Fall.LIKE_A_FAULT:
        return False
    return all(
        feeds and at > since
        for feeds, at, is_short in zip(feeds_in, lives_since, short, strict=True)
        if is_short
    )


def _has_sun(
    past: Doubt, short: tuple[bool, ...], flows_a: PerPhase, now: datetime
) -> bool:
    """Whether a meter exported a while ago wherever it is short, and shows more there than a dead sensor picks up."""
    flows = zip(exports(past, now, SHINES), flows_a, _phases(short), strict=False)
    return all(
        exported and abs(metered) > EXPORTS_A
        for exported, metered, is_short in flows
        if is_short
    )


def _is_turned(metered_a: float, cars_a: float) -> bool:
    """Whether this may be the opposite of what the cars take and a house beside them."""
    return metered_a <= -TURNED * cars_a


def _short_of(
    past: Doubt, short: tuple[bool, ...], flows_a: PerPhase, cars_a: PerPhase
) -> list[tuple[Following | None, float, float]]:
    """Return what is known of the flows in which a meter is short, what it shows, and what cars take: of the phases, or else of their sum."""
    flows = zip(past.following, flows_a, cars_a, _phases(short), strict=False)
    found = [(one, metered, car) for one, metered, car, is_short in flows if is_short]
    return found or [(None, 0.0, 0.0)]


def _phases(short: tuple[bool, ...]) -> tuple[bool, ...]:
    """Return the phases in which a meter is short: the sum is short of what they are."""
    return short[:-1] if any(short[:-1]) else short
