"""The energy that a connector delivered, from registers that restart, jump, stand still and are read twice.

It is the sum of what each session took and of what a register that goes on shows between them. That sum is made anew when
something is known, and may then turn out to be less; what is shown never falls, and waits until the sum has reached it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ....engine.clock_change import moved
from ....engine.codec import from_jsonable, read_time, to_jsonable
from ..stored_state import load_number
from .former_energy import former_sessions
from .power_integral import PowerIntegral
from .register_kinds import RegisterKind
from .register_readings import Most, RegisterReading, SessionReadings
from .session_energy import end_by_next_start
from .session_sum import ConnectorSum, ForgottenSessions
from .value_follower import ValueFollower

_REMEMBERED = 100
# The stop of a transaction may be reported as this much earlier than the last reading before it.
_SAME_TIME = timedelta(seconds=10)


class EnergyCounter:
    """Counts the energy of one connector. It never falls, whatever is reported."""

    def __init__(self, most_wh: Most) -> None:
        """Start with nothing known; `most_wh` returns how much can flow between two times."""
        self._most_wh = most_wh
        self._sessions: list[SessionReadings] = []  # in the order of time
        self._sums = ConnectorSum(most_wh)
        self._counted_wh: float | None = None
        self._shown_wh: float | None = None
        self._session_shown: tuple[str, float] | None = None
        self._flow = PowerIntegral()
        self._values = ValueFollower(self._sums)
        # The sessions as plain data, each with what it was made of.
        self._plain: dict[str, tuple[SessionReadings, Any]] = {}

    @property
    def energy_wh(self) -> float | None:
        """The energy; None until it is known."""
        return self._shown_wh

    @property
    def session_wh(self) -> float | None:
        """The energy of the running session; None until it is known, or if there is none."""
        session = self._running
        if session is None:
            return None
        taken_wh = self._sums.taken_wh.get(session.id)
        if self._session_shown is not None and self._session_shown[0] == session.id:
            taken_wh = max(taken_wh or 0.0, self._session_shown[1])
        return taken_wh

    @property
    def _newest(self) -> SessionReadings | None:
        return self._sessions[-1] if self._sessions else None

    @property
    def _running(self) -> SessionReadings | None:
        newest = self._newest
        if newest is None or not newest.id or newest.ended_at is not None:
            return None
        return newest

    def take_dropped(self) -> int:
        """Return how many readings were nonsense since the last call."""
        return self._values.take_dropped()

    def taken_wh(self, session_id: str) -> float | None:
        """Return what a session took, by all that is known now; None if that is not known."""
        return self._sums.taken_wh.get(session_id)

    def knows(self, session_id: str) -> bool:
        """Whether the start of a session was noted, and is remembered."""
        return self._session(session_id) is not None

    # What the station reports

    def start(
        self,
        session_id: str,
        register_wh: float | None,
        at: datetime,
        *,
        known: bool = True,
    ) -> None:
        """Note that a session starts; its start is `known` if it was reported."""
        session = self._session(session_id)
        if session is None:
            session = SessionReadings(id=session_id, started_at=at)
        else:
            self._sessions.remove(session)
        self._put(
            replace(session, started_at=at, start_wh=register_wh, start_known=known)
        )
        self._judge_end_before(session_id, register_wh)
        if self._running is not None and self._running.id == session_id:
            self._flow = self._flow.begin_session()
        self._count()
        self._forget_oldest(but=session_id)

    def booted(self, at: datetime) -> None:
        """Note that the station says that it booted."""
        self._values.booted_at = at

    def read(
        self, register_wh: float, at: datetime, session_id: str | None = None
    ) -> None:
        """Take a reading of the register from meter values, which may name their session."""
        if register_wh < 0:
            self._values.drop()
            return
        reading = RegisterReading(register_wh=register_wh, at=at)
        session = self._session(session_id) or self._newest
        if session is None:
            session = SessionReadings(
                id="", started_at=at, start_known=False, ended_at=at
            )
            if not register_wh:
                self._values.drop()  # many meters show nothing until they are awake
                return
            self._sessions.append(session)
        named = session.id == session_id
        if not named and at < session.newest_at:
            return  # stored while offline, and a later reading is known already
        known = session.values
        newest = session is self._newest
        if _is_within(session, at, named=named):
            changed = self._values.within(session, reading, newest=newest)
        elif newest and at >= session.newest_at:
            known = session.after
            changed = self._values.after(session, reading)
        else:
            return
        if changed == session:
            return
        self._sessions[self._sessions.index(session)] = changed
        self._count(live=changed is self._newest and bool(known and known.sure))

    def flows(self, power_w: float, at: datetime, *, speed: float) -> None:
        """Take a power that came without a register: it counts if the charger reports none."""
        if any(one.values or one.after for one in self._sessions):
            return
        self._flow, added_wh = self._flow.read(power_w, at, speed=speed)
        if not added_wh:
            return
        running = self._running
        if running is None:
            self._add(added_wh)
            return
        self._sessions[-1] = replace(running, flow_wh=running.flow_wh + added_wh)
        self._count(live=True)

    def rises(self, session_id: str, stop_wh: float | None) -> bool:
        """Whether the registers at start and end of a session show that energy flowed."""
        session = self._session(session_id)
        if session is None or session.start_wh is None or stop_wh is None:
            return False
        return stop_wh > session.start_wh

    def stop(
        self,
        session_id: str,
        register_wh: float | None,
        started_at: datetime,
        at: datetime,
    ) -> float | None:
        """Note the end of a session; returns its energy, None if that is not known."""
        session = self._session(session_id)
        if session is None:
            return None
        self._sessions.remove(session)
        session = replace(
            session, started_at=started_at, ended_at=at, end_wh=register_wh
        )
        if self._sums.kinds.ends is not RegisterKind.RESTARTS:
            session = session.without_stored_end(self._most_wh)
        values = self._values.ended(session, session.end_wh, at)
        self._put(replace(session, values=values, stories=()))
        self._count()
        taken_wh = self.taken_wh(session_id)
        if self.rises(session_id, register_wh):
            self._flow = self._flow.counted()
        self._forget_oldest()
        return taken_wh

    def moved(self, by: timedelta) -> None:
        """Shift stored times with the wall clock."""
        self._sessions = moved(self._sessions, by)
        self._flow = self._flow.moved(by)
        self._values.clock_was_set(by)
        self._sums.clock_was_set(by)
        self._sums.count(self._sessions)

    # How it is counted

    def _session(self, session_id: str | None) -> SessionReadings | None:
        for session in reversed(self._sessions):
            if session.id == session_id:
                return session
        return None

    def _judge_end_before(self, session_id: str, start_wh: float | None) -> None:
        """Correct the end of the session before one by where that starts, if it was nonsense."""
        ids = [one.id for one in self._sessions]
        if number := ids.index(session_id):
            before = self._sessions[number - 1]
            judged = end_by_next_start(before, start_wh, self._most_wh)
            self._sessions[number - 1] = judged

    def _put(self, session: SessionReadings) -> None:
        """Remember a session among the others, in the order of time."""
        self._sessions.append(session)
        self._sessions.sort(key=lambda one: one.order)

    def _count(self, *, live: bool = False) -> None:
        """Count what is new: of the last session if that is all."""
        before = self._sums.total
        if live:
            self._sums.count_last(self._sessions[-1])
        else:
            self._sums.count(self._sessions)
        after = self._sums.total
        if after.first_wh is not None:
            if self._counted_wh is None:
                self._add(after.energy_wh)
            else:
                self._add(after.added_wh(before))
        self._show_session()

    def _forget_oldest(self, but: str | None = None) -> None:
        """Forget the oldest sessions beyond those remembered, when all that they added is counted.

        One that is reported late may be older than all of them: `but` that, until its end was reported.
        """
        while len(self._sessions) > _REMEMBERED and self._sessions[0].id != but:
            self._sessions.pop(0)
            self._sums.forget()

    def _add(self, by_wh: float) -> None:
        self._counted_wh = (self._counted_wh or 0.0) + by_wh
        self._shown_wh = max(self._counted_wh, self._shown_wh or 0.0)

    def _show_session(self) -> None:
        """Note what is shown of the running session: it must not fall."""
        running, session_wh = self._running, self.session_wh
        if running is not None and session_wh is not None:
            self._session_shown = (running.id, session_wh)

    # What is stored over a restart

    def to_dict(self) -> dict[str, Any]:
        """Return what is remembered as plain data."""
        booted_at = self._values.booted_at
        return {
            "energy_wh": self._shown_wh,
            "counted_wh": self._counted_wh,
            "session_shown": self._session_shown and list(self._session_shown),
            "flow": self._flow.to_dict(),
            "booted_at": booted_at and booted_at.isoformat(),
            "forgotten": to_jsonable(self._sums.forgotten),
            "sessions": self._plain_sessions(),
            "counted": [one.id for one in self._sessions],
        }

    def _plain_sessions(self) -> dict[str, Any]:
        """Return the sessions as plain data; most are the same as when they were stored last."""
        before, self._plain = self._plain, {}
        for one in self._sessions:
            known = before.get(one.id)
            if known is None or known[0] is not one:
                known = one, to_jsonable(one)
            self._plain[one.id] = known
        return {name: plain for name, (_, plain) in self._plain.items()}

    def restore(
        self,
        data: dict[str, Any],
        now: datetime,
        finished: Iterable[SessionReadings] = (),
    ) -> None:
        """Continue from stored values, and from what was stored of `finished` sessions.

        Times in the future were stored by a clock that was wrong: they become now.
        """
        self._shown_wh = load_number(data["energy_wh"])
        self._counted_wh = load_number(data.get("counted_wh", self._shown_wh))
        if (shown := data.get("session_shown")) is not None:
            self._session_shown = (str(shown[0]), load_number(shown[1]) or 0.0)
        over = {one.id: one.not_after(now) for one in finished}
        counted = {
            name: over[name] for name in data.get("counted", over) if name in over
        }
        counted |= {one.id: one.not_after(now) for one in _stored_sessions(data)}
        self._sessions = sorted(counted.values(), key=lambda one: one.order)
        self._flow = PowerIntegral.load(data.get("flow"), now)
        if (booted_at := data.get("booted_at")) is not None:
            self._values.booted_at = min(read_time(booted_at), now)
        if (forgotten := data.get("forgotten")) is not None:
            self._sums.forgotten = from_jsonable(ForgottenSessions, forgotten)
        elif len(self._sessions) >= _REMEMBERED:
            # Nothing was kept of those before the oldest, so it cannot be judged: the others show what its registers are.
            self._sums.count(self._sessions)
            self._sessions.pop(0)
            self._sums.forget()
        self._sums.count(self._sessions)
        self._count_ended(over)

    def _count_ended(self, over: Mapping[str, SessionReadings]) -> None:
        """Count sessions that ended after the rest was stored: they have a file of their own, which is written first."""
        known = {one.id: one for one in self._sessions}
        ended_ones = (one for one in self._sessions if one.ended_at is not None)
        oldest = min((one.order for one in ended_ones), default=None)
        for one in over.values():
            before = known.get(one.id)
            if before is None:
                ended = oldest is not None and one.order > oldest  # or it was forgotten
            else:
                ended = before.ended_at is None
            if ended:
                self._sessions = [
                    other for other in self._sessions if other is not before
                ]
                self._put(one)
                self._count()


def _stored_sessions(data: dict[str, Any]) -> tuple[SessionReadings, ...]:
    """Return the sessions that are stored with a counter; raises what reading raises."""
    if (stored := data.get("sessions")) is None:
        return former_sessions(data)
    return tuple(from_jsonable(SessionReadings, one) for one in stored.values())


def _is_within(session: SessionReadings, at: datetime, *, named: bool) -> bool:
    """Whether what was read at a time belongs to a session, not to what was shown after it."""
    if session.ended_at is None:
        return at >= session.started_at or named
    return named and at <= session.ended_at + _SAME_TIME
