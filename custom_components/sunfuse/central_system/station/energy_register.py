"""The energy that a connector delivered, from registers that restart, jump, stand still and are read twice.

A station reports its energy in two places: in meter values, and at the start and the stop of a transaction. Usually both
show one register that only rises. But registers restart with each session or with each boot, some stations mix the two
(meter values count from the start of the session, start and stop show the lifetime: lbbrhzn/ocpp issue 2093), and any
of them may show nonsense once. So each place is tracked by itself; both raise the one energy, which never falls.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ...engine.codec import read_time
from .doubted_readings import DoubtedReadings
from .energy_track import Most, SessionEnergy, Track, between, dump, load_session
from .power_integral import PowerIntegral
from .register_tracks import RegisterTracks
from .session_chain import Chain, SettledEnergy
from .stored_state import load_number

# A register may run ahead of what the connector can deliver by this much: many count in whole kilowatt-hours.
SLACK_WH = 1000.0
# A register that restarted at zero may have counted this much more than the time allows: rounding.
ROUNDING_WH = 100.0
# The stop of a transaction may be reported as this much earlier than the last reading before it.
_SAME_TIME = timedelta(seconds=10)


class EnergyCounter:
    """Counts the energy of one connector. It never falls, whatever is reported."""

    def __init__(self, most_wh: Most) -> None:
        """Start with nothing known; `most_wh` returns how much can flow between two times."""
        self._most_wh = most_wh
        self._energy_wh: float | None = None
        self._risen_at: datetime | None = None
        self._tracks = RegisterTracks(most_wh)
        self._session: SessionEnergy | None = None
        self._settled = SettledEnergy(most_wh)
        self._restarts = False  # meter values count from the start of each session
        self._doubted = DoubtedReadings(most_wh)
        self._flow = PowerIntegral()
        self.dropped = 0

    @property
    def energy_wh(self) -> float | None:
        """The energy; None until it is known."""
        return self._energy_wh

    @property
    def session_wh(self) -> float | None:
        """The energy of the running session; None until it is known, or if there is none."""
        return self.since(self._session.energy_wh) if self._session else None

    @property
    def restarts(self) -> bool:
        """Whether meter values count from the start of each session, as far as that is known."""
        return self._restarts

    def since(self, energy_wh: float | None) -> float | None:
        """Return the energy since it was `energy_wh`; None if one of both is not known."""
        if energy_wh is None or self._energy_wh is None:
            return None
        return max(self._energy_wh - energy_wh, 0.0)

    # What the station reports

    def read(self, register_wh: float, at: datetime) -> None:
        """Take a reading of the register from meter values."""
        track, session = self._tracks.of_values, self._session
        if self._tracks.has_later(at):
            return  # stored while offline, and a later reading is known already
        if register_wh < 0:
            self.dropped += 1
        elif track is None:
            self._first(register_wh, at)
        elif session is not None and self._restarted(track, session, register_wh, at):
            self._tracks.values = None
            self._tracks.former = track
            self._first(register_wh, at)
        elif self._tracks.follows(track, register_wh, at):
            self._follow(track, register_wh, at)
        elif track.before_wh <= register_wh < track.register_wh:
            # The last reading was too high; the energy waits until the register reaches it again.
            self._believe(replace(track, register_wh=register_wh, at=at))
        elif (
            session is not None
            and track.before_wh == track.register_wh
            and self._from_start(session, register_wh, at)
        ):
            # The first reading of the session seemed to come from a restarted register, and was nonsense.
            self._restarts = False
            self._first(register_wh, at)
        elif self._tracks.former and self._returns(
            self._tracks.former, register_wh, at
        ):
            former, self._tracks.former = self._tracks.former, track
            self._follow(former, register_wh, at)
        else:
            self._doubt(track, register_wh, at)

    def flows(self, power_w: float, at: datetime, *, speed: float) -> None:
        """Take a power that came without a register: it counts if the charger reports none."""
        if self._tracks.values is not None or self._tracks.former is not None:
            return
        self._flow, added_wh = self._flow.read(power_w, at, speed=speed)
        if not added_wh:
            return
        if self._energy_wh is None:
            self._energy_wh = 0.0
        if self._session is not None and self._session.energy_wh is None:
            self._session = replace(self._session, energy_wh=self._energy_wh)
        self._raise(self._energy_wh + added_wh, at)

    def start(self, register_wh: float | None, at: datetime) -> float | None:
        """Note that a session starts, with the register at `register_wh`; returns the energy then."""
        restarts, sure, energy_wh = self._restarts, False, self._energy_wh
        later = None if register_wh is None else self._later(register_wh, at)
        if register_wh is not None and later is not None:
            energy_wh, restarts, sure = register_wh + later.offset_wh, False, True
        elif self._tracks.begun is not None and at < self._tracks.begun.at:
            energy_wh = None  # a newer session is known: `settle` counts this one
        elif register_wh is not None:
            restarts = restarts or self._tracks.falls_below(register_wh)
            offset_wh = self._offset_at_edge(register_wh, at)
            sure = offset_wh is not None
            if offset_wh is None:
                offset_wh = (self._energy_wh or 0.0) - register_wh
            self._tracks.edges = Track.begin(register_wh, at, offset_wh)
            self._raise(register_wh + offset_wh, at)
            energy_wh = self._energy_wh
            if self._tracks.begun is None or at >= self._tracks.begun.at:
                self._tracks.begun = self._tracks.edges
        begun, session = self._tracks.begun, self._session
        newest = begun is None or at >= begun.at
        if newest and (session is None or at >= session.started_at):
            self._session = SessionEnergy(
                started_at=at,
                energy_wh=energy_wh,
                register_wh=register_wh,
                sure=sure,
            )
            self._flow = self._flow.begin_session()
            values = self._tracks.values
            if restarts and values is not None and values.at <= at:
                self._tracks.former, self._tracks.values = values, None
        return energy_wh

    def stop(
        self,
        start_wh: float | None,
        stop_wh: float | None,
        started_at: datetime,
        at: datetime,
        base_wh: float | None,
    ) -> float | None:
        """Note the end of a session; returns its energy, None if that is not known.

        `base_wh` is what `start` returned, `start_wh` and `stop_wh` what the register showed at start and stop.
        """
        if start_wh is None and self._ends_from_zero(stop_wh, started_at, at):
            start_wh = 0.0
        taken_wh = between(start_wh, stop_wh, started_at, at, self._most_wh)
        session = self._session
        ends = session is not None and session.started_at <= at
        flowed = self._flow.session_wh > 0 or (not stop_wh and bool(self.session_wh))
        if ends and flowed and not taken_wh:
            # What start and stop show stands still, or is always 0, although power has flowed.
            start_wh = stop_wh = taken_wh = None
        if session is not None and base_wh is None:
            base_wh = session.energy_wh
        if taken_wh is not None:
            self._doubted.forget()  # what meter values showed meanwhile is counted
        if taken_wh:
            self._flow = self._flow.counted()
        if stop_wh is not None and not self.is_late(at):
            offset_wh = self._tracks.offset_at_stop(
                start_wh, taken_wh, stop_wh, at, base_wh
            )
            if self._energy_wh is None:
                offset_wh = 0.0
                self._raise(stop_wh, at)
            elif offset_wh is None:
                offset_wh = self._energy_wh - stop_wh
            elif self._is_sure(session, started_at, offset_wh) or (
                self._reached(stop_wh + offset_wh, at)
            ):
                self._raise(stop_wh + offset_wh, at)
            self._tracks.edges = Track.begin(stop_wh, at, offset_wh)
        if ends:
            self._session = None
        if taken_wh is None and (ends or not self.is_late(at)):
            return self.since(base_wh)
        return taken_wh

    def _ends_from_zero(
        self, stop_wh: float | None, started_at: datetime, at: datetime
    ) -> bool:
        """Whether the register at a stop restarted with its session, as that of meter values did: some show another one."""
        if stop_wh is None or not self._restarts:
            return False
        values, begun = self._tracks.values, self._tracks.begun
        if values is not None and started_at <= values.at <= at:
            return self._tracks.follows(values, stop_wh, at)
        return begun is None or begun.register_wh <= ROUNDING_WH

    def is_late(self, at: datetime) -> bool:
        """Whether something newer is known than what happened at a time."""
        return self._tracks.has_later(at, by=_SAME_TIME)

    def settle(self, before: Chain, after: Chain, *, late: bool) -> None:
        """Count what is known of sessions now, and was not `before`.

        What is `late` may belong between reports that have been counted: all that came after it rises with it.
        """
        if self._energy_wh is None:
            return
        by_wh = self._settled.missing_wh(
            before,
            after,
            energy_wh=self._energy_wh,
            last=self._tracks.values,
            late=late,
        )
        self._energy_wh += by_wh
        self._tracks.shift(by_wh)
        session, settled_wh = self._session, self._settled.energy_wh
        if session is None or settled_wh is None or not late:
            return
        start_wh, at = session.register_wh, session.started_at
        if start_wh is not None and after.ends_with(at, start_wh):
            # Its start is known only now, and readings of it came before.
            self._tracks.start_at(start_wh, at, settled_wh)
            self._session = replace(session, energy_wh=settled_wh)
        elif session.energy_wh is not None:
            self._session = replace(session, energy_wh=session.energy_wh + by_wh)

    def _later(self, register_wh: float, at: datetime) -> Track | None:
        """Return a later reading of the register of a start or a stop; none can be compared with one that restarts."""
        return None if self._restarts else self._tracks.later(register_wh, at)

    def moved(self, by: timedelta) -> None:
        """Shift stored times with the wall clock."""
        self._tracks.clock_was_set(by)
        self._flow = self._flow.moved(by)
        self._doubted.clock_was_set(by)
        if self._risen_at is not None:
            self._risen_at += by
        if self._session is not None:
            started_at = self._session.started_at + by
            self._session = replace(self._session, started_at=started_at)

    # Readings of meter values

    def _first(self, register_wh: float, at: datetime) -> None:
        """Begin to track a register of which nothing is known, or that restarts with the session."""
        session = self._session
        if not register_wh and session is None:
            self.dropped += 1  # many meters show nothing until they are awake
            return
        if self._energy_wh is None:
            offset_wh = 0.0
        elif session is not None and at >= session.started_at:
            offset_wh = self._offset_in_session(session, register_wh, at)
        elif edge := self._tracks.same_register(register_wh, at):
            offset_wh = edge.offset_wh
        else:
            offset_wh = self._energy_wh - register_wh
        self._believe(Track.begin(register_wh, at, offset_wh))
        if session is not None and session.energy_wh is None:
            self._session = replace(session, energy_wh=register_wh)

    def _offset_in_session(
        self, session: SessionEnergy, register_wh: float, at: datetime
    ) -> float:
        """Return what has to be added to the first reading in a session, depending on where it counts from."""
        assert self._energy_wh is not None
        base_wh = self._energy_wh if session.energy_wh is None else session.energy_wh
        most_wh = self._most_wh(session.started_at, at)
        start_wh = session.register_wh
        from_start = self._from_start(session, register_wh, at)
        from_zero = register_wh <= most_wh
        if from_start and not (from_zero and self._restarts):
            assert start_wh is not None
            return base_wh - start_wh
        edge = self._tracks.same_register(register_wh, at)
        if start_wh is None and edge is not None and not self._restarts:
            return edge.offset_wh
        if from_zero:
            return base_wh
        if self._tracks.former and self._returns(self._tracks.former, register_wh, at):
            return self._tracks.former.offset_wh
        return self._energy_wh - register_wh

    def _from_start(
        self, session: SessionEnergy, register_wh: float, at: datetime
    ) -> bool:
        """Whether the register can have come here from where it was reported at the start."""
        if (start_wh := session.register_wh) is None:
            return False
        most_wh = self._most_wh(session.started_at, at)
        return 0 <= register_wh - start_wh <= most_wh

    def _restarted(
        self, track: Track, session: SessionEnergy, register_wh: float, at: datetime
    ) -> bool:
        """Whether this is the first reading of a session, from a register that restarted with it.

        A register that start and stop also show did not restart if the start shows that it continued.
        """
        edges = self._tracks.edges
        same = edges is not None and edges.offset_wh == track.offset_wh
        return not (same and session.sure) and (
            track.at <= session.started_at <= at
            and register_wh < track.register_wh
            and register_wh <= self._most_wh(session.started_at, at)
        )

    def _returns(self, former: Track, register_wh: float, at: datetime) -> bool:
        """Whether the register continues where it was before it seemed to restart."""
        if not self._tracks.follows(former, register_wh, at):
            return False
        rise_wh = register_wh + former.offset_wh - (self._energy_wh or 0.0)
        last = self._tracks.values or former
        return rise_wh <= self._most_wh(last.at, at)

    def _follow(self, track: Track, register_wh: float, at: datetime) -> None:
        rises = register_wh > track.register_wh
        if rises and (session := self._session) is not None:
            # Learned from the second reading: the first may be nonsense.
            self._restarts = track.offset_wh == session.energy_wh and not (
                self._from_start(session, register_wh, at)
            )
        before_wh = track.register_wh if rises else track.before_wh
        self._believe(
            Track(
                register_wh=register_wh,
                at=at,
                offset_wh=track.offset_wh,
                before_wh=before_wh,
            )
        )

    def _doubt(self, track: Track, register_wh: float, at: datetime) -> None:
        """Believe a register that counts from elsewhere (a new meter, a restart) after some readings."""
        if (first := self._doubted.add(register_wh, at)) is None:
            self.dropped += 1
            return
        first_wh, first_at = first
        flows_wh = self._most_wh(track.at, first_at) - SLACK_WH + ROUNDING_WH
        falls = first_wh < track.register_wh
        from_zero = self._session is not None and falls and first_wh <= flows_wh
        base_wh = 0.0 if from_zero else first_wh
        self._tracks.former = track
        energy_wh = self._energy_wh or 0.0
        self._believe(Track.begin(register_wh, at, energy_wh - base_wh))

    def _believe(self, track: Track) -> None:
        self._doubted.forget()
        self._tracks.values = track
        self._raise(track.energy_wh, track.at)

    # Starts and stops

    def _offset_at_edge(self, register_wh: float, at: datetime) -> float | None:
        """Return what has to be added to the register at a start, None if nothing was known before."""
        if self._energy_wh is None:
            return 0.0
        track = self._tracks.edges or self._tracks.values
        if track is None or self._tracks.has_fallen(track, register_wh):
            return None
        if self._tracks.follows(track, register_wh, at):
            energy_wh = register_wh + track.offset_wh
            behind = energy_wh < self._energy_wh - SLACK_WH
            if self._reached(energy_wh, at) and not behind:
                return track.offset_wh
        return None

    def _is_sure(
        self, session: SessionEnergy | None, started_at: datetime, offset_wh: float
    ) -> bool:
        """Whether the register at the start of a session was right: readings before or since agree with it."""
        if session is None or session.started_at != started_at:
            return False
        return session.sure or self._tracks.has_offset(offset_wh)

    def _reached(self, energy_wh: float, at: datetime) -> bool:
        """Whether this much can have been delivered by now, since the energy rose last."""
        if self._energy_wh is None or self._risen_at is None:
            return True
        most_wh = 0.0
        if self._risen_at - at <= _SAME_TIME:
            most_wh = self._most_wh(self._risen_at, at)
        return energy_wh - self._energy_wh <= most_wh

    def _raise(self, energy_wh: float, at: datetime) -> None:
        if self._energy_wh is None or energy_wh > self._energy_wh:
            self._energy_wh = energy_wh
            self._risen_at = max(at, self._risen_at or at)

    # What is stored over a restart

    def to_dict(self) -> dict[str, Any]:
        """Return what is remembered as plain data."""
        return {
            "energy_wh": self._energy_wh,
            "settled_wh": self._settled.energy_wh,
            "risen_at": self._risen_at and self._risen_at.isoformat(),
            "restarts": self._restarts,
            "flow": self._flow.to_dict(),
            **self._tracks.to_dict(),
            "session": dump(self._session),
        }

    def restore(self, data: dict[str, Any], now: datetime) -> None:
        """Continue from stored values. Times in the future were stored by a clock that was wrong: they become now."""
        self._energy_wh = load_number(data["energy_wh"])
        self._settled.energy_wh = load_number(data.get("settled_wh"))
        self._restarts = bool(data["restarts"])
        risen_at = data["risen_at"]
        self._risen_at = min(read_time(risen_at), now) if risen_at else None
        self._tracks.restore(data, now)
        self._session = load_session(data["session"], now)
        self._flow = PowerIntegral.load(data.get("flow"), now)
