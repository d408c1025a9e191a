"""How often each source tells something, as it is seen to: its usual interval, and how far it strays.

What a sensor's integration promises is not what arrives: clouds throttle, buses are shared, batteries are saved. The
last few hundred intervals are kept of each sensor, so what changes for good is learned within minutes to hours.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from homeassistant.components.recorder.history import state_changes_during_period
from homeassistant.core import (
    Event,
    EventStateChangedData,
    EventStateReportedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers.event import (
    async_track_state_change_event,
    async_track_state_report_event,
)
from homeassistant.helpers.recorder import get_instance

from ..engine.stored import Stored
from .rows import parse_number
from .series import percentile
from .states import problem_of

WINDOW = 240
# Fewer intervals say too little.
LEAST = 10
# An integration that writes state and attributes apart has told one thing.
_SAME_S = 0.2
# Longer than this it was not slow but away.
_AWAY_S = 3600.0
# Repeats of the same value that show that a sensor speaks regularly, whatever it has to say.
_REGULAR = 5
_LOOK_BACK = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """How often a sensor tells something, in seconds.

    Attributes:
        usual_s: the median.
        high_s: the 95th percentile; its distance from the median is the jitter.
        longest_s: the longest of those that are remembered.
        count: how many are remembered.
        regular: it tells the same value again, so that silence means something.

    """

    usual_s: float
    high_s: float
    longest_s: float
    count: int
    regular: bool = False


@dataclass(slots=True)
class _Past:
    """What is remembered of a sensor."""

    at: datetime | None = None
    repeats: int = 0
    intervals_s: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))
    known: Interval | None = None  # until something new is told


class Freshness:
    """The intervals of a site's sensors."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._past: dict[str, _Past] = {}

    def told(self, entity_id: str, at: datetime, *, again: bool = False) -> None:
        """Note that a sensor told a value, or `again` the same one."""
        past = self._past.setdefault(entity_id, _Past())
        before, past.at = past.at, at
        if before is None:
            return
        interval_s = (at - before).total_seconds()
        if interval_s < _SAME_S:
            past.at = before  # the first of a burst is when it was told
            return
        if interval_s <= _AWAY_S:
            past.intervals_s.append(interval_s)
            past.repeats = min(past.repeats + again, _REGULAR)
            past.known = None

    def clock_was_set(self) -> None:
        """Note that the wall clock was set: what comes next is no interval."""
        for past in self._past.values():
            past.at = None

    def silent(self, entity_id: str) -> None:
        """Note that a sensor became unavailable: what comes next is no interval."""
        if (past := self._past.get(entity_id)) is not None:
            past.at = None

    def of(self, entity_id: str) -> Interval | None:
        """Return how often a sensor tells something; None until it was seen often enough."""
        past = self._past.get(entity_id)
        if past is None or len(past.intervals_s) < LEAST:
            return None
        if past.known is None:
            past.known = interval_of(past.intervals_s, regular=past.repeats >= _REGULAR)
        return past.known

    def slowest(self, entities: Iterable[str]) -> tuple[str, Interval] | None:
        """Return the slowest of some sensors: a meter is as old as the oldest of its parts."""
        known = [
            (entity, interval)
            for entity in entities
            if (interval := self.of(entity)) is not None
        ]
        return max(known, key=lambda pair: pair[1].usual_s, default=None)

    def silence_s(self, entities: Iterable[str]) -> float | None:
        """Return after which silence a meter of these sensors is lost; None where that cannot be told.

        Only where all of them speak regularly: a sensor that speaks when something changes may be silent all night.
        """
        known = [self.of(entity) for entity in entities]
        if not known or any(one is None or not one.regular for one in known):
            return None
        return max(lost_after_s(one) for one in known if one is not None)

    def to_dict(self) -> dict[str, Any]:
        """Return what was seen, for the store."""
        return {
            entity: {
                "repeats": past.repeats,
                "intervals_s": [round(one, 1) for one in past.intervals_s],
            }
            for entity, past in self._past.items()
        }

    def restore(
        self, data: Mapping[str, Any] | Stored, entities: Iterable[str]
    ) -> None:
        """Take back what was seen of these sensors; what cannot be read of it is noted and left out."""
        stored = Stored.of(data)
        for entity in entities:
            if kept := stored.within(entity):
                past = self._past.setdefault(entity, _Past())
                past.repeats = kept.read("repeats", _count, 0)
                past.intervals_s.extend(kept.rows("intervals_s", _interval_s))


def _count(value: Any) -> int:
    number = parse_number(value)
    if number is None or number < 0:
        raise ValueError("A number of repeats expected")
    return int(number)


def _interval_s(value: Any) -> float:
    number = parse_number(value)
    if number is None or not _SAME_S <= number <= _AWAY_S:
        raise ValueError("An interval in seconds expected")
    return number


def interval_of(intervals_s: Iterable[float], *, regular: bool = False) -> Interval:
    """Return the figures of some intervals, of which there must be one."""
    all_s = sorted(intervals_s)
    return Interval(
        usual_s=percentile(all_s, 50),
        high_s=percentile(all_s, 95),
        longest_s=all_s[-1],
        count=len(all_s),
        regular=regular,
    )


def lost_after_s(interval: Interval) -> float:
    """Return the silence after which a sensor that speaks regularly has fallen silent, at least half a minute."""
    return max(30.0, 10 * interval.usual_s, 3 * interval.longest_s)


@callback
def watch(
    hass: HomeAssistant, entities: Iterable[str], freshness: Freshness
) -> Callable[[], None]:
    """Note whenever one of these sensors tells something; returns what ends that."""
    watched = list(entities)

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state is None or problem_of(state)[0] is not None:
            freshness.silent(event.data["entity_id"])
        else:
            freshness.told(state.entity_id, state.last_reported)

    @callback
    def reported(event: Event[EventStateReportedData]) -> None:
        state = event.data["new_state"]
        if problem_of(state)[0] is None:
            freshness.told(state.entity_id, event.data["last_reported"], again=True)

    stops = (
        async_track_state_change_event(hass, watched, changed),
        async_track_state_report_event(hass, watched, reported),
    )

    def stop() -> None:
        for undo in stops:
            undo()

    return stop


async def async_recorded_intervals(
    hass: HomeAssistant, entities: Iterable[str], now: datetime
) -> dict[str, Interval]:
    """Return how often sensors changed in the last two hours, as the recorder has it.

    A sensor changes at most as often as it tells something, so these intervals are too long rather than too short.
    """
    wanted = list(entities)
    if not wanted or "recorder" not in hass.config.components:
        return {}

    def read() -> dict[str, Interval]:
        found = {}
        for entity in wanted:
            states = state_changes_during_period(
                hass, now - _LOOK_BACK, now, entity, no_attributes=True
            ).get(entity, [])
            times = [state.last_updated for state in states]
            intervals = [
                (after - before).total_seconds()
                for before, after in zip(times, times[1:], strict=False)
            ]
            recent = [one for one in intervals if _SAME_S <= one <= _AWAY_S][-WINDOW:]
            if len(recent) >= LEAST:
                found[entity] = interval_of(recent)
        return found

    return await get_instance(hass).async_add_executor_job(read)
