"""When a change is worth writing: each write is a row in the recorder and a message to every browser.

A meter's last digit changes with every reading. Large changes are written at once; fluctuations when the value has
settled, and now and then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
import math
from typing import Any

from homeassistant.const import (
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfPower,
)

from .engine.model import CircuitState


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What an entity shows. A different `moment` (a new session, for example) is always worth writing."""

    available: bool
    value: Any = None
    attributes: Mapping[str, Any] | None = None
    moment: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteAllowance:
    """How many writes an entity may save up, and how fast they come back.

    Of what is saved up, a third is for large changes and for values that stay, and another third for any that leave
    their band: the last digit of what is nearly equal takes neither.
    """

    most: int
    refill_s: float

    @property
    def for_changes(self) -> float:
        """What is left for changes that matter more than one within the band."""
        return self.most * 2 / 3

    @property
    def for_large_ones(self) -> float:
        """What is left for large changes, and for values that stay."""
        return self.most / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast an entity follows its value.

    `close` returns whether two values are nearly equal. Others are written at once, as far as the `allowance` goes; None:
    always. It goes further for those that are `far` apart, and for another value that has stayed nearly equal for
    `stays_s`; not for `minor` changes. One that `passes` is written only if it stays. Those that `matter`, those that are
    far apart `far_s` after the last write, and one after `at_last_s` of others than the written one, are written in any
    case. One that is nearly equal is written when it has not changed at all for `settled_s`, and after `every_s`.
    """

    close: Callable[[Shown, Shown], bool]
    far: Callable[[Shown, Shown], bool] = lambda _one, _other: False
    minor: Callable[[Shown, Shown], bool] = lambda _one, _other: False
    passes: Callable[[Shown, Shown], bool] = lambda _one, _other: False
    matters: Callable[[Shown, Shown], bool] = lambda _one, _other: False
    far_s: float = math.inf
    stays_s: float = 30.0
    at_last_s: float = 300.0
    settled_s: float = 30.0
    every_s: float = 300.0
    allowance: WriteAllowance | None = None


# What wavers all day makes some 500 rows of it. Whatever was before, a value that stays is shown within three minutes, and
# one of those that waver elsewhere within five.
WAVERS = WriteAllowance(most=15, refill_s=180.0)


def within(
    band: float,
    *,
    share: float = 0.0,
    every_s: float = 300.0,
    allowance: WriteAllowance | None = None,
) -> Pace:
    """Return the pace of a number whose changes within a band, or within a share of it, are not written at once."""

    def close(one: Shown, other: Shown) -> bool:
        return _near(one.value, other.value, band, share)

    def far(one: Shown, other: Shown) -> bool:
        return not _near(one.value, other.value, 2 * band, 0.5)

    return Pace(close=close, far=far, every_s=every_s, allowance=allowance)


def within_with_attributes(band: float, least: float) -> Pace:
    """Return the pace of a number with numbers as attributes: these are nearly equal within a tenth, or this much."""

    def close(one: Shown, other: Shown) -> bool:
        return _near(one.value, other.value, band) and _all_near(
            one.attributes or {}, other.attributes or {}, least
        )

    return Pace(close=close, allowance=WAVERS)


def _all_near(one: Any, other: Any, least: float) -> bool:
    """Return whether attributes are the same except for numbers that are nearly equal."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(
            _all_near(value, other[name], least) for name, value in one.items()
        )
    return _near(one, other, least, 0.1)


def _near(one: Any, other: Any, band: float, share: float = 0.0) -> bool:
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return abs(one - other) < max(band, share * abs(one))
    return bool(one == other)


# By the unit of the value.
PACES: Mapping[str, Pace] = {
    UnitOfElectricCurrent.AMPERE: within(0.5, allowance=WAVERS),
    UnitOfElectricPotential.VOLT: within(3, allowance=WAVERS),
    # A person reads two digits of it.
    UnitOfPower.WATT: within(100, share=0.02, allowance=WAVERS),
    UnitOfPower.KILO_WATT: within(0.1, share=0.02, allowance=WAVERS),
    # An hour's statistics are wrong by a minute's energy at most, as with a meter that reports once a minute.
    UnitOfEnergy.WATT_HOUR: within(500, every_s=60),
    UnitOfEnergy.KILO_WATT_HOUR: within(0.5, every_s=60),
}
# Of what a car may have: a reason beside it says how much that is. Where it changes by amperes all day, it is right within ten seconds.
OFFER_PACE = replace(
    PACES[UnitOfElectricCurrent.AMPERE],
    far=lambda one, other: not _near(one.value, other.value, 1.0),
    far_s=10.0,
)
# Of a connector's energy, which rises when it is saved.
ENERGY_PACE = within(500, every_s=20)
# The precision for people: tenths of an ampere, and no fractions otherwise.
_DIGITS: Mapping[str, int] = {
    UnitOfElectricCurrent.AMPERE: 1,
    UnitOfElectricPotential.VOLT: 0,
    UnitOfPower.WATT: 0,
    UnitOfEnergy.WATT_HOUR: 0,
}


def readable[T](value: T, unit: str | None) -> T | float:
    """Return a value with the precision for people; tiny values are zero."""
    digits = _DIGITS.get(unit) if unit else None
    if not isinstance(value, float) or digits is None:
        return value
    return round(value, digits) + 0.0  # not -0.0


# What wavers all day makes a hundred rows of it; what stays is shown within half a minute as a rule.
SELDOM = Pace(
    close=lambda one, other: one == other,
    at_last_s=900.0,
    allowance=WriteAllowance(most=15, refill_s=1200.0),
)


# A circuit beside whose load the cars have just enough: whether it limits them alternates with each reading.
_AT_THE_EDGE = frozenset((CircuitState.OK, CircuitState.LIMITED))


def _is_other_state(one: Shown, other: Shown) -> bool:
    """Whether a circuit's state is another than that it limits cars, or does not."""
    return not {one.value, other.value} <= _AT_THE_EDGE


def _set_otherwise(one: Shown, other: Shown) -> bool:
    """Whether other limits apply now."""
    return one.attributes != other.attributes


# Of a circuit's state, and of what limits the site: what wavers is written as seldom as reasons are.
STATE_PACE = replace(SELDOM, matters=_is_other_state)
LIMITED_BY_PACE = replace(SELDOM, matters=_set_otherwise)


class WriteThrottle:
    """Decides for one entity whether its value is worth writing now."""

    def __init__(self, pace: Pace | None) -> None:
        """Start with nothing written. Without a pace every change is written."""
        self._pace = pace
        self._written: Shown | None = None
        self._written_s = 0.0
        self._candidate: Shown | None = None
        self._since_s = 0.0  # the candidate has not changed
        self._stays_s = 0.0  # and has been nearly equal
        # Since when it has not been nearly equal to what was written, whatever it was.
        self._apart_s: float | None = None
        allowance = pace.allowance if pace else None
        self._saved_up = float(allowance.most if allowance else 0)
        self._filled_s = 0.0

    @property
    def waiting(self) -> Shown | None:
        """Return the new value that has not been written yet, None if there is none."""
        return self._candidate

    def due(self, shown: Shown, now_s: float) -> bool:
        """Return whether to write at `now_s`, by a monotonic clock; a value that is due counts as written."""
        if shown == self._written:
            self._candidate = self._apart_s = None
            return False
        if shown != self._candidate:
            if self._candidate is None or not self._much_the_same(shown):
                self._stays_s = now_s
            self._candidate, self._since_s = shown, now_s
        if not self._is_due(shown, now_s):
            return False
        self._written, self._written_s = shown, now_s
        self._candidate = self._apart_s = None
        return True

    def _much_the_same(self, shown: Shown) -> bool:
        before, pace = self._candidate, self._pace
        if pace is None or before is None or _differs(before, shown):
            return False
        return pace.close(before, shown) or pace.minor(before, shown)

    def _is_due(self, shown: Shown, now_s: float) -> bool:
        before, pace = self._written, self._pace
        if pace is None or before is None or _differs(before, shown):
            return True
        allowance = pace.allowance
        if pace.close(before, shown):
            self._apart_s = None
            if now_s - self._written_s >= pace.every_s:
                return True
            return now_s - self._since_s >= pace.settled_s and (
                allowance is None or self._take(allowance, allowance.for_changes, now_s)
            )
        if self._apart_s is None:
            self._apart_s = now_s
        if (
            allowance is None
            or now_s - self._apart_s >= pace.at_last_s
            or pace.matters(before, shown)
        ):
            return True
        far = pace.far(before, shown)
        if far and now_s - self._written_s >= pace.far_s:
            return True
        stays = now_s - self._stays_s >= pace.stays_s
        if pace.passes(before, shown) and not stays:
            return False
        large = stays or far
        leaving = 0.0 if large else allowance.for_large_ones
        if pace.minor(before, shown):
            leaving = allowance.for_changes
        return self._take(allowance, leaving, now_s)

    def _take(self, allowance: WriteAllowance, leaving: float, now_s: float) -> bool:
        """Take a write from what is saved up, if that leaves as much."""
        refilled = (now_s - self._filled_s) / allowance.refill_s
        self._saved_up = min(self._saved_up + refilled, allowance.most)
        self._filled_s = now_s
        if self._saved_up - 1 < leaving:
            return False
        self._saved_up -= 1
        return True


def _differs(one: Shown, other: Shown) -> bool:
    """Return whether two values differ in what is always written: being available, having a value at all, the moment."""
    return (one.available, one.value is None, one.moment) != (
        other.available,
        other.value is None,
        other.moment,
    )
