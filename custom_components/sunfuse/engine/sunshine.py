"""How much sun there is for cars, and when it is enough to start or too little to go on."""

from dataclasses import replace
from datetime import datetime, timedelta

from .capacity import Capacity
from .memory import ConnectorMemory, Memory
from .model import Mode, Snapshot

# A cloud is shorter than this, an afternoon is longer.
START_DELAY = timedelta(minutes=1)
STOP_DELAY = timedelta(minutes=3)
# The time constant of the running average, in seconds. It follows drops at once: they would be imported.
AVERAGE_S = 30.0


def surplus_now_w(snapshot: Snapshot, main: Capacity) -> float:
    """Return the solar power that would be exported if no car charged, in watts.

    What the battery takes is its own, and what it gives is not the sun's.
    """
    if main.uncontrolled_w is None:
        return 0.0
    battery_w = max(snapshot.battery.power_w, 0.0) if snapshot.battery else 0.0
    surplus_w = max(-main.uncontrolled_w - battery_w, 0.0)
    if snapshot.solar is not None:
        surplus_w = min(surplus_w, max(snapshot.solar.power_w, 0.0))
    return surplus_w


def average_w(surplus_w: float, memory: Memory, now: datetime) -> float:
    """Return the running average of the surplus, which never exceeds what there is now."""
    if memory.surplus_w is None or memory.at is None:
        return surplus_w
    elapsed_s = max((now - memory.at).total_seconds(), 0.0)
    weight = elapsed_s / (elapsed_s + AVERAGE_S)
    average = memory.surplus_w + (surplus_w - memory.surplus_w) * weight
    return min(average, surplus_w)


def watch_sun(past: ConnectorMemory, *, enough: bool, now: datetime) -> ConnectorMemory:
    """Note since when the sun has been enough for a connector's minimum, or too little."""
    if enough:
        return replace(past, sunny_since=past.sunny_since or now, dull_since=None)
    return replace(past, sunny_since=None, dull_since=past.dull_since or now)


def may_run(past: ConnectorMemory, now: datetime) -> bool:
    """Whether a connector that lives from the sun alone may have its minimum."""
    if past.on_since is not None:
        return past.dull_since is None or now - past.dull_since < STOP_DELAY
    return past.sunny_since is not None and now - past.sunny_since >= START_DELAY


def starts_at(past: ConnectorMemory) -> datetime | None:
    """Return when it starts if the sun stays; None while the sun is too little."""
    return past.sunny_since + START_DELAY if past.sunny_since else None


SUNNY = frozenset((Mode.SOLAR, Mode.SOLAR_MIN))
