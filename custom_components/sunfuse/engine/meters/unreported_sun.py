"""Tells sun of which nobody reports from a meter that fails: both make it show less than the cars take.

Many homes have no sensor for their panels, and a meter of ten seconds shows the edge of a cloud as one step. A meter that
followed the cars until then has sun behind it if its phases fell by the same, as beside an inverter, or if it goes on living at
what it fell to. It has none if it fell as a meter does that fails: to nothing, to its opposite, to half of what it showed; or
if it was silent before, when it may have become another one.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from ..memory import Doubt, Fall
from ..model import PerPhase
from .meter_following import FOLLOWS_TOGETHER, followed

# What falls by less has neither failed nor been relieved by much sun.
FALLS_A = 2.0
# An inverter supplies the same on each of its phases; the house takes a little more or less meanwhile.
SAME_SUN_A = 0.5
# What a fault makes of a current; and within this, with what the house does meanwhile.
FAULTS = (-1.0, 0.5)
SAME_A = 1.0
SAME = 0.1
# A meter that has failed at zero, or shows kilowatts as watts.
ZERO_A = 0.05
ZERO = 0.01
# After a longer silence a meter may have become another one.
SILENT = timedelta(minutes=2)


def watch_falls(
    past: Doubt,
    now_a: PerPhase,
    before_a: PerPhase,
    cars_a: PerPhase,
    *,
    at: datetime,
    silent: timedelta,
    short: bool,
    shows_cars: bool,
) -> Doubt:
    """Note since when a meter has been short of what the cars take, and how it fell to that.

    It showed `before_a` before a silence, of other parts if it is another meter. What the cars released since, of which they
    take `cars_a` now, may be in that already. That it shows all that they take, as they report, ends the suspicion.
    """
    fall = past.fall
    if len(before_a) != len(now_a) or silent > SILENT:
        fall = Fall.LIKE_A_FAULT
    else:
        then_a = past.read_cars_a if silent and past.read_cars_a else cars_a
        released = zip(before_a, then_a, cars_a, strict=True)
        less_a = tuple(was - max(then - now, 0.0) for was, then, now in released)
        if any(_fell_like_a_fault(was, now_a) for was in (before_a, less_a)):
            fall = Fall.LIKE_A_FAULT
        elif shows_cars:
            fall = Fall.OTHER
        elif fall is Fall.OTHER and any(
            _fell_like_sun(was, now_a) for was in (before_a, less_a)
        ):
            fall = Fall.LIKE_SUN
    return replace(
        past,
        fall=fall,
        short_since=(past.short_since or at) if short else None,
        read_cars_a=cars_a if silent or not past.read_cars_a else past.read_cars_a,
    )


def _fell_like_a_fault(before_a: PerPhase, now_a: PerPhase) -> bool:
    """Whether a meter fell as one does that fails: as a whole, or one phase while the others stay as they are."""
    flows = list(zip(before_a, now_a, strict=True))
    fallen = [(was, now) for was, now in flows if was - now > FALLS_A]
    if any(abs(now) <= max(ZERO_A, ZERO * abs(was)) for was, now in fallen):
        return True
    return bool(fallen) and any(
        all(_is(now, fault * was) or _is(now, was) for was, now in flows)
        for fault in FAULTS
    )


def _is(a: float, b: float) -> bool:
    return abs(a - b) <= max(SAME_A, SAME * abs(b))


def _fell_like_sun(before_a: PerPhase, now_a: PerPhase) -> bool:
    """Whether phases fell by the same and the others stayed as they are, as beside an inverter of one or more phases."""
    falls = [was - now for was, now in zip(before_a, now_a, strict=True)]
    fallen = [fall for fall in falls if fall > FALLS_A]
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
        known is not None and followed(known) and abs(metered) > ZERO_A
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


def is_first(past: Doubt, short: tuple[bool, ...], flows_a: PerPhase) -> bool:
    """Whether it may be sun that shone already when the first car came: the meter followed the car on some phase.

    The house takes more or less meanwhile, so the others may seem not to, but each has exported: a dead phase shows next to
    nothing. The next change of the cars decides.
    """
    known = [one for one in past.following[:-1] or past.following if one is not None]
    phases = (
        short[:-1] if any(short[:-1]) else short
    )  # they are what the sum is short of
    return (
        bool(known)
        and all(one.first and not one.opposite for one in known)
        and max(one.part for one in known) >= FOLLOWS_TOGETHER
        and all(
            one is not None and one.exported and abs(metered) > ZERO_A
            for one, metered, is_short in zip(
                past.following, flows_a, phases, strict=False
            )
            if is_short
        )
    )
