"""What each connector asks for: whether, on which phases, on which grounds, and the most that it may take."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from ..memory import ConnectorMemory, Draw, Memory
from ..model import (
    Connector,
    ConnectorStatus,
    Mode,
    PlanSlot,
    Reason,
    ReasonKey,
    Snapshot,
)
from ..switch_regret import Choice
from .boost import boosting
from .confirmed_offer import before_a
from .drawing import is_used
from .eco import planned_a, slot_of
from .learning import (
    CHARGES,
    MORE_A,
    SETTLED,
    expected_a,
    most_drawn_a,
    uses_a,
    with_room_a,
)
from .wanted import NO_CAR, is_full

# Some of their current is from solar power only, whatever the grid may supply besides.
_SUNNY = frozenset((Mode.SOLAR, Mode.SOLAR_MIN))


# For so long a car may take nothing before that means that it wants no more.
_LETS_GO_S = 10.0


class Hurry(IntEnum):
    """The place of a car by its departure, before departures are compared (see `in_time`)."""

    NOW = 0  # it can wait no longer
    SOON = 1  # it leaves soon, and can be ready
    TOO_LATE = 2  # it cannot be ready, or only if another is not
    LATER = 3


@dataclass(slots=True, kw_only=True)
class Ask:
    """A connector that asks for current. `phases` are those of the site that it would use."""

    id: str  # of the connector
    connector: Connector
    past: ConnectorMemory
    phases: tuple[int, ...]
    car_phases: int | None  # how many of them it will use, before that is seen
    most_a: float
    uses_a: float  # of that, what it is known to use; the rest is room to show that it wants more
    most_reason: Reason  # what limits it when no other car does
    boosted: bool
    promised_a: float  # what it is promised beside its minimum
    due_a: float  # what cars that were promised nothing wait for
    grid_a: float  # what the grid may supply; anything above is from solar power only
    plan: PlanSlot | None = None  # of a car in mode `eco`
    # What earlier cars leave, if it charges on solar power.
    sun_left_w: float | None = None
    # What of that is free for starting, beside running cars.
    sun_free_w: float = 0.0

    hurry: Hurry = Hurry.LATER  # with the policy `deadline`
    overdue: bool = False  # it has waited for too long (see `longest_wait`)
    ready: bool = True  # with that policy: whether it can be when it leaves
    stays: bool = False  # and whether it makes nobody late by keeping its minimum
    keeps_phases: bool = False  # where it starts: another number is not worth a switch
    choice: Choice | None = None  # what to do under the recent sky
    # When it starts, or stops, if the solar power stays as it is; None: not in sight.
    sun_changes_at: datetime | None = None

    @property
    def likely_phases(self) -> tuple[int, ...]:
        """The phases that it probably uses: to estimate how long it needs, and never to give current to others."""
        return self.phases[: self.car_phases]

    @property
    def takes(self) -> float:
        """The solar power that the car takes, as a part of its offer."""
        return self.past.follows or 1.0

    @property
    def sunny(self) -> bool:
        """Whether some of its current is from solar power only."""
        if self.boosted:
            return False
        return self.grid_a < self.most_a or self.connector.mode in _SUNNY

    @property
    def solar(self) -> bool:
        """Whether even its minimum is from solar power only, and thus a wish."""
        return self.grid_a < self.connector.min_a


def begin(connector: Connector, snapshot: Snapshot, memory: Memory) -> ConnectorMemory:
    """Return a copy of a connector's past.

    The past of a connector that is new to the engine is derived from what the charger reports, so that a restart without
    memory stops nobody.
    """
    known = memory.connectors.get(connector.id)
    past = ConnectorMemory() if known is None else known.copy()
    if past.asked_at is not None:
        return past
    now = snapshot.now
    past.asked_at = min(connector.connected_at or now, now)
    if known is None:
        if connector.draw_at is not None:
            past.asked_at = min(past.asked_at, connector.draw_at)
        if (
            connector.status is ConnectorStatus.CHARGING
            and before_a(connector, snapshot) >= connector.min_a
        ):
            past.on_since = now
    return past


def recalled(snapshot: Snapshot, memory: Memory) -> Snapshot:
    """Return the snapshot with the offers that chargers still have, although they have not been confirmed again yet.

    After a restart nothing is confirmed, but a charging car continues with what was confirmed before, or, if that has lapsed,
    with its fail-safe current: it need not start again.
    """
    connectors = tuple(
        replace(connector, offer_a=past.confirmed_a, offer_until=past.confirmed_until)
        if connector.offer_a is None
        and (past := memory.connector(connector.id)).confirmed_until is not None
        else connector
        for connector in snapshot.connectors
    )
    if connectors == snapshot.connectors:
        return snapshot
    return replace(snapshot, connectors=connectors)


def forget(connector: Connector, past: ConnectorMemory) -> ConnectorMemory:
    """Return what is remembered of a connector that asks for nothing: it starts afresh when it asks again.

    A connector that is merely offline, or has not reported its state since it reconnected, keeps everything.
    """
    if not connector.reachable or connector.status is ConnectorStatus.UNAVAILABLE:
        return past
    kept = ConnectorMemory(
        draws=past.draws,
        charged_on=past.charged_on,
        last_car_phases=past.car_phases or past.last_car_phases,
        switches=past.switches,
        offers=past.offers,
        rests_since=past.rests_since,
        commanded_a=past.commanded_a,
        commanded_phases=past.commanded_phases,
        commanded_at=past.commanded_at,
        taken_back=past.taken_back,
        lowered_at=past.lowered_at,
        confirms_s=past.confirms_s,
        confirmed_a=past.confirmed_a,
        confirmed_until=past.confirmed_until,
    )
    if connector.status in NO_CAR:
        return kept
    for name in _KEPT:
        setattr(kept, name, getattr(past, name))
    return kept


# With a car: what was learned about it, and what still counts against it.
_KEPT = (
    "phases",
    "car_phases",
    "takes_a",
    "takes_since",
    "follows",
    "starts",
    "recent_sky",
    "probed_at",
    "above_since",
    "asked_again_at",
    "forced_stop_at",
    "boost_at",
    "boost_wh",
)


def phases_in_use(
    connector: Connector, draws: tuple[Draw, ...], past: ConnectorMemory
) -> tuple[int, ...]:
    """Return the phases that the car draws from; all that it may use while it does not charge."""
    return _phases_seen(connector, draws, past) or (
        connector.phases[:1] if _on_one(connector, past) else connector.phases
    )


def _on_one(connector: Connector, past: ConnectorMemory) -> bool:
    return connector.switches_phases and past.phases == 1


def _phases_seen(
    connector: Connector, draws: tuple[Draw, ...], past: ConnectorMemory
) -> tuple[int, ...]:
    """Return the phases that the car draws from; none while it does not charge, or has not found them."""
    if connector.status is not ConnectorStatus.CHARGING or not draws:
        return ()
    if past.asked_at is not None and draws[-1].at < past.asked_at:
        return ()  # that was another car
    if (
        past.switching_until is not None
        and draws[-1].at < past.switching_until + SETTLED
    ):
        return ()  # the car has not found its phases again
    current_a = draws[-1].current_a
    charges_a = max(connector.min_a - 1, connector.min_a * CHARGES)
    if max([current_a[phase] for phase in connector.phases]) < charges_a:
        return ()
    # A charger that was commanded to use one phase may not have done so yet.
    used = [p for p in connector.phases if is_used(current_a[p], connector.min_a)]
    return tuple(used)


def ask(
    connector: Connector,
    past: ConnectorMemory,
    *,
    lost_circuit: Reason | None,
    contested: bool,
    snapshot: Snapshot,
    memory: Memory,
) -> Ask | None:
    """Return what a connector asks for; None if it may not have its minimum in any case."""
    boosted = boosting(connector, past, snapshot, memory)
    most_a, reason = most(connector, past, contested=contested, snapshot=snapshot)
    plan = None if boosted else connector.plan
    eco = None
    if connector.mode is Mode.ECO and not boosted:
        plan = eco = slot_of(connector, most_a, snapshot)
        if eco.sun_a is not None and eco.sun_a < most_a:
            most_a = min(most_a, max(eco.sun_a, planned_a(eco)))
            reason = Reason(key=eco.key, values=eco.values)
    elif plan is not None and plan.at_most_a is not None:
        at_most_a = planned_a(plan)
        if at_most_a < most_a:
            most_a, reason = at_most_a, Reason(key=plan.key, values=plan.values)
    if lost_circuit is not None and connector.fail_safe_a < most_a:
        most_a, reason = connector.fail_safe_a, lost_circuit
    if most_a < connector.min_a:
        return None
    promised_a = min(plan.at_least_a, most_a) if plan is not None else 0.0
    if boosted:
        promised_a = most_a
    grid_a = max(min(_from_grid_a(connector, plan, most_a), most_a), promised_a)
    if eco is not None and grid_a >= most_a and reason.key is ReasonKey.FULL_POWER:
        reason = Reason(key=eco.key, values=eco.values)
    known_a = uses_a(connector, past, snapshot) if contested else None
    used_a = most_a if known_a is None else min(known_a, most_a)
    return Ask(
        id=connector.id,
        connector=connector,
        past=past,
        phases=phases_in_use(connector, past.draws, past),
        car_phases=_expected_phases(connector, past),
        most_a=most_a,
        uses_a=used_a,
        most_reason=reason,
        boosted=boosted,
        promised_a=promised_a,
        due_a=min(connector.plan.due_a, used_a) if connector.plan else 0.0,
        grid_a=grid_a,
        plan=eco,
    )


def _expected_phases(connector: Connector, past: ConnectorMemory) -> int | None:
    """Return how many phases a car will use once it charges, None if it charges already.

    What was seen of this car counts first, then what its owner said, then what the last car here used.
    """
    seen = _phases_seen(connector, past.draws, past)
    if not seen:
        return past.car_phases or connector.car_phases or past.last_car_phases
    if not _on_one(connector, past):
        past.car_phases = len(seen)
    return None


def _from_grid_a(connector: Connector, plan: PlanSlot | None, most_a: float) -> float:
    """Return what a connector's mode allows it to take from the grid."""
    if connector.mode is Mode.ECO and plan is not None:
        return planned_a(plan)
    return {Mode.SOLAR: 0.0, Mode.SOLAR_MIN: connector.min_a}.get(
        connector.mode, most_a
    )


def most(
    connector: Connector,
    past: ConnectorMemory,
    *,
    contested: bool,
    snapshot: Snapshot,
) -> tuple[float, Reason]:
    """Return the most that charger and car can take together, in amperes, and which of them it is."""
    full = ReasonKey.FULL_POWER
    if connector.unlimited_a is not None and connector.max_a >= connector.min_a:
        full = ReasonKey.CANNOT_BE_LIMITED
    caps = [(connector.max_a, full, "max_a")]
    if connector.charger_limit_a is not None:
        caps.append((connector.charger_limit_a, ReasonKey.LIMITED_BY_CHARGER, "max_a"))
    if connector.car_max_a is not None:
        caps.append((connector.car_max_a, ReasonKey.LIMITED_BY_CAR, "car_a"))
    current_a, key, name = min(caps, key=lambda cap: cap[0])
    if current_a < connector.min_a and key is ReasonKey.FULL_POWER:
        key = ReasonKey.LIMITED_BY_CHARGER
    reason = Reason(key=key, values=((name, current_a),))
    if current_a < connector.min_a:
        return current_a, reason
    if connector.status is ConnectorStatus.SUSPENDED_EV:
        if _stays(past, snapshot):
            # A car that takes nothing needs only what allows it to start again.
            return connector.min_a, Reason(key=ReasonKey.CAR_FINISHED)
        # Until that is known, it keeps its limit and has no higher one.
        kept_a = max(before_a(connector, snapshot), connector.min_a)
        if kept_a < current_a:
            return kept_a, _rises(kept_a, current_a)
    if connector.status is ConnectorStatus.PREPARING and contested:
        return min(current_a, connector.min_a), _rises(connector.min_a, current_a)
    if past.takes_a is None or with_room_a(past.takes_a) >= current_a:
        return current_a, reason
    # A car that is being tried out is offered all, and takes no more until it shows otherwise.
    expected = expected_a(connector, past, snapshot) if contested else None
    if expected is not None:
        return min(expected, current_a), takes_no_more(past.takes_a)
    takes_a = most_drawn_a(connector, past.draws[-1]) if past.draws else 0.0
    more = takes_a > past.takes_a + MORE_A
    return current_a, reason if more else takes_no_more(past.takes_a)


def _stays(past: ConnectorMemory, snapshot: Snapshot) -> bool:
    """Whether a car has taken nothing for some seconds: cars let go for a moment when their limit changes."""
    since = past.rests_since or snapshot.now
    return (snapshot.now - since).total_seconds() >= _LETS_GO_S


def _rises(offer_a: float, target_a: float) -> Reason:
    """Return that an offer is to rise, once the car charges."""
    values = (("offer_a", offer_a), ("target_a", target_a))
    return Reason(key=ReasonKey.RAMPING, values=values)


def takes_no_more(takes_a: float) -> Reason:
    """Return that a car takes no more than this, whatever it is offered."""
    return Reason(key=ReasonKey.LIMITED_BY_CAR, values=(("car_a", takes_a),))


def idle(asking: Ask, snapshot: Snapshot) -> bool:
    """Whether a car has not used its offer for a long time: its share goes to others that can use it.

    After a while without an offer it is tried again (see `rests`).
    """
    past = asking.past
    if past.idle_since is None:
        return False
    tuning = snapshot.tuning
    if past.off_since is not None:
        return _off_s(past, snapshot) < tuning.idle_retry_s
    if is_full(asking.connector):
        return True
    return (snapshot.now - past.idle_since).total_seconds() >= tuning.idle_s


def rests(past: ConnectorMemory, snapshot: Snapshot) -> bool:
    """Whether a car that did not use its offer is to be tried again, if no other car has to stop for that.

    It is not known whether it wants more; so after a while it waits like all others.
    """
    tuning = snapshot.tuning
    if past.idle_since is None or past.off_since is None:
        return False
    return _off_s(past, snapshot) < tuning.idle_retry_s + tuning.longest_wait_s


def _off_s(past: ConnectorMemory, snapshot: Snapshot) -> float:
    since = past.off_since or snapshot.now
    return (snapshot.now - since).total_seconds()
