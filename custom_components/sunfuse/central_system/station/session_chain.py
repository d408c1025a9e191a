"""The energy of sessions whose reports arrive in any order: what the register rose in them, and between them.

A charger that was offline reports its sessions afterwards, some chargers in any order and beside the present one. What
one of them adds depends on its neighbours in time: a register that goes on from one to the next has counted both, one
that restarts with each session counts them one by one. So the sum is made anew with each that arrives.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .energy_track import Most, Track


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A session: what the register showed at its start and its end, as far as they are known, and what it took."""

    id: str
    started_at: datetime
    start_wh: float | None
    ended_at: datetime
    taken_wh: float | None
    start_said: bool = True  # its start carried a register; otherwise it was concluded

    @property
    def end_wh(self) -> float | None:
        """What the register showed at the end; at the start until that is known."""
        if self.start_wh is None:
            return None
        return self.start_wh + (self.taken_wh or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The sessions of a connector, in the order of time."""

    spans: tuple[Span, ...] = ()

    @classmethod
    def of(cls, spans: Iterable[Span]) -> Chain:
        """Put sessions into order; those without any register are left out.

        Where a clock stands still, the registers give the order.
        """
        known = (
            span
            for span in spans
            if span.start_wh is not None or span.taken_wh is not None
        )
        return cls(
            spans=tuple(
                sorted(known, key=lambda one: (one.started_at, one.start_wh or 0.0))
            )
        )

    def including(self, span: Span) -> Chain:
        """Return the chain with another session."""
        return Chain.of((*self.spans, span))

    def without(self, session_id: str) -> Chain:
        """Return the chain without a session."""
        return Chain.of(span for span in self.spans if span.id != session_id)

    def before(self, at: datetime) -> Span | None:
        """Return the last session that had ended by a time."""
        earlier = (span for span in reversed(self.spans) if span.ended_at <= at)
        return next(earlier, None)

    def ends_with(self, started_at: datetime, start_wh: float) -> bool:
        """Whether the last session started so, and still runs."""
        last = self.spans[-1] if self.spans else None
        return (
            last is not None
            and last.taken_wh is None
            and (last.started_at, last.start_wh) == (started_at, start_wh)
        )

    def energy_wh(self, most_wh: Most) -> float:
        """Return the energy from where the register of the first session counts until the end of the last."""
        if not self.spans:
            return 0.0
        first = self.spans[0]
        energy_wh = (first.start_wh or 0.0) + (first.taken_wh or 0.0)
        earlier_wh: set[int] = set()  # where the sessions before the last one ended
        for before, span in zip(self.spans, self.spans[1:], strict=False):
            if span.start_wh is not None:
                energy_wh += _risen_wh(before, span.start_wh, span.started_at, most_wh)
            energy_wh += span.taken_wh or 0.0
            if not span.start_said and round(span.start_wh or 0.0) in earlier_wh:
                energy_wh -= _shared_wh(before, span)
            earlier_wh.add(round(before.end_wh or 0.0))
        return energy_wh

    def after_wh(self, last: Track | None, most_wh: Most) -> float:
        """Return the energy from the end of the last session until the last reading, if that is after it."""
        if last is None or not self.spans or last.at < self.spans[-1].ended_at:
            return 0.0
        return _risen_wh(self.spans[-1], last.register_wh, last.at, most_wh)

    def added_wh(self, before: Chain, most_wh: Most) -> float:
        """Return the energy that became known since the chain was `before`."""
        added_wh = self.energy_wh(most_wh) - before.energy_wh(most_wh)
        if before.spans and self.spans[0].id == before.spans[0].id:
            return added_wh
        # What the register showed when it was first seen is known, whatever it showed before. From where it counted
        # in a session before that is none of its energy: the register may have been reset since.
        risen_wh = added_wh - self._first_wh + before._first_wh
        return min(max(added_wh, 0.0), max(risen_wh, 0.0))

    @property
    def _first_wh(self) -> float:
        """What the register showed at the start of the first session."""
        return (self.spans[0].start_wh or 0.0) if self.spans else 0.0


def _shared_wh(before: Span, span: Span) -> float:
    """Return what two sessions both counted: the first was not known yet when the start of the second was concluded."""
    shared_wh = (before.end_wh or 0.0) - (span.start_wh or 0.0)
    return shared_wh if 0 < shared_wh <= (span.taken_wh or 0.0) else 0.0


def _risen_wh(before: Span, register_wh: float, at: datetime, most_wh: Most) -> float:
    """Return what flowed between the end of a session and a later reading; nothing if the register restarted."""
    if before.end_wh is None:
        return 0.0
    rise_wh = register_wh - before.end_wh
    return rise_wh if 0 <= rise_wh <= most_wh(before.ended_at, at) else 0.0


class SettledEnergy:
    """The energy of a connector at the end of its last session, as far as sessions are known."""

    def __init__(self, most_wh: Most) -> None:
        """Start with nothing known; `most_wh` returns how much can flow between two times."""
        self._most_wh = most_wh
        self.energy_wh: float | None = None

    def missing_wh(
        self,
        before: Chain,
        after: Chain,
        *,
        energy_wh: float,
        last: Track | None,
        late: bool,
    ) -> float:
        """Return what is missing in the energy, now that sessions are known which were not `before`.

        `last` is the last reading of meter values. What is not `late` has been counted already.
        """
        rest_wh = after.after_wh(last, self._most_wh)
        if self.energy_wh is None or not before.spans:
            before = before if late and before.spans else after
            self.energy_wh = energy_wh - before.after_wh(last, self._most_wh)
            if late and before is after and len(after.spans) == 1:
                # Readings of it, or of sessions that are still to be reported, may have come first.
                first_wh = after.energy_wh(self._most_wh)
                self.energy_wh = min(first_wh, self.energy_wh)
        self.energy_wh += after.added_wh(before, self._most_wh)
        if late:
            return max(self.energy_wh + rest_wh - energy_wh, 0.0)
        self.energy_wh = min(self.energy_wh, energy_wh - rest_wh)
        return 0.0
