"""What the registers of a connector showed: in each session at its start, in its meter values and at its end."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

# How much a connector can deliver between two times, in watt-hours.
type Most = Callable[[datetime, datetime], float]

# A register may run ahead of what the connector can deliver by this much: many count in whole kilowatt-hours.
SLACK_WH = 1000.0
# A register that restarted at zero may have counted this much more than the time allows: rounding.
ROUNDING_WH = 100.0
# A car whose start was not reported is plugged in for this long at most, or its clock was set back.
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterReading:
    """What a register showed, and when."""

    register_wh: float
    at: datetime

    def reaches(self, later: RegisterReading, most_wh: Most) -> bool:
        """Whether the register can have come from here to a later reading."""
        rise_wh = later.register_wh - self.register_wh
        return 0 <= rise_wh <= most_wh(self.at, later.at)

    def not_after(self, now: datetime) -> RegisterReading:
        """Return it as read by now at the latest: a clock that was ahead may have dated it."""
        return replace(self, at=min(self.at, now))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownValues:
    """The register of meter values, from the first reading to the last, and how far it rose."""

    FORMER: ClassVar[frozenset[str]] = frozenset(("before_wh", "before"))

    first: RegisterReading
    last: RegisterReading
    rose_wh: float = 0.0
    # How far it had risen until the first reading, if the start showed it.
    head_wh: float = 0.0
    sure: bool = False  # the first reading is no nonsense: others agree
    restarted: bool = False  # it counts from elsewhere since
    reset: bool = False  # it may have been, between the start and the first reading
    # Since when it has shown the same, if readings before the last one did.
    stands_since: datetime | None = None

    @classmethod
    def begin(
        cls,
        reading: RegisterReading,
        *,
        from_wh: float | None = None,
        sure: bool = False,
        reset: bool = False,
    ) -> ShownValues:
        """Begin with one reading; the register came from where it stood at the start if that is given."""
        head_wh = 0.0 if from_wh is None else reading.register_wh - from_wh
        return cls(first=reading, last=reading, head_wh=head_wh, sure=sure, reset=reset)

    @property
    def risen_wh(self) -> float:
        """How far it rose since the start of the session, as far as that is known."""
        return self.head_wh + self.rose_wh

    def risen_until(self, end: RegisterReading) -> float:
        """How far it rose if it went on to the end."""
        return self.risen_wh + max(end.register_wh - self.last.register_wh, 0.0)

    def going_on(self, reading: RegisterReading) -> ShownValues:
        """Return these with the next reading."""
        rise_wh = reading.register_wh - self.last.register_wh
        return replace(
            self,
            last=reading,
            rose_wh=self.rose_wh + rise_wh,
            sure=True,
            stands_since=None if rise_wh else self.stands_since or self.last.at,
        )

    def restarting(self, from_wh: float, reading: RegisterReading) -> ShownValues:
        """Return these when the register counts from elsewhere, where it stood at `from_wh`."""
        return replace(
            self,
            last=reading,
            rose_wh=self.rose_wh + reading.register_wh - from_wh,
            sure=True,
            restarted=True,
            stands_since=None,
        )

    def preceded_by(self, reading: RegisterReading, most_wh: Most) -> ShownValues:
        """Return these with a reading that was stored, from before the first one."""
        if reading.at >= self.first.at or not reading.reaches(self.first, most_wh):
            return self
        rise_wh = self.first.register_wh - reading.register_wh
        return replace(self, first=reading, rose_wh=self.rose_wh + rise_wh, sure=True)

    def not_after(self, now: datetime) -> ShownValues:
        """Return these as read by now at the latest."""
        first, last = self.first.not_after(now), self.last.not_after(now)
        stands_since = self.stands_since and min(self.stands_since, now)
        return replace(self, first=first, last=last, stands_since=stands_since)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueStory:
    """What may have happened: the readings that are believed, and how many faults explain the others."""

    values: ShownValues | None = None
    faults: float = 0.0

    def not_after(self, now: datetime) -> ValueStory:
        """Return it as of now at the latest."""
        return replace(self, values=self.values and self.values.not_after(now))


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReadings:
    """What the registers showed in one session, as far as it is known, and after it."""

    id: str  # empty: what was shown before the first session
    started_at: datetime
    start_wh: float | None = None
    start_known: bool = True  # otherwise it began some time before
    values: ShownValues | None = None
    ended_at: datetime | None = None
    end_wh: float | None = None
    after: ShownValues | None = None  # until the next session
    # What else the values may mean until the session ends, or after it until the next one: the most probable first.
    stories: tuple[ValueStory, ...] = ()
    flow_wh: float = 0.0  # by its power, if no register shows it

    @property
    def start(self) -> RegisterReading | None:
        """The reading at the start."""
        if self.start_wh is None:
            return None
        return RegisterReading(register_wh=self.start_wh, at=self.started_at)

    @property
    def end(self) -> RegisterReading | None:
        """The reading at the end."""
        if self.end_wh is None or self.ended_at is None:
            return None
        return RegisterReading(register_wh=self.end_wh, at=self.ended_at)

    @property
    def order(self) -> tuple[datetime, float]:
        """Where it comes among others. Where a clock stands still, the registers give the order."""
        return self.started_at, self.start_wh or 0.0

    @property
    def newest_at(self) -> datetime:
        """When something of it was heard last."""
        times = [self.started_at, self.ended_at or self.started_at]
        times += [part.last.at for part in (self.values, self.after) if part]
        return max(times)

    def most_until(self, at: datetime, most_wh: Most) -> float:
        """Return how much can have flowed since its start."""
        if not self.start_known:
            return most_wh(self.started_at - _DAY, at)
        if at == self.ended_at and at <= self.started_at:
            at = self.started_at + _DAY  # the station set its clock back meanwhile
        return most_wh(self.started_at, at)

    def is_more_than_flowed(self, reading: RegisterReading, most_wh: Most) -> bool:
        """Whether a register that shows this cannot have started at zero with the session."""
        most = self.most_until(reading.at, most_wh) - SLACK_WH + ROUNDING_WH
        return reading.register_wh > most

    def without_stored_end(self, most_wh: Most) -> SessionReadings:
        """Return it without an end that is older than the last value and that the register passed on its way there.

        After a power cut, some stations end a transaction with the register that they had stored.
        """
        shown, end = self.values, self.end
        if shown is None or end is None or shown.restarted or end.at >= shown.last.at:
            return self
        lower = end.register_wh < shown.last.register_wh
        passed = shown.first.reaches(end, most_wh) and end.reaches(shown.last, most_wh)
        return replace(self, end_wh=None) if lower and passed else self

    def not_after(self, now: datetime) -> SessionReadings:
        """Return it as of now at the latest: a clock that was ahead may have dated it."""
        return replace(
            self,
            started_at=min(self.started_at, now),
            ended_at=self.ended_at and min(self.ended_at, now),
            values=self.values and self.values.not_after(now),
            after=self.after and self.after.not_after(now),
            stories=tuple(story.not_after(now) for story in self.stories),
        )
