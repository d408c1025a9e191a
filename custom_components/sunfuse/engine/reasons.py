"""Why a connector gets what it gets, what it waits for and until when."""

from collections.abc import Mapping
from datetime import datetime

from .blocked import (
    wavers,
    why_doubted,
    why_full,
    why_no_more,
    why_still_lacking,
    why_to_be_released,
    why_unsteady,
)
from .cars.asking import Ask, idle, most, rests, takes_no_more
from .cars.compliance import DISTRUST, ComplianceStep
from .cars.confirmed_offer import held_a
from .cars.following import FOLLOWS_LEAST
from .cars.learning import MORE_A, leaves_some, most_drawn_a
from .cars.phases import switching
from .cars.ramp import dead_band_a, locked_out, locked_until
from .cars.wanted import why_not_wanted
from .memory import ConnectorMemory
from .meters.steadiness import MINUTE
from .model import Connector, ConnectorStatus, Mode, Reason, ReasonKey
from .sharing.capacity import Capacity
from .sharing.filling import EPSILON
from .sharing.resources import Lack, blocked_by
from .sharing.sharing import Shares
from .sun.sun_starts import start_w
from .sun_reasons import (
    still_follows_sun,
    wants_sun,
    why_too_little_sun,
    why_waiting_for_sun,
)
from .tick import Standing, Tick
from .turns import next_turn, takes

# Chargers take tenths of an ampere: what lacks less than this lacks nothing.
LITTLE_A = 0.1
# A load that wavers leaves this much more at times than it does steadily: only what is beyond that is on its way.
RISES_A = 3.0
# Who has had the most still has it with less than this less, as with a change that is not worth a message.
NEARLY_A = 1.0
_ALL = (ReasonKey.FULL_POWER, ReasonKey.BOOSTING)
# The first request to start is repeated after half a minute; a charger that reacted would have started by then.
STARTS_IGNORED = 2


def why(standing: Standing, shares: Shares, offer_a: float, tick: Tick) -> Reason:
    """Return the reason of a connector's offer; of one of nothing, too, to a charger that refuses to stop its car."""
    reason = _why_offered(standing, shares, offer_a, tick)
    connector = standing.connector
    if (
        offer_a > 0
        or not connector.refuses_to_stop
        or not connector.reachable
        or connector.status is not ConnectorStatus.CHARGING
    ):
        return reason
    # It has not stopped: the pause is not the cause, but what it was to stop for.
    cause = reason.cause if reason.key is ReasonKey.PAUSING else reason
    return Reason(key=ReasonKey.STOP_REFUSED, cause=cause)


def _why_offered(
    standing: Standing, shares: Shares, offer_a: float, tick: Tick
) -> Reason:
    connector, snapshot = standing.connector, tick.snapshot
    if reason := why_not_wanted(connector, held_a(connector, snapshot)):
        return reason
    past = standing.past
    distrusted = (
        past.above_since is None and standing.compliance >= ComplianceStep.RESERVE
    )
    if distrusted and past.forced_stop_at is not None:
        until = _until(past.forced_stop_at + DISTRUST)
        return Reason(key=ReasonKey.DISTRUSTED, values=until)
    if standing.compliance >= ComplianceStep.RESERVE:
        drawn_a = max(past.draws[-1].current_a)
        return Reason(
            key=ReasonKey.EXCEEDS_OFFER,
            values=(("draw_a", drawn_a), ("offer_a", offer_a)),
        )
    asking = standing.ask
    if asking is None:
        return _why_too_little(standing, tick)
    if connector.needs_card:
        return Reason(key=ReasonKey.WAITING_FOR_CARD)
    if switching(asking.past, snapshot.now) and asking.id in shares.running:
        values: tuple[tuple[str, str | float], ...] = (
            ("phases", float(len(asking.phases))),
            *_until(asking.past.switching_until),
        )
        return Reason(key=ReasonKey.SWITCHING_PHASES, values=values)
    if not offer_a and _has_finished(connector, asking.past, tick):
        return Reason(key=ReasonKey.CAR_FINISHED)
    if asking.id in shares.resting:
        return _pauses(asking.connector, asking.past, shares.resting[asking.id])
    if (lack := shares.waiting.get(asking.id)) is not None:
        return _why_waiting(lack, asking, shares, tick)
    lack = shares.held_up.get(asking.id)
    if lack and (reason := why_to_be_released(lack, asking, shares, tick)):
        return reason
    if lack := lack or shares.unsteady.get(asking.id):
        if wavers(lack, asking, tick):
            return _why_waiting(lack, asking, shares, tick)
        return why_unsteady(lack, asking, tick)
    if asking.id not in shares.running:
        return _why_not_started(asking, shares, tick)
    if connector.start_requests >= STARTS_IGNORED:
        tries = ("tries", float(connector.start_requests))
        return Reason(key=ReasonKey.NOT_STARTED, values=(tries,))
    return _why_limited(standing, asking, shares, offer_a, tick)


def _has_finished(connector: Connector, past: ConnectorMemory, tick: Tick) -> bool:
    """Whether a car did not use its last offer, as its charger says or for long: it is only tried again, and waits for nothing."""
    if past.idle_since is None:
        return False
    says = connector.status is ConnectorStatus.SUSPENDED_EV
    if past.off_since is None:
        return says
    # That a charger without an offer suspends charging is no word of its car.
    silent = connector.status is ConnectorStatus.SUSPENDED_EVSE
    idle_s = (past.off_since - past.idle_since).total_seconds()
    long = silent and idle_s >= tick.snapshot.tuning.idle_s
    return (says or long) and rests(past, tick.snapshot)


def _why_too_little(standing: Standing, tick: Tick) -> Reason:
    """Return what keeps a connector below its minimum in any case."""
    connector = standing.connector
    most_a, reason = most(
        connector, standing.past, contested=False, snapshot=tick.snapshot
    )
    if most_a < connector.min_a:
        return reason
    if connector.needs_card:
        return Reason(key=ReasonKey.WAITING_FOR_CARD)
    plan = connector.plan
    if (
        plan is not None
        and plan.at_most_a is not None
        and max(plan.at_most_a, plan.at_least_a) < connector.min_a
    ):
        if _has_finished(connector, standing.past, tick):
            return Reason(key=ReasonKey.CAR_FINISHED)
        return Reason(key=plan.key, values=plan.values)
    return standing.lost or reason


def why_stopped(standing: Standing, reason: Reason, tick: Tick) -> Reason:
    """Return the reason of a car that was stopped just now, for this one: that it pauses is said at once."""
    asking = standing.ask
    if (
        asking is None
        or standing.compliance >= ComplianceStep.RESERVE
        or reason.key in (ReasonKey.STOP_REFUSED, ReasonKey.WAITING_FOR_CARD)
        or (asking.solar and asking.plan is not None)
        or not locked_out(standing.past, tick.snapshot)
    ):
        return reason
    return _locked(asking, tick)


_SUN_LACKS = (ReasonKey.WAITING_FOR_SUN, ReasonKey.SUN_TAKEN)
# What a car in mode fast does not wait for, nor one that has a minimum at once or is boosted.
_OF_SUN_OR_PLAN = frozenset(
    (
        *_SUN_LACKS,
        ReasonKey.WAITING_FOR_PLAN,
        ReasonKey.WAITING_FOR_PRICE,
        ReasonKey.WAITING_FOR_ONE_START,
        ReasonKey.WAITING_FOR_FORECAST_SUN,
        ReasonKey.WAITING_FOR_CLEAN_POWER,
        ReasonKey.WAITING_FOR_FEED_IN,
        ReasonKey.WAITING_FOR_LOW_PEAK,
        ReasonKey.HAS_ENOUGH,
        ReasonKey.NO_PLAN,
    )
)


def _pauses(
    connector: Connector, past: ConnectorMemory, until: datetime | None
) -> Reason:
    """Return until when a connector pauses, and why it was stopped unless that no longer holds."""
    cause = past.stopped_for
    hurries = connector.mode is Mode.FAST or connector.boost is not None
    if hurries and cause is not None and cause.key in _OF_SUN_OR_PLAN:
        cause = None
    if cause is not None and cause.key is ReasonKey.WAITING_FOR_CARD:
        cause = None  # it is here now
    return Reason(key=ReasonKey.PAUSING, values=_until(until), cause=cause)


def _locked(asking: Ask, tick: Tick) -> Reason:
    """Return until when a connector may not start again; what it was stopped for, where the car waits for longer by that."""
    past = asking.past
    until, cause = locked_until(past, tick.snapshot.tuning), past.stopped_for
    if cause is not None and until is not None and _outlasts(cause, until, asking):
        return cause
    lacks = why_still_lacking(asking, until, tick)
    return lacks or _pauses(asking.connector, past, until)


def _outlasts(cause: Reason, until: datetime, asking: Ask) -> bool:
    """Whether what a car was stopped for keeps it from charging for longer than a pause until then."""
    if cause.key is ReasonKey.WAITING_FOR_TURN:
        return until <= datetime.fromisoformat(str(dict(cause.values)["until"]))
    if asking.solar and cause.key in _SUN_LACKS:
        stopped_at = asking.past.stopped_at
        return stopped_at is not None and until - stopped_at < MINUTE
    return cause.key is ReasonKey.CAR_FINISHED


def _why_waiting(lack: Lack, asking: Ask, shares: Shares, tick: Tick) -> Reason:
    """Return which circuit's phase cannot carry the minimum, how much it lacks, and when the car has its turn."""
    reason = why_full(lack, asking, tick)
    # What it did not use is for others, and no turn gives it back.
    if reason.key is not ReasonKey.WAITING_FOR_CAPACITY or idle(asking, tick.snapshot):
        return reason
    until = next_turn(asking, lack.resource, shares, tick)
    if until is None:
        return reason
    return Reason(
        key=ReasonKey.WAITING_FOR_TURN, values=(*reason.values, *_until(until))
    )


def _why_not_started(asking: Ask, shares: Shares, tick: Tick) -> Reason:
    """Return what a connector waits for that could have its minimum but not yet."""
    past = asking.past
    planned = asking.plan if asking.solar else None
    if locked_out(past, tick.snapshot) and planned is None:
        return _locked(asking, tick)
    starting = asking.sun_changes_at
    if starting is not None and starting > tick.snapshot.now:
        return Reason(key=ReasonKey.STARTING_ON_SUN, values=_until(starting))
    if planned is not None:
        return Reason(key=planned.key, values=planned.values)
    uses = tick.resources.uses(asking.connector, asking.phases)
    free = tick.resources.capacity(calm=False)
    lack = blocked_by(free, uses, asking.connector.min_a)
    if lack is None or _lacks_sun_first(asking, lack, dict(uses), tick):
        return why_waiting_for_sun(asking, shares, tick)
    return why_full(lack, asking, tick)  # whatever the sun, and whoever else


def _lacks_sun_first(
    asking: Ask, lack: Lack, uses: Mapping[int, float], tick: Tick
) -> bool:
    """Whether a car that waits for the sun lacks so little of something else that it only wavers."""
    if asking.past.said not in _SUN_LACKS:
        return False
    too_dark = asking.sun_free_w < start_w(asking, tick.snapshot)
    return too_dark and lack.missing < RISES_A * uses[lack.resource]


def _why_limited(
    standing: Standing, asking: Ask, shares: Shares, offer_a: float, tick: Tick
) -> Reason:
    """Return what limits a running connector."""
    given = shares.running[asking.id]
    target_a = given.current_a
    if standing.lost is None and _takes_no_more(asking, offer_a):
        return takes_no_more(asking.past.takes_a or 0.0)
    most = _why_most(standing, asking)
    said_all = most.key in _ALL and asking.past.said is most.key
    if said_all and min(offer_a, target_a) > asking.most_a - NEARLY_A:
        return most
    lacks_a = target_a - offer_a
    if lacks_a > NEARLY_A and (doubted := why_doubted(asking, shares, tick)):
        return doubted
    kept_back = _kept_back(asking, lacks_a, shares, tick)
    if _is_ramping(asking, offer_a, lacks_a, tick, kept_back=kept_back):
        return Reason(
            key=ReasonKey.RAMPING,
            values=(("offer_a", offer_a), ("target_a", target_a)),
        )
    if kept_back is not None:
        return _why_no_more(kept_back, asking, shares, tick)
    if given.limited_by is None or target_a >= asking.most_a - EPSILON:
        if most.key is ReasonKey.FULL_POWER and still_follows_sun(asking, shares, tick):
            return why_too_little_sun(asking, target_a, shares, tick)
        return most
    sunny = given.limited_by == tick.resources.sun or wants_sun(asking, shares, tick)
    if sunny and asking.plan and not asking.solar:
        if abs(target_a - asking.grid_a) <= EPSILON:
            return Reason(key=asking.plan.key, values=asking.plan.values)
        sunny = target_a > asking.grid_a
    if sunny:
        return why_too_little_sun(asking, target_a, shares, tick)
    return _why_no_more(given.limited_by, asking, shares, tick)


def _why_most(standing: Standing, asking: Ask) -> Reason:
    """Return why a connector with the most that it may have gets no more than that."""
    if standing.lost is not None:
        return standing.lost
    if not asking.boosted or asking.most_reason.key is not ReasonKey.FULL_POWER:
        return asking.most_reason
    boost = asking.connector.boost
    until = _until(boost.until if boost else None)
    return Reason(key=ReasonKey.BOOSTING, values=(("max_a", asking.most_a), *until))


def _takes_no_more(asking: Ask, offer_a: float) -> bool:
    """Whether a charging car is known to leave some of its offer: what limits that makes no difference to it."""
    past, connector = asking.past, asking.connector
    if past.takes_a is None or connector.status is not ConnectorStatus.CHARGING:
        return False
    if not leaves_some(past, offer_a):
        return False
    said = past.said is ReasonKey.LIMITED_BY_CAR
    if past.takes_a > (offer_a - MORE_A if said else FOLLOWS_LEAST * offer_a):
        return False
    drawn_a = most_drawn_a(connector, past.draws[-1]) if past.draws else 0.0
    return drawn_a <= past.takes_a + MORE_A


def _kept_back(asking: Ask, lacks_a: float, shares: Shares, tick: Tick) -> int | None:
    """Return what is not steadily free for more than a connector has; not a circuit whose meter is about to be believed again."""
    resource = shares.kept_back.get(asking.id)
    if resource is None or lacks_a < LITTLE_A:
        return None
    if tick.resources.is_phase(resource) and _may_be_believed_soon(
        *tick.resources.place(resource), asking
    ):
        return None
    return resource


def _may_be_believed_soon(capacity: Capacity, phase: int, asking: Ask) -> bool:
    """Whether a meter is in doubt, or more is presumed of a phase than what it shows."""
    presumed_a = capacity.may_carry_a[phase] - capacity.past.average_a[phase]
    # A car that just changed its draw is known within an ampere or two; what is presumed is far more.
    presumed = presumed_a > asking.connector.min_a
    return capacity.past.doubt.since is not None or presumed


def _is_ramping(
    asking: Ask, offer_a: float, lacks_a: float, tick: Tick, *, kept_back: int | None
) -> bool:
    """Whether an offer is on its way to what it is to be: a circuit that leaves that for a moment only is what limits it."""
    dead_a = _dead_band_a(offer_a, tick, sunny=asking.sunny)
    if lacks_a <= max(asking.connector.step_a, dead_a, NEARLY_A):
        return False
    said = asking.past.said
    if kept_back is None or said is ReasonKey.RAMPING:
        return True
    return lacks_a > RISES_A * (2 if said is ReasonKey.LIMITED_BY_CIRCUIT else 1)


def _why_no_more(resource: int, asking: Ask, shares: Shares, tick: Tick) -> Reason:
    """Return what a resource lacks that gives a charging car no more, or which boost takes that."""
    reason = why_no_more(resource, tick)
    boost_a = _boosted_a(resource, asking, shares, tick)
    if boost_a > 0:
        return Reason(
            key=ReasonKey.LIMITED_BY_BOOST,
            values=(*reason.values, ("boost_a", boost_a)),
        )
    return reason


def _dead_band_a(offer_a: float, tick: Tick, *, sunny: bool) -> float:
    """Return how far an offer may stay below its target without rising: that is not ramping."""
    return dead_band_a(offer_a, tick.snapshot.tuning, sunny=sunny) if offer_a else 0.0


def _boosted_a(resource: int, asking: Ask, shares: Shares, tick: Tick) -> float:
    """Return what boosts take of a resource above their minimums."""
    if asking.boosted:
        return 0.0
    return sum(
        shares.running[other.id].current_a - other.connector.min_a
        for other in tick.boosters
        if other.id in shares.running and takes(other, resource, tick)
    )


def _until(time: datetime | None) -> tuple[tuple[str, str | float], ...]:
    return () if time is None else (("until", time.isoformat()),)
