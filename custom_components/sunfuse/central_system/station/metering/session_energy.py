"""What a session took, by the registers that were shown in it.

A register that goes on rose from where it stood at the start; where that is not reported, the session before tells. One that
restarts with each session rose from zero. Each shows what flowed, or a part of it where it was not read at the start or at
the end: the one that shows most is right. An end far above what the values show is nonsense.

Not knowable, so that less counts: what flowed before the first value of the very first session whose start carries no
register, and, until something shows that a register restarts, what flowed before its first value in any such session.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .register_kinds import RegisterKind, RegisterKinds
from .register_readings import (
    ROUNDING_WH,
    SLACK_WH,
    Most,
    RegisterReading,
    SessionReadings,
    ShownValues,
)

# What values show may be of so long before them.
_OLD = timedelta(minutes=15)

GOES_ON, RESTARTS = RegisterKind.GOES_ON, RegisterKind.RESTARTS


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterStanding:
    """Where the register that goes on stood last.

    It is `certain` that it does if starts are more than zero, or other readings showed so. Otherwise what values show is
    compared with values only, and what ends show with ends.
    """

    reading: RegisterReading
    certain: bool
    by_values: bool

    def before(
        self, kinds: RegisterKinds, *, by_values: bool
    ) -> RegisterReading | None:
        """Return it for comparing it with what values or ends show, None if that may be another register."""
        same = self.certain or kinds.agree or self.by_values is by_values
        return self.reading if same else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnergy:
    """What a session took, and where the register that goes on stood before and after it: None if that is not known."""

    taken_wh: float | None
    began: RegisterReading | None
    ended: RegisterStanding | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRise:
    """What one register shows of a session."""

    began: RegisterReading | None = None  # where it stood at the start, as far as known
    first: RegisterReading | None = None
    last: RegisterReading | None = None
    rise_wh: float | None = None
    complete: bool = False  # it was read at the start and at the end


def session_energy(
    session: SessionReadings,
    before: RegisterStanding | None,
    kinds: RegisterKinds,
    most_wh: Most,
) -> SessionEnergy:
    """Return the energy of a session; `before` is where the register that goes on stood before it."""
    # Values that were never above zero say nothing.
    if kinds.silent and session.values and not session.values.last.register_wh:
        session = replace(session, values=None)
    session = _without_nonsense(session, before, kinds, most_wh)
    stood = before.reading if before else None
    own = _own_rise(session, stood, kinds, most_wh)
    lasting = _lasting_rise(session, before, kinds, most_wh)
    confirmed = _confirmed_rise(session, most_wh)
    if confirmed is not None and confirmed.rise_wh and _values_below(session):
        own, lasting = RegisterRise(), confirmed
    if lasting.began is not None and lasting.began is stood:
        if _rises_more(lasting, own, most_wh):
            lasting = _lasting_rise(session, None, kinds, most_wh)
    complete = [one.rise_wh for one in (own, lasting) if one.complete and one.rise_wh]
    parts = [one.rise_wh for one in (own, lasting) if one.rise_wh is not None]
    taken_wh = max(complete or parts, default=None)
    if not taken_wh and session.flow_wh:
        taken_wh = session.flow_wh
    if taken_wh is None and session.start_wh is not None:
        taken_wh = 0.0
    return SessionEnergy(
        taken_wh=taken_wh,
        began=lasting.began or _begun_by(lasting, taken_wh or 0.0),
        ended=_reset(session, own, lasting, kinds)
        or _ended(session, lasting, before, kinds, taken_wh or 0.0, most_wh),
    )


def _without_nonsense(
    session: SessionReadings,
    before: RegisterStanding | None,
    kinds: RegisterKinds,
    most_wh: Most,
) -> SessionReadings:
    """Return a session without its end if that shows more than the values and what can have flowed since.

    They must go on from where the register stood: values of another one, or in another unit, prove nothing. Nor do values
    that stand still, or a clock that was set back.
    """
    shown, end = session.values, session.end
    if shown is None or end is None or shown.restarted or not shown.rose_wh:
        return session
    if end.at < shown.last.at:
        return session
    without = replace(session, end_wh=None)
    lasting = _lasting_rise(without, before, kinds, most_wh)
    began, rise_wh = lasting.began, lasting.rise_wh
    if began is None or began.register_wh <= ROUNDING_WH or rise_wh is None:
        return session
    last = replace(shown.last, at=(shown.stands_since or shown.last.at) - _OLD)
    most = rise_wh + most_wh(last.at, end.at)
    follows = last.reaches(end, most_wh)
    return session if follows or end.register_wh <= most else without


def _own_rise(
    session: SessionReadings,
    before: RegisterReading | None,
    kinds: RegisterKinds,
    most_wh: Most,
) -> RegisterRise:
    """Return what a register that restarts with each session shows."""
    shown, end = session.values, session.end
    if end is not None and not end.register_wh and shown:
        end = None  # a charger that does not know it says 0
    rose_wh = risen_by_values(session, most_wh)
    if shown is not None and not _restarts(session, before, shown.first, kinds.values):
        if shown.restarted and kinds.ends is not RESTARTS:
            return RegisterRise()  # it went on until it was reset in the session
        shown = None
    confirmed = kinds.values is RESTARTS or (
        kinds.agree and bool(shown and end and shown.last.reaches(end, most_wh))
    )
    if shown is not None and not (shown.sure or confirmed):
        shown = None  # it may be nonsense
    # An end of the same register restarted as well, however far it came since.
    same = shown is not None and kinds.agree
    if end is not None and not (same or _restarts(session, before, end, kinds.ends)):
        end = None
    if end is not None:
        possible = end.register_wh <= session.most_until(end.at, most_wh)
        if end.register_wh < rose_wh - ROUNDING_WH:
            possible = False  # the register was reset in the session, or is not known
        if possible and not (shown and shown.restarted) and kinds.ends is not GOES_ON:
            return RegisterRise(last=end, rise_wh=end.register_wh, complete=True)
    if shown is None:
        return RegisterRise()
    most = session.most_until(shown.first.at, most_wh)
    head_wh = shown.first.register_wh
    rise_wh = shown.rose_wh + (head_wh if head_wh <= most else 0.0)
    if end is not None and kinds.agree and shown.last.reaches(end, most_wh):
        return RegisterRise(
            last=end, rise_wh=rise_wh + end.register_wh - shown.last.register_wh
        )
    if session.after is not None and shown.last.reaches(session.after.first, most_wh):
        # Until the next session it shows what this one took.
        rise_wh += session.after.first.register_wh - shown.last.register_wh
    return RegisterRise(last=shown.last, rise_wh=rise_wh)


def _lasting_rise(
    session: SessionReadings,
    standing: RegisterStanding | None,
    kinds: RegisterKinds,
    most_wh: Most,
) -> RegisterRise:
    """Return what a register that goes on shows."""
    before = standing.reading if standing else None
    shown, end = session.values, session.end
    if shown is not None and _restarts(session, before, shown.first, kinds.values):
        shown = None
        if kinds.agree:
            end = None
    if end is not None and _restarts(session, before, end, kinds.ends):
        end = None
    if end is not None and not end.register_wh and (session.start_wh or session.values):
        end = None  # a charger that does not know it says 0
    first = end if shown is None else shown.first
    start = session.start
    if _means_nothing(session, shown, before, kinds, most_wh):
        start = None
    reset = shown is not None and shown.restarted
    if reset and end is not None and session.is_more_than_flowed(end, most_wh):
        reset = False  # no register that restarted can have come that far
    if start and end and not (reset or _fell(session, start, end, most_wh)):
        rise_wh = end.register_wh - start.register_wh
        if _is_rise(session, start, end, most_wh) and (
            start.register_wh > ROUNDING_WH
            or not _is_beyond(session.values, rise_wh, end, most_wh)
        ):
            return RegisterRise(
                began=start,
                first=start,
                last=max(end, shown.last if shown else end, key=_height),
                rise_wh=rise_wh,
                complete=True,
            )
    if first is None:
        if start and not start.register_wh and standing:
            start = None  # nothing confirms it
        return RegisterRise(began=start, first=start, last=start)
    last = first if shown is None else shown.last
    if standing is not None:
        before = standing.before(kinds, by_values=shown is not None)
    restarted = shown is not None and shown.restarted
    until = first if restarted else last
    began = _began(session, start, before, (first, until), kinds, most_wh)
    rise_wh = 0.0 if began is None else first.register_wh - began.register_wh
    if shown is not None:
        rise_wh += shown.rose_wh
        if end is not None and last.reaches(end, most_wh):
            rise_wh, last = rise_wh + end.register_wh - last.register_wh, end
    return RegisterRise(began=began, first=first, last=last, rise_wh=max(rise_wh, 0.0))


def _means_nothing(
    session: SessionReadings,
    shown: ShownValues | None,
    before: RegisterReading | None,
    kinds: RegisterKinds,
    most_wh: Most,
) -> bool:
    """Whether the register did not stand at the start of 0: its values show more than flowed, or other sessions contradict it.

    Values below where the register stood restarted: they may have done so with the session, whatever other sessions show.
    """
    if session.start_wh != 0.0:
        return False
    if shown is None:
        return not kinds.zero_starts
    first = shown.first
    follows = before is not None and before.reaches(first, most_wh)
    if (shown.sure or follows) and session.is_more_than_flowed(first, most_wh):
        return True
    fell = before is not None and first.register_wh < before.register_wh
    return not (kinds.zero_starts or fell)


def _confirmed_rise(session: SessionReadings, most_wh: Most) -> RegisterRise | None:
    """Return what start and end show, if that is what the values rose and what can have flowed after them.

    Both are of one register then, whatever others show.
    """
    start, shown, end = session.start, session.values, session.end
    if start is None or shown is None or end is None or not shown.sure:
        return None
    rose_wh = risen_by_values(session, most_wh)
    unseen_wh = end.register_wh - start.register_wh - rose_wh
    possible = -ROUNDING_WH <= unseen_wh <= most_wh(shown.last.at, end.at)
    if start.register_wh <= SLACK_WH or not possible:
        return None
    rise_wh = rose_wh + max(unseen_wh, 0.0)
    return RegisterRise(
        began=start, first=start, last=end, rise_wh=rise_wh, complete=True
    )


def _values_below(session: SessionReadings) -> bool:
    """Whether values show another register than the start, and so confirm what that shows."""
    if session.values is None or session.start_wh is None:
        return False
    return session.values.first.register_wh < session.start_wh


def _fell(
    session: SessionReadings,
    start: RegisterReading,
    end: RegisterReading,
    most_wh: Most,
) -> bool:
    """Whether all registers restarted in a session: start and end show less than the values, before and after."""
    if session.values is None or not session.values.restarted:
        return False
    rise_wh = end.register_wh - start.register_wh
    return rise_wh < risen_by_values(session, most_wh) - ROUNDING_WH


def risen_by_values(session: SessionReadings, most_wh: Most) -> float:
    """Return how far the register of the values rose in a session, at least: one that restarted with it shows no less."""
    shown, start = session.values, session.start
    if shown is None or not shown.sure:
        return 0.0
    head_wh = 0.0
    if start is not None and start.register_wh > ROUNDING_WH:
        if _is_rise(session, start, shown.first, most_wh):
            head_wh = shown.first.register_wh - start.register_wh
    return head_wh + shown.rose_wh


def end_by_next_start(
    session: SessionReadings, next_wh: float | None, most_wh: Most
) -> SessionReadings:
    """Return a session with where the next start shows its register if that is far below its end.

    The values have to lead there: otherwise the register may have been reset since.
    """
    if next_wh is None or next_wh > (session.end_wh or 0.0) - SLACK_WH:
        return session
    until_next = replace(session, end_wh=next_wh)
    confirmed = _confirmed_rise(until_next, most_wh) is not None
    return until_next if confirmed else session


def _restarts(
    session: SessionReadings,
    before: RegisterReading | None,
    first: RegisterReading,
    kind: RegisterKind,
) -> bool:
    """Whether a register restarted with the session or in it: it is below where one that goes on stood at the start."""
    if kind is RESTARTS:
        return True
    # Values may be in whole kilowatt-hours.
    slack_wh = SLACK_WH if kind is GOES_ON else 0.0
    if session.start_wh is not None:
        return first.register_wh < session.start_wh - slack_wh
    return before is not None and first.register_wh < before.register_wh - slack_wh


def _began(
    session: SessionReadings,
    start: RegisterReading | None,
    before: RegisterReading | None,
    shown: tuple[RegisterReading, RegisterReading],
    kinds: RegisterKinds,
    most_wh: Most,
) -> RegisterReading | None:
    """Return where the register stood at the start, if its first and last readings can have come from there."""
    first, last = shown
    if start is not None and _is_rise(session, start, last, most_wh):
        ahead_wh = start.register_wh - first.register_wh
        whole_kwh = kinds.values is GOES_ON and ahead_wh <= SLACK_WH
        if ahead_wh <= 0 or whole_kwh:
            return start
    if before is not None and _is_rise(session, before, first, most_wh):
        return before
    return None


def _is_rise(
    session: SessionReadings,
    start: RegisterReading,
    later: RegisterReading,
    most_wh: Most,
) -> bool:
    """Whether a register can have come from where it stood at the start of a session to a later reading in it."""
    rise_wh = later.register_wh - start.register_wh
    return 0 <= rise_wh <= session.most_until(later.at, most_wh)


def _rises_more(lasting: RegisterRise, own: RegisterRise, most_wh: Most) -> bool:
    """Whether one register rose more than the other and what can have flowed since: a session before is not known."""
    if own.rise_wh is None or own.last is None or lasting.last is None:
        return False
    rest_wh = most_wh(own.last.at, lasting.last.at)
    return (lasting.rise_wh or 0.0) > own.rise_wh + rest_wh


def _begun_by(lasting: RegisterRise, taken_wh: float) -> RegisterReading | None:
    """Return where the register stood before its first reading at the latest, by what another one shows."""
    if lasting.first is None:
        return None
    head_wh = max(taken_wh - (lasting.rise_wh or 0.0), 0.0)
    register_wh = max(lasting.first.register_wh - head_wh, 0.0)
    return _at(register_wh, lasting.first.at)


def _is_beyond(
    values: ShownValues | None,
    rise_wh: float,
    end: RegisterReading,
    most_wh: Most,
) -> bool:
    """Whether an end shows more than values that started at zero, too, and what can have flowed since: it shows another register.

    Values that stand still are no sign that they miss something: the car is full, as a rule.
    """
    if values is None or not values.sure:
        return False
    shown_wh = values.first.register_wh + values.rose_wh
    return rise_wh > shown_wh + most_wh(values.last.at, end.at)


def _height(reading: RegisterReading) -> float:
    return reading.register_wh


def _reset(
    session: SessionReadings,
    own: RegisterRise,
    lasting: RegisterRise,
    kinds: RegisterKinds,
) -> RegisterStanding | None:
    """Return where the register that goes on stood in the end if it was reset before the session."""
    if own.last is None or lasting.last is not None:
        return None
    by_values = session.values is not None and own.last == session.values.last
    if (kinds.values if by_values else kinds.ends) is not GOES_ON:
        return None
    return RegisterStanding(reading=own.last, certain=True, by_values=by_values)


def _ended(
    session: SessionReadings,
    lasting: RegisterRise,
    before: RegisterStanding | None,
    kinds: RegisterKinds,
    taken_wh: float,
    most_wh: Most,
) -> RegisterStanding | None:
    """Return where the register that goes on stood in the end."""
    at = session.ended_at or session.newest_at
    last = lasting.last
    if last is None:
        if before is None:
            return None
        return replace(before, reading=_at(before.reading.register_wh + taken_wh, at))
    by_values = session.values is not None and last == session.values.last
    kind = kinds.values if by_values else kinds.ends
    starts = session.start_wh is not None and kinds.starts_go_on
    restarted = by_values and session.values is not None and session.values.restarted
    if not (lasting.complete or last == session.end or restarted):
        rest_wh = taken_wh - (lasting.rise_wh or 0.0)
        if lasting.began is None:
            rest_wh = min(rest_wh, most_wh(last.at, at))
        if rest_wh > 0:
            last = _at(last.register_wh + rest_wh, at)
    return RegisterStanding(
        reading=last, certain=starts or kind is GOES_ON, by_values=by_values
    )


def _at(register_wh: float, at: datetime) -> RegisterReading:
    return RegisterReading(register_wh=register_wh, at=at)
