"""How often each source reports, as observed: its usual interval and its jitter.

What a sensor's integration promises is not what arrives: clouds throttle, buses are shared, batteries are saved. The
last few hundred intervals of each sensor are stored, so a lasting change is learned within minutes to hours.

A phase that reports only when it changes is silent, but not slow, while a total shows that it carries what it last reported, or the
sensor of the other direction that it carries nothing: an interval of such a sensor begins when that was last confirmed.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

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
from homeassistant.util import dt as dt_util

from ..engine.codec import read_number
from ..engine.stored_items import Stored
from .series import percentile
from .states import problem_of

WINDOW = 240
# Fewer intervals are not enough.
LEAST = 10
# An integration that writes state and attributes separately has reported once.
_SAME_S = 0.2
# What was reported so shortly before a sensor belongs to the same report.
_TOGETHER = timedelta(seconds=5)
# A longer interval was an outage, not a slow sensor.
_AWAY_S = 3600.0
# This many repeats of the same value show that a sensor reports regularly, even if nothing changes.
_REGULAR = 5
# More are not counted, so that one that is replaced by another that waits for a change is known again as such.
_MOST = 2 * _REGULAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """How often a sensor reports, in seconds.

    Attributes:
        usual_s: the median.
        high_s: the 95th percentile; its distance from the median is the jitter.
        longest_s: the longest of the stored ones.
        count: how many are stored.
        regular: it reports unchanged values again, so that silence is significant.

    """

    usual_s: float
    high_s: float
    longest_s: float
    count: int
    regular: bool = False


@dataclass(slots=True)
class _Past:
    """The stored intervals of a sensor."""

    at: datetime | None = None
    # When its value was last confirmed: not long ago, and before that.
    confirmed: tuple[datetime, ...] = ()
    repeats: int = 0
    intervals_s: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))
    known: Interval | None = None  # until the next report

    @property
    def regular(self) -> bool:
        """Whether it reports unchanged values again."""
        return self.repeats >= _REGULAR

    def known_until(self, reported_at: datetime, at: datetime) -> datetime:
        """Return until when it was known what a sensor shows that reported then, and now again."""
        if self.regular:
            return reported_at
        earlier = [one for one in self.confirmed if at - one >= _TOGETHER]
        return max((reported_at, *earlier))


class Freshness:
    """The intervals of a site's sensors."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._past: dict[str, _Past] = {}

    def reported(self, entity_id: str, at: datetime, *, again: bool = False) -> None:
        """Note that a sensor reported a value, or the same one `again`."""
        past = self._past.setdefault(entity_id, _Past())
        before, past.at = past.at, at
        if before is None:
            return
        if (at - before).total_seconds() < _SAME_S:
            past.at = before  # the first of a burst is the time of the report
            return
        interval_s = (at - past.known_until(before, at)).total_seconds()
        past.repeats = min(past.repeats + again, _MOST)
        if past.repeats and not again and self._waited(entity_id, at - before):
            past.repeats -= 1
        if interval_s <= _AWAY_S:
            past.intervals_s.append(interval_s)
            past.known = None

    def _waited(self, entity_id: str, silence: timedelta) -> bool:
        """Whether a sensor was silent for far longer than it usually is until its value changed: one that repeats it is not."""
        usual = self.of(entity_id)
        if usual is None:
            return False
        return silence.total_seconds() > _most_s(usual.usual_s)

    def confirmed(self, entities: Iterable[str], at: datetime) -> None:
        """Note that another sensor's report of this time showed that these sensors' values were still right."""
        for entity in entities:
            past = self._past.setdefault(entity, _Past())
            if past.confirmed and at <= past.confirmed[-1]:
                continue
            lately = [one for one in past.confirmed if at - one < _TOGETHER]
            before = past.confirmed[: len(past.confirmed) - len(lately)][-1:]
            past.confirmed = (*before, *lately, at)

    def repeats(self, entities: Iterable[str]) -> bool:
        """Whether one of these sensors reports unchanged values again, so that silence is significant."""
        known = [past for name in entities if (past := self._past.get(name))]
        return any(past.regular for past in known)

    def clock_was_set(self) -> None:
        """Note that the wall clock was set: what comes next is not an interval."""
        for past in self._past.values():
            past.at = None
            past.confirmed = ()

    def silent(self, entity_id: str) -> None:
        """Note that a sensor became unavailable: what comes next is not an interval."""
        if (past := self._past.get(entity_id)) is not None:
            past.at = None

    def of(self, entity_id: str) -> Interval | None:
        """Return how often a sensor reports; None until it has reported often enough."""
        past = self._past.get(entity_id)
        if past is None or len(past.intervals_s) < LEAST:
            return None
        if past.known is None:
            past.known = interval_of(past.intervals_s, regular=past.regular)
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
        """Return after which silence a meter with these sensors is lost; None if that is unknown.

        Only if all of them report regularly: a sensor that reports changes only may be silent all night.
        """
        known = [self.of(entity) for entity in entities]
        if not known or any(one is None or not one.regular for one in known):
            return None
        return max(lost_after_s(one) for one in known if one is not None)

    def to_dict(self) -> dict[str, Any]:
        """Return the intervals for storage."""
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
        """Continue from stored intervals of these sensors; those that cannot be read are noted and left out."""
        stored = Stored.of(data)
        for entity in entities:
            if kept := stored.within(entity):
                past = self._past.setdefault(entity, _Past())
                past.repeats = kept.read("repeats", _count, 0)
                past.intervals_s.extend(kept.rows("intervals_s", _interval_s))


def _count(value: Any) -> int:
    if (number := read_number(value)) < 0:
        raise ValueError("A number of repeats expected")
    return int(number)


def _interval_s(value: Any) -> float:
    if not _SAME_S <= (number := read_number(value)) <= _AWAY_S:
        raise ValueError("An interval in seconds expected")
    return number


def interval_of(intervals_s: Iterable[float], *, regular: bool = False) -> Interval:
    """Return the figures of some intervals; there must be at least one."""
    all_s = sorted(intervals_s)
    return Interval(
        usual_s=percentile(all_s, 50),
        high_s=percentile(all_s, 95),
        longest_s=all_s[-1],
        count=len(all_s),
        regular=regular,
    )


def lost_after_s(interval: Interval) -> float:
    """Return the silence after which a sensor that reports regularly counts as lost, at least half a minute."""
    return max(_most_s(interval.usual_s), 3 * interval.longest_s)


def _most_s(usual_s: float) -> float:
    return max(30.0, 10 * usual_s)


@callback
def watch(
    hass: HomeAssistant, entities: Iterable[str], freshness: Freshness
) -> Callable[[], None]:
    """Note all reports of these sensors; returns the function that ends that."""
    watched = list(entities)

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        state, before = event.data["new_state"], event.data["old_state"]
        if state is None or problem_of(state)[0] is not None:
            freshness.silent(event.data["entity_id"])
            return
        # With `force_update` the same value is a change; another attribute of it is none.
        again = (
            before is not None
            and before.state == state.state
            and before.last_changed < state.last_changed
        )
        # What is ahead of the clock was reported by now: it is no long interval.
        at = min(state.last_reported, dt_util.utcnow())
        freshness.reported(state.entity_id, at, again=again)

    @callback
    def reported(event: Event[EventStateReportedData]) -> None:
        state = event.data["new_state"]
        if problem_of(state)[0] is None:
            freshness.reported(state.entity_id, event.data["last_reported"], again=True)

    stops = (
        async_track_state_change_event(hass, watched, changed),
        async_track_state_report_event(hass, watched, reported),
    )

    def stop() -> None:
        for undo in stops:
            undo()

    return stop
