"""Which of a connector's registers is which: one that goes on over sessions, or one that restarts with each.

A station shows registers in three places: at starts, in meter values and at ends. Some show the lifetime in one of them and
the session in another (lbbrhzn/ocpp issue 2093). What a place shows follows from what it has shown:

- more than can have flowed since the start of the session: it goes on;
- clearly less than another place showed before in the same session: it restarts with each session. One whose values went on
  was reset: three sessions in a row have to show that it restarts with each;
- less than in the session before: it restarts, or it was reset once. This counts where nothing else is known, or thrice.

A start that is not zero goes on. One that is zero restarts, was reset, or means nothing: where other places go on and no
start was ever more than zero, it means nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from .register_readings import (
    ROUNDING_WH,
    SLACK_WH,
    Most,
    RegisterReading,
    SessionReadings,
)

# A register that went on and is below the session before so many times in a row restarts with each session now.
_CONVINCING = 3


class RegisterKind(StrEnum):
    """From where a register counts."""

    UNKNOWN = ""
    GOES_ON = "goes_on"
    RESTARTS = "restarts"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceEvidence:
    """What has been seen of a place."""

    sure: RegisterKind = RegisterKind.UNKNOWN
    falls: int = 0  # from one session to the next, since then
    last_wh: float | None = None
    last_at: datetime | None = None

    def may_precede(self, later: RegisterReading, most_wh: Most) -> bool:
        """Whether what it showed last can have become a later reading, as far as is known."""
        if self.last_wh is None or self.last_at is None:
            return True
        last = RegisterReading(register_wh=self.last_wh, at=self.last_at)
        return last.reaches(later, most_wh)

    @property
    def kind(self) -> RegisterKind:
        """The kind of register that it shows."""
        enough = 1 if self.sure is RegisterKind.UNKNOWN else _CONVINCING
        return RegisterKind.RESTARTS if self.falls >= enough else self.sure

    def joined(self, other: PlaceEvidence) -> PlaceEvidence:
        """Return it with that of another place, which shows the same register: both must have fallen."""
        if self.sure is RegisterKind.UNKNOWN:
            falls = max(self.falls, other.falls)
            return replace(self, sure=other.sure, falls=falls if not other.sure else 0)
        if other.sure is not RegisterKind.UNKNOWN:
            return replace(self, falls=min(self.falls, other.falls))
        return self

    def seen(self, kind: RegisterKind) -> PlaceEvidence:
        """Return it after a session that shows the kind."""
        return replace(self, sure=kind, falls=0)

    def showed(
        self,
        first: RegisterReading,
        last: RegisterReading,
        start: RegisterReading | None,
    ) -> PlaceEvidence:
        """Return it after a session that showed this, first and last, and that at its start."""
        first_wh, last_wh = first.register_wh, last.register_wh
        went_on, falls = self.sure is RegisterKind.GOES_ON, self.falls
        fell: bool | None = None
        if start is None:
            fell = self.last_wh is not None and first_wh < self.last_wh - ROUNDING_WH
        elif went_on and start.register_wh > ROUNDING_WH:
            fell = first_wh < start.register_wh - SLACK_WH
        if fell:
            falls += 1
        elif fell is False and went_on:
            falls = 0  # it goes on still: it was reset before
        return replace(self, falls=falls, last_wh=last_wh, last_at=last.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterKinds:
    """The kinds of registers in meter values, at ends and at starts, and whether a start of zero means something."""

    values: RegisterKind = RegisterKind.UNKNOWN
    ends: RegisterKind = RegisterKind.UNKNOWN
    agree: bool = False  # ends show the register of the values
    ends_went_on: bool = False  # they were more than can have flowed
    starts_go_on: bool = False  # some were above zero
    zero_starts: bool = True
    silent: bool = False  # values were never above zero: the charger has none

    def restarts(self, session: SessionReadings) -> bool:
        """Whether the start of a session shows that its register restarted with it."""
        known = session.start_wh is not None and self.zero_starts
        return known and not self.starts_go_on


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterEvidence:
    """What sessions have shown of the registers, in the order of time."""

    FORMER: ClassVar[frozenset[str]] = frozenset(("disagreed",))

    values: PlaceEvidence = PlaceEvidence()
    ends: PlaceEvidence = PlaceEvidence()
    agreed: bool = False  # the last end that tells showed the register of the values
    values_rose: bool = False  # above zero
    starts_go_on: bool = False
    contradicted: bool = False  # a start of zero, by what else its session showed

    def seen(self, session: SessionReadings, most_wh: Most) -> RegisterEvidence:
        """Return it with that of another session."""
        values, ends = _of_session(session, self.values, self.ends, most_wh)
        agree, start_wh = _agree(session, most_wh), session.start_wh
        goes_on = start_wh is not None and start_wh > ROUNDING_WH
        zero = start_wh is not None and not goes_on
        return replace(
            self,
            values=values,
            ends=ends,
            agreed=self.agreed if agree is None else agree,
            values_rose=self.values_rose or _above_zero(session),
            starts_go_on=self.starts_go_on or goes_on,
            contradicted=self.contradicted
            or (zero and self._goes_on(session, most_wh)),
        )

    def _goes_on(self, session: SessionReadings, most_wh: Most) -> bool:
        """Whether a session that started at zero shows elsewhere what did not, and goes on from the one before."""
        shown = session.values.first if session.values and session.values.sure else None
        places = (self.values, shown), (self.ends, session.end)
        return any(
            reading is not None
            and session.is_more_than_flowed(reading, most_wh)
            and place.may_precede(reading, most_wh)
            for place, reading in places
        )

    @property
    def settled(self) -> bool:
        """Whether it is known what values and ends show, and nothing speaks against it."""
        return all(place.sure and not place.falls for place in (self.values, self.ends))

    @property
    def kinds(self) -> RegisterKinds:
        """The kinds of registers, by all that was shown."""
        values, ends = self.values, self.ends
        ends_went_on = ends.kind is RegisterKind.GOES_ON
        if self.agreed:
            values, ends = values.joined(ends), ends.joined(values)
        return RegisterKinds(
            values=values.kind,
            ends=ends.kind,
            agree=self.agreed,
            ends_went_on=ends_went_on,
            starts_go_on=self.starts_go_on,
            zero_starts=self.starts_go_on or not self.contradicted,
            silent=not self.values_rose,
        )


def _of_session(
    session: SessionReadings,
    values: PlaceEvidence,
    ends: PlaceEvidence,
    most_wh: Most,
) -> tuple[PlaceEvidence, PlaceEvidence]:
    """Return the evidence about values and ends with that of another session."""
    start, end = session.start, session.end
    shown = session.values
    if shown and not (shown.sure or _agree(session, most_wh)):
        shown = None  # it may be nonsense
    if shown is not None:
        values = values.showed(shown.first, shown.last, start)
        goes_on = values.sure is RegisterKind.GOES_ON
        if _is_below(shown.first, start) and not (goes_on or shown.reset):
            values = values.seen(RegisterKind.RESTARTS)
    if start is not None and end is not None and start.register_wh > ROUNDING_WH:
        rise_wh = end.register_wh - start.register_wh
        if rise_wh > session.most_until(end.at, most_wh):
            end = None  # nonsense
    if end is not None and end.register_wh > ROUNDING_WH:
        ends = ends.showed(end, end, start)
        if shown is not None and not shown.restarted:
            if _is_below(end, shown.last):
                ends = ends.seen(RegisterKind.RESTARTS)
                values = values.seen(RegisterKind.GOES_ON)
        if session.is_more_than_flowed(end, most_wh):
            ends = ends.seen(RegisterKind.GOES_ON)
            if shown is not None and not shown.last.reaches(end, most_wh):
                values = values.seen(RegisterKind.RESTARTS)
    if shown is not None and session.is_more_than_flowed(shown.first, most_wh):
        values = values.seen(RegisterKind.GOES_ON)
        if end is not None and _agree(session, most_wh):
            ends = ends.seen(RegisterKind.GOES_ON)
    after = session.after
    if after is not None and session.is_more_than_flowed(after.first, most_wh):
        values = values.seen(RegisterKind.GOES_ON)
    return values, ends


def _agree(session: SessionReadings, most_wh: Most) -> bool | None:
    """Whether the end of a session shows the register of its values; None if one of both is missing, or the values restarted.

    Where a charger loses its power in a session, all that it counts restarts together: the lifetime and the session are the same then.
    """
    shown, end = session.values, session.end
    if shown is None or end is None or not end.register_wh or shown.restarted:
        return None
    if (start := session.start_wh) is not None and start > ROUNDING_WH:
        if (shown.first.register_wh < start) is not (end.register_wh < start):
            # From the start to an end of another register, no less can have flowed than the values show.
            if end.register_wh - start > shown.last.register_wh - SLACK_WH:
                return False
    return shown.last.reaches(end, most_wh)


def _above_zero(session: SessionReadings) -> bool:
    """Whether values of a session, or after it, were above zero."""
    return any(
        shown is not None and shown.sure and shown.last.register_wh > 0
        for shown in (session.values, session.after)
    )


def _is_below(reading: RegisterReading, before: RegisterReading | None) -> bool:
    """Whether a place shows clearly less than another one did before."""
    return before is not None and reading.register_wh < before.register_wh - SLACK_WH
