"""From what is planned for a car to what the engine aims for now."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from ...drivers.demand import Demand, due_a
from ...engine.model import Connector, PlanSlot, Reason, ReasonKey
from ...planner import CarIntention, PlanKey, Shortfall, SlotAdvice, Why

_REASONS: Mapping[PlanKey, ReasonKey] = {
    PlanKey.WAITS_FOR_PRICE: ReasonKey.WAITING_FOR_PRICE,
    PlanKey.WAITS_FOR_ONE_START: ReasonKey.WAITING_FOR_ONE_START,
    PlanKey.WAITS_FOR_SUN: ReasonKey.WAITING_FOR_FORECAST_SUN,
    PlanKey.WAITS_FOR_CARBON: ReasonKey.WAITING_FOR_CLEAN_POWER,
    PlanKey.WAITS_FOR_FEED_IN: ReasonKey.WAITING_FOR_FEED_IN,
    PlanKey.WAITS_FOR_PEAK: ReasonKey.WAITING_FOR_LOW_PEAK,
    PlanKey.TAKES_SUN: ReasonKey.CHARGING_AS_PLANNED,
    PlanKey.TAKES_CHEAP_HOURS: ReasonKey.CHARGING_AS_PLANNED,
    PlanKey.CHARGES_TO_BE_READY: ReasonKey.CHARGING_FOR_DEPARTURE,
    PlanKey.CHARGES_AT_ONCE: ReasonKey.CHARGING_FOR_DEPARTURE,
    PlanKey.MINIMUM_FIRST: ReasonKey.CHARGING_MINIMUM,
    PlanKey.PRECONDITIONS: ReasonKey.PRECONDITIONING,
    PlanKey.HAS_ENOUGH: ReasonKey.HAS_ENOUGH,
    PlanKey.MISSES: ReasonKey.MISSES_DEPARTURE,
    PlanKey.NOTHING_PLANNED: ReasonKey.NO_PLAN,
}
# What these take from the grid is promised: others go without for it.
_PROMISED = frozenset(
    (
        PlanKey.CHARGES_TO_BE_READY,
        PlanKey.CHARGES_AT_ONCE,
        PlanKey.MINIMUM_FIRST,
        PlanKey.PRECONDITIONS,
    )
)
# What a driver or owner stopped is not needed either.
_WITHHELD = frozenset((PlanKey.OFF, PlanKey.PAUSED))
# A slot's mean below half the minimum is nothing; more is the minimum, as there is no charging below it.
_HALF = 0.5
# A limit so close to all that car and charger can take is none.
_NEARLY_ALL = 0.97


def plan_slot(
    connector: Connector,
    intention: CarIntention,
    advice: SlotAdvice,
    *,
    voltage_v: float,
    demand: Demand,
    now: datetime,
    ready: datetime | None = None,
    currency: str | None = None,
) -> PlanSlot:
    """Return the slot of the plan that a connector follows now; its sentence says that the car is ready by `ready`."""
    phases = min(demand.phases or len(connector.phases), len(connector.phases))
    per_ampere_w = voltage_v * phases
    most_a = min(connector.max_a, connector.car_max_a or connector.max_a)
    planned_a = _charging_a(advice.at_least_w / per_ampere_w, connector.min_a)
    promised_a = planned_a if advice.why.key in _PROMISED else 0.0
    needed_a = 0.0
    if intention.comes_first and advice.why.key not in _WITHHELD:
        needed_a = due_a(
            demand,
            now,
            volts=per_ampere_w,
            min_a=connector.min_a,
            max_a=most_a,
            offer_a=connector.offer_a,
        )
    why = _why(intention, advice)
    key = _reason(why, advice)
    if needed_a > planned_a:
        key, why = _due(why, intention)
    grid_a = max(planned_a, needed_a)
    sun_a = max(advice.at_most_w / per_ampere_w, needed_a)
    return PlanSlot(
        at_least_a=max(promised_a, needed_a),
        due_a=needed_a,
        pressing_w=planned_a * per_ampere_w if advice.pressing else 0.0,
        at_most_a=most_a if advice.makes_up else grid_a,
        sun_a=None if sun_a >= _NEARLY_ALL * most_a else sun_a,
        key=key,
        values=(
            *_sentence_values(why, intention, ready, currency),
            ("offer_a", grid_a or sun_a),
        ),
    )


def shortfall_reason(shortfall: Shortfall) -> Reason:
    """Return a departure that is missed as a reason, for its sentence."""
    values: list[tuple[str, str | float]] = [("at", shortfall.at.isoformat())]
    if shortfall.reaches_soc is not None and shortfall.wanted_soc is not None:
        values += [
            # Whole percents, so that a repair does not change with every plan.
            ("reaches_soc", round(shortfall.reaches_soc)),
            ("wanted_soc", round(shortfall.wanted_soc)),
        ]
    else:
        values += [
            ("reaches_wh", round(shortfall.reaches_metered_wh, -3)),
            ("wanted_wh", round(shortfall.wanted_metered_wh, -3)),
        ]
    if shortfall.later is not None:
        name = "later" if shortfall.boost_helps else "ready_later"
        values.append((name, shortfall.later.isoformat()))
    return Reason(key=ReasonKey.MISSES_DEPARTURE, values=tuple(values))


def _sentence_values(
    why: Why, intention: CarIntention, ready: datetime | None, currency: str | None
) -> Iterable[tuple[str, str | float]]:
    """Yield the values of a sentence, with when the car is ready as it is said, and the currency of its prices."""
    planned = intention.ready and intention.ready.isoformat(timespec="seconds")
    for name, value in why.values:
        if name == "ready" and value == planned and ready is not None:
            value = ready.isoformat()
        yield name, value
    if currency is not None and any("price" in name for name, _ in why.values):
        yield "currency", currency


def _due(why: Why, intention: CarIntention) -> tuple[ReasonKey, Why]:
    """Return what there is to say of a car that charges for its departure before the minimums of others."""
    if why.key is PlanKey.MISSES:
        return ReasonKey.MISSES_DEPARTURE, why
    ready = intention.ready
    values = (("ready", ready.isoformat(timespec="seconds")),) if ready else ()
    why = Why(key=PlanKey.CHARGES_TO_BE_READY, values=values)
    return ReasonKey.CHARGING_FOR_DEPARTURE, why


def _charging_a(current_a: float, min_a: float) -> float:
    if current_a < _HALF * min_a:
        return 0.0
    return max(round(current_a, 1), min_a)


def _why(intention: CarIntention, advice: SlotAdvice) -> Why:
    """Return what there is to say: that a departure is missed goes before what happens now."""
    return intention.why if intention.why.key is PlanKey.MISSES else advice.why


def _reason(why: Why, advice: SlotAdvice) -> ReasonKey:
    """Return the engine's word for it. A forecast sun that has no time is as good as no plan.

    Only a car that could not charge later charges to be ready in time.
    """
    if why.key is PlanKey.CHARGES_TO_BE_READY and not advice.pressing:
        return ReasonKey.CHARGING_AS_PLANNED
    if why.key is PlanKey.WAITS_FOR_SUN and "until" not in dict(why.values):
        return ReasonKey.NO_PLAN
    return _REASONS.get(why.key, ReasonKey.WAITING_FOR_PLAN)
