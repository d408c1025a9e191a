"""The energy that a connector delivered, from registers that restart, jump, stand still and are read twice.

It is the sum of what each session took and of what a register that goes on shows between them. That sum is made anew when
something is known, and may then turn out to be less; what is shown never falls, and waits until the sum has reached it.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ....engine.clock_change import moved
from ....engine.codec import from_jsonable, to_jsonable
from ..stored_state import load_number
from .doubted_readings import DoubtedReadings
from .former_energy import former_sessions
from .power_integral import PowerIntegral
from .register_kinds import RegisterKind
from .register_readings import (
    ROUNDING_WH,
    SLACK_WH,
    Most,
    RegisterReading,
    SessionReadings,
    ShownValues,
)
from .session_sum import ConnectorSum, ForgottenSessions

_REMEMBERED = 100
# A register that counts from elsewhere (a new meter, a restart) is believed after so many readings that agree.
_CONVINCING = 3
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
        self._doubted = DoubtedReadings(most_wh)
        self._flow = PowerIntegral()
        self.dropped = 0

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
        if self._running is not None and self._running.id == session_id:
            self._flow = self._flow.begin_session()
            self._doubted.forget()
        self._count()
        self._forget_oldest()

    def read(
        self, register_wh: float, at: datetime, session_id: str | None = None
    ) -> None:
        """Take a reading of the register from meter values, which may name their session."""
        if register_wh < 0:
            self.dropped += 1
            return
        reading = RegisterReading(register_wh=register_wh, at=at)
        session = self._session(session_id) or self._newest
        if session is None:
            session = SessionReadings(
                id="", started_at=at, start_known=False, ended_at=at
            )
            if not register_wh:
                self.dropped += 1  # many meters show nothing until they are awake
                return
            self._sessions.append(session)
        named = session.id == session_id
        if not named and at < session.newest_at:
            return  # stored while offline, and a later reading is known already
        if _is_within(session, at, named=named):
            known, values = session.values, self._followed(session, reading)
            changed = replace(session, values=values)
        elif session is self._newest and at >= session.newest_at:
            known, after = session.after, self._shown_after(session, reading)
            changed = replace(session, after=after)
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
        self._put(
            replace(session, started_at=started_at, ended_at=at, end_wh=register_wh)
        )
        self._doubted.forget()
        self._count()
        taken_wh = self.taken_wh(session_id)
        if self.rises(session_id, register_wh):
            self._flow = self._flow.counted()
        return taken_wh

    def moved(self, by: timedelta) -> None:
        """Shift stored times with the wall clock."""
        self._sessions = moved(self._sessions, by)
        self._flow = self._flow.moved(by)
        self._doubted.clock_was_set(by)
        self._sums.forgotten = moved(self._sums.forgotten, by)
        self._sums.count(self._sessions)

    # How it is counted

    def _session(self, session_id: str | None) -> SessionReadings | None:
        for session in reversed(self._sessions):
            if session.id == session_id:
                return session
        return None

    def _put(self, session: SessionReadings) -> None:
        """Remember a session among the others, in the order of time."""
        self._sessions.append(session)
        self._sessions.sort(key=lambda one: one.order)

    def _followed(
        self, session: SessionReadings, reading: RegisterReading
    ) -> ShownValues:
        """Return the values of a session with another reading, which may be nonsense."""
        values, most_wh = session.values, self._most_wh
        if values is None:
            start = session.start
            sure = start is not None and start.register_wh > ROUNDING_WH
            sure = sure and start is not None and start.reaches(reading, most_wh)
            return ShownValues.begin(reading, sure=sure)
        if reading.at < values.last.at:
            return values.preceded_by(reading, most_wh)
        if not values.sure:
            return self._second(session, values, reading)
        if values.goes_on(reading, most_wh):
            self._doubted.forget()
            return values.going_on(reading)
        first = self._believed(reading, enough=_CONVINCING)
        if first is None:
            return values
        flows_wh = most_wh(values.last.at, first.at) - SLACK_WH + ROUNDING_WH
        from_zero = first.register_wh <= flows_wh
        return values.restarting(0.0 if from_zero else first.register_wh, reading)

    def _second(
        self, session: SessionReadings, values: ShownValues, reading: RegisterReading
    ) -> ShownValues:
        """Return the values of a session when the first of them may be nonsense: what explains the next with least rises."""
        start = session.start
        if self._sums.kinds.values is RegisterKind.RESTARTS:
            start = None
        elif start is None and session is self._newest:
            standing = self._sums.before_last.standing
            start = standing.reading if standing else None
        explained = [
            one
            for one in (values.first, start, self._doubted.last)
            if one is not None and one.reaches(reading, self._most_wh)
        ]
        if not explained:
            self.dropped += 1
            self._doubted.add(reading, enough=_CONVINCING)
            return values
        self._doubted.forget()
        first = max(explained, key=lambda one: one.register_wh)
        if first is start:
            return ShownValues.begin(reading, sure=True)
        return ShownValues.begin(first).going_on(reading)

    def _shown_after(
        self, session: SessionReadings, reading: RegisterReading
    ) -> ShownValues | None:
        """Return what is shown after a session with another reading."""
        after, standing = session.after, self._sums.total.standing
        position = standing.reading if standing else None
        if self._sums.kinds.values is RegisterKind.RESTARTS and session.values:
            position = session.values.last
        if after is not None and after.goes_on(reading, self._most_wh):
            self._doubted.forget()
            return after.going_on(reading)
        if after is None and (
            position is None or position.reaches(reading, self._most_wh)
        ):
            return ShownValues.begin(reading)
        first = self._believed(reading, enough=_CONVINCING)
        if first is None:
            return after
        if after is None:
            return ShownValues.begin(first).going_on(reading)
        return after.restarting(first.register_wh, reading)

    def _believed(
        self, reading: RegisterReading, *, enough: int
    ) -> RegisterReading | None:
        """Note a reading that does not follow; returns the first of `enough` that agree."""
        first = self._doubted.add(reading, enough=enough)
        if first is None:
            self.dropped += 1
        else:
            self._doubted.forget()
        return first

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

    def _forget_oldest(self) -> None:
        """Forget the oldest session beyond those remembered, when all that it added is counted.

        One that has not ended stays: its end may still be reported, however late.
        """
        if len(self._sessions) > _REMEMBERED:
            over = (one for one in self._sessions if one.ended_at is not None)
            oldest = next(over, self._sessions[0])
            self._sessions.remove(oldest)
            self._sums.forget(oldest)
            self._sums.count(self._sessions)

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
        return {
            "energy_wh": self._shown_wh,
            "counted_wh": self._counted_wh,
            "session_shown": self._session_shown and list(self._session_shown),
            "flow": self._flow.to_dict(),
            "forgotten": to_jsonable(self._sums.forgotten),
            "sessions": {one.id: to_jsonable(one) for one in self._sessions},
        }

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
        known = {one.id: one for one in finished}
        if (stored := data.get("sessions")) is None:
            known |= {one.id: one for one in former_sessions(data)}
        else:
            read = partial(from_jsonable, SessionReadings)
            known |= {name: read(one) for name, one in stored.items()}
        sessions = (one.not_after(now) for one in known.values())
        self._sessions = sorted(sessions, key=lambda one: one.order)
        self._flow = PowerIntegral.load(data.get("flow"), now)
        if (forgotten := data.get("forgotten")) is not None:
            self._sums.forgotten = from_jsonable(ForgottenSessions, forgotten)
        elif len(self._sessions) >= _REMEMBERED:
            # Nothing was kept of those before the oldest, so it cannot be judged.
            self._sums.forget(self._sessions.pop(0))
        self._sums.count(self._sessions)


def _is_within(session: SessionReadings, at: datetime, *, named: bool) -> bool:
    """Whether what was read at a time belongs to a session, not to what was shown after it."""
    if session.ended_at is None:
        return at >= session.started_at or named
    return named and at <= session.ended_at + _SAME_TIME
