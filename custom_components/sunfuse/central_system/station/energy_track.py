"""Tracked registers and the running session: what an energy counter remembers, also over a restart."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from ...engine.codec import from_jsonable

# How much a connector can deliver between two times, in watt-hours.
type Most = Callable[[datetime, datetime], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A tracked register: its last reading, and what has to be added to it to get the energy."""

    register_wh: float
    at: datetime
    offset_wh: float
    before_wh: float  # the reading before it rose to the last one

    @property
    def energy_wh(self) -> float:
        """The energy by this register."""
        return self.register_wh + self.offset_wh

    @classmethod
    def begin(cls, register_wh: float, at: datetime, offset_wh: float) -> Self:
        """Begin to track a register."""
        return cls(
            register_wh=register_wh, at=at, offset_wh=offset_wh, before_wh=register_wh
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnergy:
    """The running session: when it began, and the energy and the register then.

    The register is `sure` if it continued from what was known before.
    """

    started_at: datetime
    energy_wh: float | None
    register_wh: float | None
    sure: bool = False


def between(
    start_wh: float | None,
    stop_wh: float | None,
    started_at: datetime,
    at: datetime,
    most_wh: Most,
) -> float | None:
    """Return the energy between start and stop of a session, None if the registers are no help."""
    if start_wh is None or stop_wh is None:
        return None
    if at <= started_at:  # the station set its clock back meanwhile
        at = started_at + timedelta(days=1)
    taken_wh = stop_wh - start_wh
    return taken_wh if 0 <= taken_wh <= most_wh(started_at, at) else None


def moved(track: Track | None, by: timedelta) -> Track | None:
    """Return a track after the wall clock was set forward by so much."""
    return None if track is None else replace(track, at=track.at + by)


def shifted(track: Track | None, by_wh: float) -> Track | None:
    """Return a track before which so much more energy was counted."""
    return None if track is None else replace(track, offset_wh=track.offset_wh + by_wh)


def dump(part: Track | SessionEnergy | None) -> dict[str, Any] | None:
    """Return a track or a session as plain data."""
    if part is None:
        return None
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(part).items()
    }


def load_track(data: dict[str, Any] | None, now: datetime) -> Track | None:
    """Return a stored track; times in the future become now."""
    if data is None:
        return None
    track = from_jsonable(Track, data)
    return replace(track, at=min(track.at, now))


def load_session(data: dict[str, Any] | None, now: datetime) -> SessionEnergy | None:
    """Return a stored session; times in the future become now."""
    if data is None:
        return None
    session = from_jsonable(SessionEnergy, data)
    return replace(session, started_at=min(session.started_at, now))
