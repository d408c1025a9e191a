"""When another reason of a connector is worth writing: numbers in it change with every reading, and some pass within seconds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ..engine.model import Reason, ReasonKey
from ..engine.reason_key import TIMES
from ..state_writes import SELDOM, Shown


def _same_reason(one: Reason, other: Reason) -> bool:
    """Return whether two reasons are nearly equal: the same key and names, and numbers within a tenth; on any phase."""
    if one.key != other.key or len(one.values) != len(other.values):
        return False
    return all(
        name == other_name and _much_the_same(name, value, other_value)
        for (name, value), (other_name, other_value) in zip(
            one.values, other.values, strict=True
        )
    )


# By the unit of a value; of others 1.
_LITTLE = (("_w", 100.0), ("_wh", 1500.0))


def _much_the_same(name: str, one: str | float, other: str | float) -> bool:
    if name == "phase":
        return True  # the fullest one, of phases that waver
    if isinstance(one, str) or isinstance(other, str):
        # Sentences tell times to the minute, and those that are estimated move with each decision.
        return one == other or (name in TIMES and _within_a_minute(one, other))
    least = next((least for unit, least in _LITTLE if name.endswith(unit)), 1.0)
    return abs(one - other) < max(least, abs(one) / 10)


def _within_a_minute(one: str | float, other: str | float) -> bool:
    apart = datetime.fromisoformat(str(one)) - datetime.fromisoformat(str(other))
    return abs(apart) < timedelta(minutes=1)


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
        ReasonKey.MISSES_DEPARTURE,
    )
)


# With these a car waits as planned. A person who sees one that is over is misled; plans come every few minutes.
_PLANNED_WAITS = frozenset(
    (
        ReasonKey.WAITING_FOR_FORECAST_SUN,
        ReasonKey.WAITING_FOR_PRICE,
        ReasonKey.WAITING_FOR_ONE_START,
        ReasonKey.WAITING_FOR_CLEAN_POWER,
        ReasonKey.WAITING_FOR_FEED_IN,
        ReasonKey.WAITING_FOR_LOW_PEAK,
        ReasonKey.WAITING_FOR_PLAN,
        ReasonKey.STARTING_ON_SUN,
        ReasonKey.NO_PLAN,
        ReasonKey.HAS_ENOUGH,
    )
)


# Clouds make a car alternate between starting on the sun and any of these: that is no other wait.
_WAITS_IN_THE_SHADE = _PLANNED_WAITS | {ReasonKey.WAITING_FOR_SUN, ReasonKey.SUN_TAKEN}


# These tell until when they hold. A person who sees one that is over waits in vain.
_UNTIL = (ReasonKey.PAUSING, ReasonKey.STOPPING_ON_SUN)


# What is over within seconds as a rule. A car that starts is at what limits it by then.
_PASSING = frozenset((ReasonKey.RAMPING, ReasonKey.WAITING_FOR_RELEASE))


def shown_reasons(reasons: Sequence[Reason], *, charges: bool, moment: object) -> Shown:
    """Return what is shown of why a car may charge, or may not: what limits it, and that its departure is missed besides."""
    return Shown(
        available=True,
        value=tuple(reasons),
        attributes={"charges": charges},
        moment=moment,
    )


def _same_reasons(one: Shown, other: Shown) -> bool:
    """Return whether reasons are nearly equal, of a car that may charge, or of one that may not."""
    return (
        one.attributes == other.attributes
        and len(one.value) == len(other.value)
        and all(map(_same_reason, one.value, other.value))
    )


def _other_numbers(one: Shown, other: Shown) -> bool:
    """Whether the reasons are the same with other numbers: nobody would do anything else. Another time or name is more than that."""
    return _same_reasons(_without_numbers(one), _without_numbers(other))


def _without_numbers(shown: Shown) -> Shown:
    told = tuple(
        replace(
            reason,
            values=tuple(pair for pair in reason.values if isinstance(pair[1], str)),
        )
        for reason in shown.value
    )
    return replace(shown, value=told)


def _keys(shown: Shown) -> list[ReasonKey]:
    return [reason.key for reason in shown.value]


def _passes(one: Shown, other: Shown) -> bool:
    """Whether a car that still charges, or still waits, has a reason that is over within seconds as a rule."""
    return one.attributes == other.attributes and not _PASSING.isdisjoint(_keys(other))


def _another_fact(one: Shown, other: Shown) -> bool:
    """Whether a fact became true, or is no longer; a car waits as planned for something else; it may charge, or may not, or its pause is over."""
    ends = any(key in _keys(one) and key not in _keys(other) for key in _UNTIL)
    differs = ends or one.attributes != other.attributes
    if differs and _PASSING.isdisjoint(_keys(other)):
        return True
    changed = set(_keys(one)) ^ set(_keys(other))
    if ReasonKey.STARTING_ON_SUN in changed and changed <= _WAITS_IN_THE_SHADE:
        return False
    return bool(changed & (_FACTS | _PLANNED_WAITS))


# Of the reasons of a connector: that of its offer, and that its departure is missed besides.
REASON_PACE = replace(
    SELDOM,
    close=_same_reasons,
    minor=_other_numbers,
    passes=_passes,
    matters=_another_fact,
    settled_s=120.0,
    every_s=3600.0,
)
