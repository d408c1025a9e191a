"""When a change is worth writing: each write is a row in the recorder and a message to every browser.

A meter's last digit changes with every reading. Large changes are written at once; fluctuations when the value has
settled, and now and then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.const import (
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfPower,
)

from .engine.model import Reason, ReasonKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What an entity shows. A different `moment` (a new session, for example) is always worth writing."""

    available: bool
    value: Any = None
    attributes: Mapping[str, Any] | None = None
    moment: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast an entity follows its value.

    `close` returns whether two values are nearly equal. Others are written at once, but no more than `burst`
    of them, and one more each `refill_s`; None: all of them. Those that `matter` are written whatever the burst, and so
    is another value that has stayed nearly equal for `stays_s`. A value that has not changed at all for `settled_s` is
    always written, as is any after `every_s`.
    """

    close: Callable[[Shown, Shown], bool]
    matters: Callable[[Shown, Shown], bool] = lambda _one, _other: False
    stays_s: float = 30.0
    settled_s: float = 30.0
    every_s: float = 300.0
    burst: int | None = None
    refill_s: float = 1200.0


def within(band: float, *, share: float = 0.0, every_s: float = 300.0) -> Pace:
    """Return the pace of a number whose changes within a band, or within a share of it, are not written at once."""

    def close(one: Shown, other: Shown) -> bool:
        return _near(one.value, other.value, band, share)

    return Pace(close=close, every_s=every_s)


def within_with_attributes(band: float, least: float) -> Pace:
    """Return the pace of a number with numbers as attributes: these are nearly equal within a tenth, or this much."""

    def close(one: Shown, other: Shown) -> bool:
        return _near(one.value, other.value, band) and _all_near(
            one.attributes or {}, other.attributes or {}, least
        )

    return Pace(close=close)


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
    UnitOfElectricCurrent.AMPERE: within(0.5),
    UnitOfElectricPotential.VOLT: within(3),
    # A person reads two digits of it.
    UnitOfPower.WATT: within(100, share=0.02),
    UnitOfPower.KILO_WATT: within(0.1, share=0.02),
    # An hour's statistics are wrong by a minute's energy at most, as with a meter that reports once a minute.
    UnitOfEnergy.WATT_HOUR: within(500, every_s=60),
    UnitOfEnergy.KILO_WATT_HOUR: within(0.5, every_s=60),
}
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


def same_reason(one: Reason, other: Reason) -> bool:
    """Return whether two reasons are nearly equal: the same key and names, and numbers within a tenth."""
    if one.key != other.key or len(one.values) != len(other.values):
        return False
    return all(
        name == other_name and _much_the_same(name, value, other_value)
        for (name, value), (other_name, other_value) in zip(
            one.values, other.values, strict=True
        )
    )


def _much_the_same(name: str, one: str | float, other: str | float) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    least = 100.0 if name.endswith("_w") else 1.0
    return abs(one - other) < max(least, abs(one) / 10)


# Actions of a person and failures, rather than changes of solar power and the house.
_FACTS = frozenset(
    (
        ReasonKey.NO_CAR,
        ReasonKey.MODE_OFF,
        ReasonKey.NOT_ALLOWED,
        ReasonKey.PAUSED_UNTIL,
        ReasonKey.SESSION_LIMIT,
        ReasonKey.CAR_FINISHED,
        ReasonKey.CHARGER_OFFLINE,
        ReasonKey.CHARGER_FAULTED,
        ReasonKey.NEVER_CONNECTED,
        ReasonKey.OUT_OF_SERVICE,
        ReasonKey.METER_LOST,
        ReasonKey.WAITING_FOR_METER,
        ReasonKey.BOOSTING,
    )
)


# With these a car waits as planned. A person who sees one that is over is misled; plans come every few minutes.
_PLANNED_WAITS = frozenset(
    (
        ReasonKey.WAITING_FOR_FORECAST_SUN,
        ReasonKey.WAITING_FOR_PRICE,
        ReasonKey.WAITING_FOR_CLEAN_POWER,
        ReasonKey.WAITING_FOR_FEED_IN,
        ReasonKey.WAITING_FOR_LOW_PEAK,
        ReasonKey.WAITING_FOR_PLAN,
        ReasonKey.STARTING_ON_SUN,
        ReasonKey.NO_PLAN,
        ReasonKey.HAS_ENOUGH,
    )
)


def _another_fact(one: Shown, other: Shown) -> bool:
    """Whether a fact became true, or is no longer; or a car waits as planned for something else, or charges."""
    keys = {one.value.key, other.value.key}
    if len(keys) == 1:
        return False
    return bool(keys & (_FACTS | _PLANNED_WAITS))


REASON_PACE = Pace(
    close=lambda one, other: same_reason(one.value, other.value),
    matters=_another_fact,
    settled_s=120.0,
    every_s=1200.0,
    burst=20,
)


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
        self._tokens = float(pace.burst or 0) if pace else 0.0
        self._filled_s = 0.0

    @property
    def waiting(self) -> Shown | None:
        """Return the new value that has not been written yet, None if there is none."""
        return self._candidate

    def due(self, shown: Shown, now_s: float) -> bool:
        """Return whether to write at `now_s`, by a monotonic clock; a value that is due counts as written."""
        if shown == self._written:
            self._candidate = None
            return False
        if shown != self._candidate:
            if self._candidate is None or not self._much_the_same(shown):
                self._stays_s = now_s
            self._candidate, self._since_s = shown, now_s
        if not self._is_due(shown, now_s):
            return False
        self._written, self._written_s, self._candidate = shown, now_s, None
        return True

    def _much_the_same(self, shown: Shown) -> bool:
        before, pace = self._candidate, self._pace
        if pace is None or before is None or _differs(before, shown):
            return False
        return pace.close(before, shown)

    def _is_due(self, shown: Shown, now_s: float) -> bool:
        before, pace = self._written, self._pace
        if pace is None or before is None or _differs(before, shown):
            return True
        if now_s - self._since_s >= pace.settled_s:
            return True
        if pace.close(before, shown):
            return now_s - self._written_s >= pace.every_s
        return (
            pace.burst is None
            or pace.matters(before, shown)
            or now_s - self._stays_s >= pace.stays_s
            or self._take(pace, now_s)
        )

    def _take(self, pace: Pace, now_s: float) -> bool:
        assert pace.burst is not None
        refilled = (now_s - self._filled_s) / pace.refill_s
        self._tokens, self._filled_s = min(self._tokens + refilled, pace.burst), now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def _differs(one: Shown, other: Shown) -> bool:
    """Return whether two values differ in what is always written: being available, having a value at all, the moment."""
    return (one.available, one.value is None, one.moment) != (
        other.available,
        other.value is None,
        other.moment,
    )
