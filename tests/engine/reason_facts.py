"""Compares the reasons of a decision with its facts: who has what, what is free where, what cars draw."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from custom_components.sunfuse.engine.model import (
    CircuitState,
    Connector,
    ConnectorDecision,
    Decision,
    Mode,
    PerPhase,
    ReasonKey,
    Snapshot,
)

K = ReasonKey
# A load that wavers is known within this; so much may be free for a moment where nothing is steadily.
WAVERS_A = 3.0
# An offer within the dead band of the most is at the most: an ampere, or a twentieth of it.
NEAR_A, NEAR = 1.01, 0.05
# A charger confirms a command, and its car follows, within this.
FOLLOWS = timedelta(seconds=15)


# Of cars that wait for something else than sun.
_TO_START = frozenset(
    (
        K.STARTING_ON_SUN,
        K.WAITING_FOR_CAPACITY,
        K.WAITING_FOR_TURN,
        K.WAITING_FOR_RELEASE,
        K.WAITING_FOR_METER,
        K.LOAD_PEAKED,
    )
)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of one connector besides its reason."""

    connector: Connector
    decided: ConnectorDecision
    snapshot: Snapshot
    decision: Decision
    lately_free_a: Sequence[PerPhase]  # at the main fuse, within the last minutes

    @property
    def offer_a(self) -> float:
        """What it gets."""
        return self.decided.offer_a

    @property
    def drawn_a(self) -> float:
        """What its car draws on the fullest phase."""
        return max(self.connector.draw_a or (0.0,))

    def value(self, name: str) -> float:
        """Return a number of its reason."""
        return float(dict(self.decided.reason.values)[name])

    def text(self, name: str) -> str:
        """Return a text of its reason."""
        return str(dict(self.decided.reason.values)[name])

    @property
    def free_a(self) -> float:
        """The least that was free of late on the phase that its reason names."""
        phase = int(self.text("phase")[1]) - 1
        return min(free[phase] for free in self.lately_free_a)

    def others(self) -> Iterator[tuple[Connector, ConnectorDecision]]:
        """Yield the other connectors."""
        for one, decided in zip(
            self.snapshot.connectors, self.decision.connectors, strict=True
        ):
            if one.id != self.connector.id:
                yield one, decided

    @property
    def another_rises(self) -> bool:
        """Whether another car starts or rises, or waits for that or for the end of a peak, or is tried out with more than it takes: room is kept for it."""
        return any(
            decided.offer_a > (one.offer_a or 0.0)
            or decided.reason.key in (K.RAMPING, K.WAITING_FOR_RELEASE, K.LOAD_PEAKED)
            or (
                decided.reason.key is K.LIMITED_BY_CAR
                and decided.offer_a
                > float(dict(decided.reason.values)["car_a"]) + WAVERS_A
            )
            for one, decided in self.others()
        )

    @property
    def changes(self) -> bool:
        """Whether it has just started, risen, or is lowered for another one, who rises when that is free."""
        before_a = self.connector.offer_a or 0.0
        starts_or_falls = not before_a or self.offer_a < before_a
        return starts_or_falls or self._just_commanded(self.connector)

    @property
    def somebody_goes_first(self) -> bool:
        """Whether another car charges, or is to have the sun as soon as it may start: it waits for something else."""
        return any(
            decided.offer_a or decided.reason.key in _TO_START
            for _, decided in self.others()
        )

    def somebody_releases(self) -> bool:
        """Whether another one has, or draws, more than it is offered; or may draw it, as nothing shows how soon its car follows."""
        return any(
            max(one.offer_a or 0.0, *(one.draw_a or (0.0,))) > decided.offer_a + 0.05
            or (one.draw_a is None and self._just_commanded(one))
            or self._not_reported_since(one)
            for one, decided in self.others()
        )

    @staticmethod
    def _not_reported_since(one: Connector) -> bool:
        """Whether a charger of watts alone has reported nothing since its last command: they may be of any of its phases."""
        watts_only = one.draw_a is None and bool(one.draw_w)
        return (
            watts_only
            and one.draw_at is not None
            and one.draw_at < (one.offered_at or one.draw_at)
        )

    def _just_commanded(self, one: Connector) -> bool:
        """Whether it was commanded after what a meter shows, as far as anybody knows how soon its car follows."""
        since = one.offered_at
        return since is not None and self._metered_at - since <= FOLLOWS

    @property
    def _metered_at(self) -> datetime:
        meters = dict(self.snapshot.meters).values()
        return min((one.at for one in meters), default=self.snapshot.now)

    @property
    def has_all(self) -> bool:
        """Whether its offer is at the most that its reason names."""
        max_a = self.value("max_a")
        return self.offer_a >= max_a - max(NEAR_A, NEAR * max_a)


type _Claim = Callable[[Facts], bool]


def _waits(claim: _Claim) -> _Claim:
    return lambda facts: not facts.offer_a and claim(facts)


def _charges(claim: _Claim) -> _Claim:
    return lambda facts: facts.offer_a > 0 and claim(facts)


def _lacks(facts: Facts) -> bool:
    full = facts.free_a < facts.connector.min_a + WAVERS_A or facts.another_rises
    return full and facts.value("missing_a") > 0


def _is_lost(facts: Facts) -> bool:
    states = {facts_of.id: facts_of.state for facts_of in facts.decision.circuits}
    names = {one.name: one.id for one in facts.snapshot.circuits}
    return states[names[facts.text("circuit")]] is CircuitState.METER_LOST


def _presumes_more(facts: Facts) -> bool:
    """Whether the load that is presumed is more than the meter shows beside the cars, if it shows phases and is not lost."""
    shown_a = dict(facts.snapshot.meters)[facts.snapshot.circuits[0].id].current_a
    if shown_a is None or _is_lost(facts):
        return True
    phase = int(facts.text("phase")[1]) - 1
    cars_a = sum(one.draw_a[phase] for one in facts.snapshot.connectors if one.draw_a)
    return facts.value("load_a") > shown_a[phase] - cars_a


CLAIMS: dict[ReasonKey, _Claim] = {
    K.LIMITED_BY_CAR: lambda f: (
        f.offer_a >= f.value("car_a") and f.drawn_a <= f.value("car_a") + 0.5
    ),
    K.FULL_POWER: lambda f: f.has_all,
    K.LIMITED_BY_CIRCUIT: _charges(
        lambda f: (
            f.free_a < WAVERS_A or f.another_rises or f.changes or f.somebody_releases()
        )
    ),
    K.WAITING_FOR_CAPACITY: _waits(_lacks),
    K.WAITING_FOR_TURN: _waits(_lacks),
    K.WAITING_FOR_RELEASE: _waits(Facts.somebody_releases),
    K.LOAD_PEAKED: _waits(lambda f: f.value("missing_a") > 0 and f.value("peak_a") > 0),
    K.AT_MINIMUM: lambda f: (
        f.offer_a <= f.connector.min_a + f.connector.step_a
        or f.offer_a == f.connector.offer_a  # the next message is not due yet
    ),
    K.LIMITED_BY_SUN: _charges(lambda f: True),
    K.SUN_WAVERS: _charges(lambda f: f.connector.mode is not Mode.FAST),
    K.STOPPING_ON_SUN: _charges(lambda f: True),
    K.STARTING_ON_SUN: _waits(lambda f: True),
    K.WAITING_FOR_SUN: _waits(
        lambda f: f.value("surplus_w") <= f.value("needed_w") + 100
    ),
    K.SUN_TAKEN: _waits(
        lambda f: (
            f.somebody_goes_first
            and f.value("surplus_w") - f.value("taken_w") <= f.value("needed_w") + 100
        )
    ),
    K.PAUSING: _waits(lambda f: True),
    K.RAMPING: lambda f: f.value("target_a") > f.offer_a,
    K.BOOSTING: lambda f: f.decided.boosting and f.has_all,
    K.LIMITED_BY_BOOST: lambda f: any(decided.boosting for _, decided in f.others()),
    K.METER_LOST: _is_lost,
    K.WAITING_FOR_METER: _waits(_presumes_more),
    K.LIMITED_BY_METER: _charges(_presumes_more),
}


def false_reasons(
    snapshot: Snapshot, decision: Decision, lately_free_a: Sequence[PerPhase]
) -> Iterator[str]:
    """Yield the reasons that the facts contradict."""
    for connector, decided in zip(
        snapshot.connectors, decision.connectors, strict=True
    ):
        facts = Facts(
            connector=connector,
            decided=decided,
            snapshot=snapshot,
            decision=decision,
            lately_free_a=lately_free_a,
        )
        reason = decided.reason
        until = dict(reason.values).get("until")
        over = until is not None and datetime.fromisoformat(str(until)) < snapshot.now
        claim = CLAIMS.get(reason.key)
        if over or (claim is not None and not claim(facts)):
            yield f"{connector.id} {decided.offer_a} {reason}"
