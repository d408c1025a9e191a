"""Follows the register of meter values from reading to reading: it restarts, jumps, stands still, and some readings are nonsense."""

from datetime import datetime, timedelta

from ....engine.clock_change import moved
from .doubted_readings import DoubtedReadings
from .register_kinds import RegisterKind
from .register_readings import (
    ROUNDING_WH,
    SLACK_WH,
    RegisterReading,
    SessionReadings,
    ShownValues,
)
from .session_energy import risen_by_values
from .session_sum import ConnectorSum

# A register that counts from elsewhere (a new meter, a restart) is believed after so many readings that agree.
_CONVINCING = 3
# So many are enough when the station booted, as many registers restart then, and one that came from zero.
_CONVINCING_AFTER_BOOT = 2


class ValueFollower:
    """Returns what is shown in a session, and after it, with another reading."""

    def __init__(self, sums: ConnectorSum) -> None:
        """Judge by what is summed."""
        self._sums = sums
        self._most_wh = sums.most_wh
        self._doubted = DoubtedReadings(sums.most_wh)
        # When the station said so last. Some say it whenever they connect.
        self.booted_at: datetime | None = None
        self._dropped = 0

    def drop(self) -> None:
        """Count a reading that is nonsense."""
        self._dropped += 1

    def take_dropped(self) -> int:
        """Return how many readings were nonsense since the last call."""
        dropped, self._dropped = self._dropped, 0
        return dropped

    def forget_doubts(self) -> None:
        """Forget what was doubted: something else is known now."""
        self._doubted.forget()

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which the wall clock was set forward."""
        self._doubted.clock_was_set(by)
        self.booted_at = moved(self.booted_at, by)

    def followed(
        self, session: SessionReadings, reading: RegisterReading, *, newest: bool
    ) -> ShownValues:
        """Return the values of a session with another reading, which may be nonsense."""
        values, most_wh = session.values, self._most_wh
        if values is None:
            start = self._start_before(session, reading)
            reset = self._was_reset_before(session, reading)
            return ShownValues.begin(reading, start=start, reset=reset)
        if reading.at < values.last.at:
            return values.preceded_by(reading, most_wh)
        booted = self._booted_since(values.last.at)
        if not (values.sure or booted):
            return self._second(session, values, reading, newest=newest)
        restarts = self._doubted.lead_to(reading)
        going_on = values.followed_by(
            reading, most_wh, confirmed=restarts, restarts=restarts or booted
        )
        if going_on is not None and not (restarts and booted):
            self._doubted.forget()
            return going_on
        if booted and not reading.register_wh:
            return values  # it is not awake, or nothing has flowed since it restarted
        enough = _CONVINCING
        if booted:
            from_zero = self._from_zero(values, reading)
            enough = 1 if from_zero else _CONVINCING_AFTER_BOOT
        return self._restarted(values, reading, self._believed(reading, enough=enough))

    def _start_before(
        self, session: SessionReadings, reading: RegisterReading
    ) -> RegisterReading | None:
        """Return the reading at the start if another one can have come from it: one of zero may mean nothing."""
        start = session.start
        if start is None or start.register_wh <= ROUNDING_WH:
            return None
        return start if start.reaches(reading, self._most_wh) else None

    def _was_reset_before(
        self, session: SessionReadings, reading: RegisterReading
    ) -> bool:
        """Whether a boot between the start of a session and its first value may be why that shows less."""
        start = session.start
        fell = start is not None and reading.register_wh < start.register_wh
        return fell and self._booted_since(session.started_at)

    def _restarted(
        self,
        values: ShownValues,
        reading: RegisterReading,
        first: RegisterReading | None,
    ) -> ShownValues:
        """Return values whose register counts from elsewhere since a reading, if that is believed."""
        if first is None:
            return values
        from_wh = 0.0 if self._from_zero(values, first) else first.register_wh
        return values.restarting(from_wh, reading)

    def _from_zero(self, values: ShownValues, reading: RegisterReading) -> bool:
        """Whether a register came from zero to a reading since the last of the values, as far as can be known.

        It is far below that one, which the register may not have stored yet: otherwise it may go on from what it had stored.
        """
        flows_wh = self._most_wh(values.last.at, reading.at) - SLACK_WH + ROUNDING_WH
        return reading.register_wh <= min(flows_wh, values.last.register_wh / 2)

    def ended(
        self, session: SessionReadings, register_wh: float | None, at: datetime
    ) -> ShownValues | None:
        """Return the values of a session whose end may show that their register restarted in it.

        An end that nothing else confirms may be of a register that restarts with each session: it shows no less than values.
        """
        values, kinds = session.values, self._sums.kinds
        if values is None or not register_wh or kinds.ends is RegisterKind.RESTARTS:
            return values
        end = RegisterReading(register_wh=register_wh, at=at)
        if self._doubted.lead_to(end) and values.last.register_wh < register_wh:
            follows = values.followed_by(end, self._most_wh, confirmed=True)
            if follows is not None:
                return follows
        agree = kinds.agree or kinds.ends is RegisterKind.GOES_ON
        rose_wh = risen_by_values(session, self._most_wh)
        may_be_own = register_wh >= rose_wh - ROUNDING_WH
        if values.restarted and values.last.reaches(end, self._most_wh):
            return values.going_on(end) if agree or not may_be_own else values
        booted = self._booted_since(values.last.at)
        if not (booted or (kinds.ends_went_on and values.sure)):
            return values
        if end.register_wh >= values.last.register_wh - (0.0 if booted else SLACK_WH):
            return values
        if not values.sure and self._start_before(session, end):
            return values  # start and end agree: the only value is nonsense
        first = self._doubted.add(end, enough=1)
        if first is end and may_be_own and not (booted and agree):
            return values
        return self._restarted(values, end, first)

    def _booted_since(self, at: datetime) -> bool:
        """Whether the station booted after a time, or after it reported what it had stored of then."""
        return self.booted_at is not None and self.booted_at >= at

    def _second(
        self,
        session: SessionReadings,
        values: ShownValues,
        reading: RegisterReading,
        *,
        newest: bool,
    ) -> ShownValues:
        """Return the values of a session when the first of them may be nonsense: what explains the next with least rises."""
        if values.first.register_wh and not reading.register_wh:
            self.drop()  # rather this one: many meters show nothing at times
            return values
        start = session.start
        if self._sums.kinds.values is RegisterKind.RESTARTS:
            start = None
        elif start is None and newest:
            standing = self._sums.before_last.standing
            start = standing.reading if standing else None
        if start is not None and self._booted_since(start.at):
            if values.first.register_wh and values.last.reaches(reading, self._most_wh):
                start = None  # the register restarted before its first value
        explained = [
            one
            for one in (values.first, start, self._doubted.last)
            if one is not None and one.reaches(reading, self._most_wh)
        ]
        if not explained:
            self.drop()
            self._doubted.add(reading, enough=_CONVINCING)
            return values
        self._doubted.forget()
        first = max(explained, key=lambda one: one.register_wh)
        if first is start:
            return ShownValues.begin(reading, start=start)
        if first is values.first:
            return values.going_on(reading)
        return ShownValues.begin(first).going_on(reading)

    def after(
        self, session: SessionReadings, reading: RegisterReading
    ) -> ShownValues | None:
        """Return what is shown after a session with another reading."""
        after, standing = session.after, self._sums.total.standing
        position = standing.reading if standing else None
        if self._sums.kinds.values is RegisterKind.RESTARTS and session.values:
            position = session.values.last
        confirmed = self._doubted.lead_to(reading)
        going_on = after and after.followed_by(
            reading, self._most_wh, confirmed=confirmed
        )
        if going_on is not None:
            self._doubted.forget()
            return going_on
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
            self.drop()
        else:
            self._doubted.forget()
        return first
