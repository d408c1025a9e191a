"""Follows the register of meter values from reading to reading: it restarts, jumps, stands still, and some readings are nonsense."""

from dataclasses import replace
from datetime import datetime, timedelta

from ....engine.clock_change import moved
from .register_kinds import RegisterKind
from .register_readings import (
    ROUNDING_WH,
    SLACK_WH,
    RegisterReading,
    SessionReadings,
    ShownValues,
    ValueStory,
)
from .session_energy import risen_by_values
from .session_sum import ConnectorSum
from .value_stories import (
    JUMP,
    MAYBE_NONSENSE,
    NONSENSE,
    RESET,
    comes_from_zero,
    with_reading,
)


class ValueFollower:
    """Returns a session with another reading, or with its end."""

    def __init__(self, sums: ConnectorSum) -> None:
        """Judge by what is summed."""
        self._sums = sums
        self._most_wh = sums.most_wh
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

    def clock_was_set(self, by: timedelta) -> None:
        """Shift the stored time by the amount by which the wall clock was set forward."""
        self.booted_at = moved(self.booted_at, by)

    def within(
        self, session: SessionReadings, reading: RegisterReading, *, newest: bool
    ) -> SessionReadings:
        """Return a session with another reading of its values."""
        known = session.values
        stories = _stories(session, known)
        times = [story.values.last.at for story in stories if story.values]
        if times and reading.at < max(times):
            stories = tuple(
                replace(one, values=one.values.preceded_by(reading, self._most_wh))
                if one.values
                else one
                for one in stories
            )
            return replace(session, values=stories[0].values, stories=stories)

        def begin(first: RegisterReading) -> tuple[ShownValues, float]:
            return self._begun(session, first, newest=newest)

        stories = with_reading(
            stories,
            reading,
            begin=begin,
            booted=self._booted_since,
            most_wh=self._most_wh,
        )
        self._note(stories, reading)
        return replace(session, values=stories[0].values, stories=stories)

    def after(
        self, session: SessionReadings, reading: RegisterReading
    ) -> SessionReadings:
        """Return a session with another reading of what is shown after it."""
        standing = self._sums.total.standing
        position = standing.reading if standing else None
        if self._sums.kinds.values is RegisterKind.RESTARTS and session.values:
            position = session.values.last

        def begin(first: RegisterReading) -> tuple[ShownValues, float]:
            follows = position is None or position.reaches(first, self._most_wh)
            return ShownValues.begin(first), 0.0 if follows else JUMP

        stories = with_reading(
            _stories(session, session.after),
            reading,
            begin=begin,
            booted=None,
            most_wh=self._most_wh,
        )
        self._note(stories, reading)
        return replace(session, after=stories[0].values, stories=stories)

    def _note(self, stories: tuple[ValueStory, ...], reading: RegisterReading) -> None:
        """Count a reading that is not believed."""
        values = stories[0].values
        if values is None or values.last != reading:
            self.drop()

    def _begun(
        self, session: SessionReadings, reading: RegisterReading, *, newest: bool
    ) -> tuple[ShownValues, float]:
        """Return the values of a session whose first is a reading, and how many faults that means.

        It came from where the register stood at the start, or it is of one that restarted with the session.
        """
        start, kinds = session.start, self._sums.kinds
        fell = start is not None and reading.register_wh < start.register_wh
        reset = fell and self._booted_since(session.started_at)
        stood = start
        if kinds.values is RegisterKind.RESTARTS:
            stood = None
        elif stood is None and newest:
            standing = self._sums.before_last.standing
            stood = standing.reading if standing else None
        if stood is not None and stood.register_wh <= ROUNDING_WH:
            stood = None  # it may mean nothing
        if stood is not None and stood.reaches(reading, self._most_wh):
            begun = ShownValues.begin(reading, from_wh=stood.register_wh)
            return replace(begun, sure=stood is start), 0.0
        shown = session.values
        faults = (
            JUMP - NONSENSE if start and shown and shown.sure and not reset else 0.0
        )
        if stood is not None or kinds.values is RegisterKind.RESTARTS:
            if session.is_more_than_flowed(reading, self._most_wh):
                sure = session.start and not self._booted_since(session.started_at)
                faults = NONSENSE if sure else RESET
        return ShownValues.begin(reading, reset=reset), faults

    def ended(
        self, session: SessionReadings, register_wh: float | None, at: datetime
    ) -> ShownValues | None:
        """Return the values of a session, by what its end shows: it is a reading more, unless it is of another register.

        An end that nothing else confirms may be of a register that restarts with each session: it shows no less than values.
        """
        kinds = self._sums.kinds
        if not register_wh or kinds.ends is RegisterKind.RESTARTS:
            return session.values
        end = RegisterReading(register_wh=register_wh, at=at)
        possible = [
            (story.faults + faults, values.risen_until(end), values)
            for story in _stories(session, session.values)
            if story.values is not None
            for values, faults in self._with_end(session, story.values, end)
        ]
        best = min(possible, key=lambda one: one[:2], default=None)
        return best[2] if best else session.values

    def _with_end(
        self, session: SessionReadings, values: ShownValues, end: RegisterReading
    ) -> list[tuple[ShownValues, float]]:
        """Return what values may mean with the end, each with how many faults that means."""
        kinds = self._sums.kinds
        agree = kinds.agree or kinds.ends is RegisterKind.GOES_ON
        rose_wh = risen_by_values(replace(session, values=values), self._most_wh)
        may_be_own = end.register_wh >= rose_wh - ROUNDING_WH
        if values.last.reaches(end, self._most_wh):
            if values.restarted and (agree or not may_be_own):
                return [(values.going_on(end), 0.0)]
            return [(values, 0.0)]
        booted = self._booted_since(values.last.at)
        ends_went_on = kinds.ends_went_on and values.sure
        nonsense = NONSENSE if booted or ends_went_on or agree else MAYBE_NONSENSE
        possible = [(values, nonsense)]
        if booted or ends_went_on:
            if may_be_own and not (booted and agree):
                return [(values, MAYBE_NONSENSE)]
            if end.register_wh < values.last.register_wh - (
                0.0 if booted else SLACK_WH
            ):
                from_zero = comes_from_zero(values.last, end, self._most_wh)
                from_wh = 0.0 if from_zero else end.register_wh
                possible.append((values.restarting(from_wh, end), RESET))
        return possible

    def _booted_since(self, at: datetime) -> bool:
        """Whether the station booted after a time, or after it reported what it had stored of then."""
        return self.booted_at is not None and self.booted_at >= at


def _stories(
    session: SessionReadings, shown: ShownValues | None
) -> tuple[ValueStory, ...]:
    """Return what the readings of a session, or after it, may mean: what is shown, if nothing else is known of them."""
    stories = session.stories
    if stories and stories[0].values == shown:
        return stories
    return (ValueStory(values=shown),) if shown else ()
