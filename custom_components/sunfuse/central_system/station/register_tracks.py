"""The registers that a station reports, each where it was read last: at starts and stops, and in meter values.

What the energy is by them, `energy_register` says.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from .energy_track import Most, Track, dump, load_track, moved, shifted


class RegisterTracks:
    """The tracks of one connector: None where nothing was read yet."""

    def __init__(self, most_wh: Most) -> None:
        """Start with nothing known; `most_wh` returns how much can flow between two times."""
        self._most_wh = most_wh
        self.values: Track | None = None  # meter values
        self.former: Track | None = None  # what `values` was before it restarted
        self.edges: Track | None = None  # starts and stops
        self.begun: Track | None = None  # the newest start

    @property
    def of_values(self) -> Track | None:
        """The last reading of the register that meter values show, which may be a later start or stop."""
        values, edges = self.values, self.edges
        if values is None or edges is None or edges.at <= values.at:
            return values
        return edges if edges.offset_wh == values.offset_wh else values

    def follows(self, track: Track, register_wh: float, at: datetime) -> bool:
        """Whether a register can have come here from where it was read last."""
        return 0 <= register_wh - track.register_wh <= self._most_wh(track.at, at)

    def has_later(self, at: datetime, *, by: timedelta = timedelta()) -> bool:
        """Whether something was read later than at a time, by more than so much."""
        tracks = (self.values, self.edges, self.begun)
        return any(track is not None and track.at - at > by for track in tracks)

    def later(self, register_wh: float, at: datetime) -> Track | None:
        """Return a later reading that is known already of the register that shows this at a start or a stop.

        Reports that were stored while offline may arrive after newer ones, which have counted their energy already.
        """
        for track in (self.begun, self.edges, self.values):
            if track is None or at >= track.at:
                continue
            rise_wh = track.register_wh - register_wh
            # Two sessions start at the same value if the register restarts with each.
            rises = rise_wh > 0 if track is self.begun else rise_wh >= 0
            return track if rises and rise_wh <= self._most_wh(at, track.at) else None
        return None

    def same_register(self, register_wh: float, at: datetime) -> Track | None:
        """Return the start or stop before a meter value that shows the same register."""
        for edge in (self.edges, self.begun):
            if edge is not None and self.follows(edge, register_wh, at):
                return edge
        return None

    def falls_below(self, register_wh: float) -> bool:
        """Whether the register of a start is below all earlier reports: it restarts with the session."""
        values, edges = self.values, self.edges
        if (
            edges is not None
            and edges == self.begun
            and edges.register_wh >= register_wh
        ):
            # Where the session before started, although that took energy.
            return values is not None and values.register_wh > edges.register_wh
        return all(
            track is None or register_wh < track.register_wh
            for track in (edges, values)
        )

    def has_fallen(self, track: Track, register_wh: float) -> bool:
        """Whether the register that meter values show too is below them: the stop in between was lost."""
        values = self.values
        return (
            values is not None
            and values.offset_wh == track.offset_wh
            and register_wh < values.before_wh
        )

    def has_offset(self, offset_wh: float) -> bool:
        """Whether meter values, now or before their register restarted, count from there too."""
        tracks = (self.values, self.former)
        return any(
            track is not None and track.offset_wh == offset_wh for track in tracks
        )

    def offset_at_stop(
        self,
        start_wh: float | None,
        taken_wh: float | None,
        stop_wh: float,
        at: datetime,
        base_wh: float | None,
    ) -> float | None:
        """Return what has to be added to the register at a stop to get the energy; None: it is no help."""
        if taken_wh is not None and start_wh is not None:
            if self.edges is not None and self.edges.register_wh == start_wh:
                return self.edges.offset_wh
            return None if base_wh is None else base_wh - start_wh
        if start_wh is None:
            for track in (self.edges, self.values):
                if track is not None and self.follows(track, stop_wh, at):
                    return track.offset_wh
        return None

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which the wall clock was set forward."""
        for name, track in self._each():
            setattr(self, name, moved(track, by))

    def shift(self, by_wh: float) -> None:
        """Note that so much more energy was counted before all that was read."""
        for name, track in self._each():
            setattr(self, name, shifted(track, by_wh))

    def start_at(self, register_wh: float, at: datetime, energy_wh: float) -> None:
        """Note where the newest session started, which meter values may have followed already."""
        begun = Track.begin(register_wh, at, energy_wh - register_wh)
        self.begun = self.edges = begun
        values = self.values
        if values is not None and values.at >= at:
            if self.follows(begun, values.register_wh, values.at):
                self.values = replace(values, offset_wh=begun.offset_wh)

    def to_dict(self) -> dict[str, Any]:
        """Return what is remembered as plain data."""
        return {name: dump(track) for name, track in self._each()}

    def restore(self, data: dict[str, Any], now: datetime) -> None:
        """Continue from stored tracks; times in the future become now."""
        self.values = load_track(data["values"], now)
        self.former = load_track(data["former"], now)
        self.edges = load_track(data["edges"], now)
        self.begun = load_track(data.get("begun"), now)

    def _each(self) -> Iterator[tuple[str, Track | None]]:
        yield "values", self.values
        yield "former", self.former
        yield "edges", self.edges
        yield "begun", self.begun
