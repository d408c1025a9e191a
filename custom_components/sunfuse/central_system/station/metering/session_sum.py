"""The energy of all sessions of a connector and of what was shown between them, made anew with each report.

Reports may arrive in any order. What one session adds depends on its neighbours in time: a register that goes on from one
to the next has counted both, one that restarts counts them one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import takewhile

from ....engine.clock_change import moved
from .register_kinds import RegisterEvidence, RegisterKind, RegisterKinds
from .register_readings import SLACK_WH, Most, SessionReadings
from .session_energy import RegisterStanding, session_energy


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSum:
    """The sum until some session: its energy, and where the register that goes on stands."""

    risen_wh: float = 0.0  # since the first session began
    first_wh: float | None = None  # where the register stood then
    first_id: str | None = None
    standing: RegisterStanding | None = None
    taken_wh: float | None = None  # by the last session

    @property
    def energy_wh(self) -> float:
        """The energy since the register of the first session stood at zero."""
        return self.risen_wh + (self.first_wh or 0.0)

    def added_wh(self, before: SessionSum) -> float:
        """Return the energy that became known since the sum was `before`.

        What the register showed when it was first seen is known, whatever it showed before. From where it counted in a
        session before that is none of its energy: the register may have been reset since.
        """
        risen_wh = self.risen_wh - before.risen_wh
        if before.first_wh in (None, self.first_wh):
            return risen_wh
        whole_wh = self.energy_wh - before.energy_wh
        if self.first_id != before.first_id:
            lowest, highest = min(risen_wh, whole_wh), max(risen_wh, whole_wh)
            return lowest if lowest > 0 else min(highest, 0.0)
        if 0 < (self.first_wh or 0.0) < before.first_wh:
            # It stood lower when that session began, or what was shown first was nonsense.
            return whole_wh if whole_wh > -SLACK_WH else max(risen_wh, 0.0)
        # Otherwise what was shown first may have been the energy of that session.
        own_wh = risen_wh - before.first_wh
        return own_wh if own_wh >= 0 else risen_wh

    def including(
        self, session: SessionReadings, kinds: RegisterKinds, most_wh: Most
    ) -> SessionSum:
        """Return the sum with another session, and what was shown after it."""
        if not session.id:
            return self.after(session, kinds, most_wh)
        energy = session_energy(session, self.standing, kinds, most_wh)
        taken_wh, began, standing = energy.taken_wh or 0.0, energy.began, energy.ended
        risen_wh = self.risen_wh + taken_wh
        known = self.standing
        if known is not None and began is not None and standing is not None:
            stood = known.reading
            if began.register_wh >= stood.register_wh:
                certain = known.certain and standing.certain
                if certain and stood.reaches(began, most_wh):
                    # What flowed was not reported.
                    risen_wh += began.register_wh - stood.register_wh
            elif session.started_at < stood.at and not kinds.restarts(session):
                # It was shown in readings that seemed to be of the session before.
                risen_wh -= min(stood.register_wh - began.register_wh, taken_wh)
                if stood.register_wh > standing.reading.register_wh:
                    standing = known
        if known is not None and session.newest_at < known.reading.at:
            # It is older than what is known, so it does not show that the register was reset.
            standing = known
            if began is None and known.certain:
                risen_wh = self.risen_wh  # the register has counted it
        first_wh = self.first_wh
        if first_wh is None and energy.taken_wh is not None:
            first_wh = began.register_wh if began is not None else 0.0
        result = replace(
            self,
            risen_wh=risen_wh,
            first_wh=first_wh,
            first_id=session.id if self.first_wh is None else self.first_id,
            standing=standing,
            taken_wh=energy.taken_wh,
        )
        return result.after(session, kinds, most_wh)

    def after(
        self, session: SessionReadings, kinds: RegisterKinds, most_wh: Most
    ) -> SessionSum:
        """Return the sum with what was shown after a session."""
        shown = session.after
        if shown is None or kinds.values is RegisterKind.RESTARTS:
            return self
        risen_wh, first_wh = self.risen_wh + shown.rose_wh, self.first_wh
        goes_on, values = kinds.values is RegisterKind.GOES_ON, session.values
        if self.standing is not None:
            same = self.standing.certain
            same = same or bool(values and values.last.reaches(shown.first, most_wh))
            if same and self.standing.reading.reaches(shown.first, most_wh):
                risen_wh += shown.first.register_wh - self.standing.reading.register_wh
        if first_wh is None:
            first_wh = shown.first.register_wh
        standing = RegisterStanding(reading=shown.last, certain=goes_on, by_values=True)
        return replace(self, risen_wh=risen_wh, first_wh=first_wh, standing=standing)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgottenSessions:
    """What is kept of sessions that are no longer remembered one by one: what came after them is counted as before."""

    total: SessionSum = SessionSum()
    evidence: RegisterEvidence = RegisterEvidence()


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedSession:
    """A session, what it was counted by, and the sum with it."""

    session: SessionReadings
    evidence: RegisterEvidence  # of it and all before it
    kinds: RegisterKinds
    total: SessionSum


@dataclass
class ConnectorSum:
    """The sums over all sessions."""

    most_wh: Most
    forgotten: ForgottenSessions = ForgottenSessions()
    kinds: RegisterKinds = field(default_factory=RegisterKinds)
    taken_wh: dict[str, float | None] = field(default_factory=dict)
    _counted: list[CountedSession] = field(default_factory=list)

    @property
    def total(self) -> SessionSum:
        """The sum with the last session."""
        return self._counted[-1].total if self._counted else self.forgotten.total

    @property
    def before_last(self) -> SessionSum:
        """The sum without the last session."""
        before = self._counted[:-1]
        return before[-1].total if before else self.forgotten.total

    def count(self, sessions: Sequence[SessionReadings]) -> None:
        """Count sessions, in the order of time: those before the first that changed are counted already.

        A session whose registers were known is counted by what they showed until then: another firmware may show others.
        """
        pairs = zip(self._counted, sessions, strict=False)
        same = [one for one, _ in takewhile(lambda it: it[0].session is it[1], pairs)]
        evidence = [one.evidence for one in same]
        for session in sessions[len(same) :]:
            known = evidence[-1] if evidence else self.forgotten.evidence
            evidence.append(known.seen(session, self.most_wh))
        latest = evidence[-1] if evidence else self.forgotten.evidence
        self.kinds = latest.kinds
        self._counted = list(takewhile(self._stays, same))
        start = len(self._counted)
        for session, seen in zip(sessions[start:], evidence[start:], strict=True):
            kinds = seen.kinds if seen.settled else self.kinds
            self._counted.append(
                CountedSession(
                    session=session,
                    evidence=seen,
                    kinds=kinds,
                    total=self.total.including(session, kinds, self.most_wh),
                )
            )
        self.taken_wh = {one.session.id: one.total.taken_wh for one in self._counted}

    def _stays(self, counted: CountedSession) -> bool:
        """Whether a session is counted by the kinds that are known now."""
        return counted.evidence.settled or counted.kinds == self.kinds

    def count_last(self, session: SessionReadings) -> None:
        """Count what is new of the last session, which the next count looks at again."""
        total = self.before_last.including(session, self.kinds, self.most_wh)
        self._counted[-1] = replace(self._counted[-1], total=total)
        self.taken_wh[session.id] = total.taken_wh

    def forget(self) -> None:
        """Keep of the oldest session what the others need."""
        oldest = self._counted.pop(0)
        del self.taken_wh[oldest.session.id]
        self.forgotten = ForgottenSessions(total=oldest.total, evidence=oldest.evidence)

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which the wall clock was set forward."""
        self.forgotten = moved(self.forgotten, by)
        self._counted = []
