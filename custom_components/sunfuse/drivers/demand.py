"""What a session needs: one `Demand`, determined from what drivers set, the car reports, and habits suggest."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .timetable import OVERDUE, Said, Upcoming, upcoming
from .wishes import ChargingStrategy, Target, TargetKind, Wishes

# Of what the charger meters, what a car's own charger puts into the battery at 11 kW (HTW Berlin, 2025).
CHARGE_EFFICIENCY = 0.9
# Better for most batteries than full; what carmakers recommend for every day.
USUAL_TARGET_SOC = 80.0
FULL_SOC = 100.0
# The consumption of a mid-sized electric car, if the vehicle does not have one: Wh per km (18 kWh per 100 km).
USUAL_WH_PER_KM = 180.0


class ChargeSource(StrEnum):
    """Where a state of charge comes from."""

    TYPED = "typed"
    CHARGER = "charger"  # an ISO 15118 car reports it through the charger
    ENTITY = "entity"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarFacts:
    """What is known of a car; None: not known."""

    capacity_wh: float | None = None
    max_a: float | None = None
    phases: int | None = None
    charge_efficiency: float | None = None
    wh_per_km: float | None = None
    limit_soc: float | None = None  # where the car itself stops

    @property
    def efficiency(self) -> float:
        """Return what share of what the charger meters arrives in the battery."""
        return self.charge_efficiency or CHARGE_EFFICIENCY


@dataclass(frozen=True, slots=True, kw_only=True)
class CarRequest:
    """What an ISO 15118 car asks for itself. `energy_wh` is what is left of it now, as the charger meters it."""

    departure: datetime | None = None
    energy_wh: float | None = None
    max_a: float | None = None
    phases: int | None = None
    capacity_wh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What habits suggest. `energy_wh` is what is left of it now, as the charger meters it."""

    departure: datetime | None = None
    energy_wh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a reservation promises: so much energy, as the charger meters it, by a time; `energy_wh` is what is left."""

    departure: datetime
    energy_wh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What the session at a connector needs. Energies are what goes into the car's battery, not what the grid supplies.

    `energy_wh` is what must still go in until `departure`, None if unknown; `full_wh` is what it could still
    take at most; `minimum_wh` is needed immediately, whatever it costs. `guessed`: departure or energy are predicted from
    the past, not set by anybody. Limits are per kWh, in the tariff's currency and in grams.
    """

    departure: datetime | None = None
    energy_wh: float | None = None
    full_wh: float | None = None
    soc: float | None = None
    capacity_wh: float | None = None
    target_soc: float | None = None
    target_energy_wh: float | None = None  # of the session, as the charger meters it
    charged_wh: float = 0.0  # in this session so far, as the charger meters it
    minimum_wh: float = 0.0
    strategy: ChargingStrategy = ChargingStrategy.CHEAPEST
    price_limit: float | None = None
    carbon_limit_g: float | None = None
    feed_in_first_above: float | None = None
    precondition: timedelta = timedelta(0)
    guessed: bool = False
    energy_guessed: bool = False
    vehicle: str | None = None  # its sub-entry; None: a guest
    # Of the car; None: as the charger.
    max_a: float | None = None
    phases: int | None = None
    charge_efficiency: float | None = None
    said: Said | None = None  # who set the departure
    promised: bool = False  # by a reservation
    # Charging is paused until then; the session may take this much more, or has reached its limit.
    paused_until: datetime | None = None
    limit_wh: float | None = None
    limit_soc: float | None = None  # if it is one; None: the limit is a metered energy
    limit_energy_wh: float | None = None  # that one
    limit_reached: bool = False

    @property
    def departure_guessed(self) -> bool:
        """Whether nobody said the departure. Of one that was said only the energy is a guess."""
        return self.said is Said.HABIT

    @property
    def target_wh(self) -> float | None:
        """Return what is missing to a target; None where there is none, or what is missing is a guess."""
        return None if self.energy_guessed else self.energy_wh

    @property
    def metered_wh(self) -> float | None:
        """Return what the charger must still meter for `energy_wh` to arrive in the battery."""
        if self.energy_wh is None:
            return None
        return self.energy_wh / (self.charge_efficiency or CHARGE_EFFICIENCY)


# This reserve is added to a promise: cars increase slowly, and meters lag.
SPARE = 1.1


# A promise that this much more time could not make up is pressing.
_LITTLE_H = 0.25
# Who has begun goes on unless it could wait for longer than this: else the reserve would stop it, and soon start it again.
_GOES_ON_H = 1.0


def due_a(
    demand: Demand,
    now: datetime,
    *,
    volts: float,
    min_a: float,
    max_a: float,
    offer_a: float | None,
) -> float:
    """Return the current that a departure needs from now on, 0 if it can wait or nobody said it; `volts` is the sum of all phases.

    The rest is charged evenly until the departure; if that is less than the car's minimum, it waits as long as
    its minimum is enough. One that has an offer already goes on with its minimum.
    """
    needed_wh = demand.metered_wh
    if demand.guessed or demand.departure is None or not needed_wh:
        return 0.0
    left_h = _left_h(demand.departure, now)
    if left_h <= 0:  # its driver may leave at any moment
        return max_a
    needed_ah = needed_wh * SPARE / volts
    begun = offer_a is not None and offer_a >= min_a
    if left_h - needed_ah / min_a > (_GOES_ON_H if begun else 0.0):
        return 0.0
    return min(max(needed_ah / left_h, min_a), max_a)


def is_pressing(demand: Demand, now: datetime, needed_a: float, max_a: float) -> bool:
    """Return whether what a departure needs evenly could not be charged in time if it began a quarter of an hour later."""
    if demand.departure is None:
        return False
    left_h = _left_h(demand.departure, now)
    return needed_a * left_h > max_a * (left_h - _LITTLE_H)


def _left_h(departure: datetime, now: datetime) -> float:
    return (departure - now).total_seconds() / 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """What is known of the session at a connector. `charged_wh` is what the charger metered since the car came, at `since`."""

    vehicle: str | None = None
    since: datetime | None = None
    car: CarFacts = CarFacts()
    soc: float | None = None
    charged_wh: float = 0.0
    request: CarRequest = CarRequest()
    guess: Guess = Guess()
    promise: Promise | None = None


def demand_of(
    facts: SessionFacts, of_vehicle: Wishes, of_charger: Wishes, now: datetime
) -> Demand:
    """Return what a session needs. `now` is local time, like departures of weekdays.

    What a driver set comes before what the car reports, and that before a guess; what is set for the vehicle comes
    before what is set for the charger, except for a single departure, which is more recent.
    """
    car = facts.car
    capacity_wh = facts.request.capacity_wh or car.capacity_wh
    wishes = of_vehicle, of_charger
    departure = _overdue(facts, *wishes, now)
    if departure and not (_energy(facts, capacity_wh, departure, wishes)[0] or 0) > 0:
        departure = None
    departure = departure or _departure(facts, *wishes, now)
    efficiency = car.efficiency
    left_wh, guessed, target = _energy(facts, capacity_wh, departure, wishes)
    full_wh = _full_wh(facts, capacity_wh)
    if left_wh is not None:
        left_wh = max(left_wh, 0.0) if full_wh is None else _within(left_wh, full_wh)
    minimum_wh = _to_soc(of_vehicle.minimum_soc, facts.soc, capacity_wh) or 0.0
    said = departure.said if departure else None
    limit_wh, limit = _left_to_limits(facts, capacity_wh, of_vehicle, of_charger)
    return Demand(
        departure=departure.at if departure else None,
        energy_wh=left_wh,
        full_wh=full_wh,
        soc=facts.soc,
        capacity_wh=capacity_wh,
        target_soc=_of_kind(target, TargetKind.SOC),
        target_energy_wh=_of_kind(target, TargetKind.ENERGY),
        charged_wh=facts.charged_wh,
        minimum_wh=max(minimum_wh, 0.0),
        strategy=of_vehicle.strategy
        or of_charger.strategy
        or ChargingStrategy.CHEAPEST,
        price_limit=_first(of_vehicle.price_limit, of_charger.price_limit),
        carbon_limit_g=_first(of_vehicle.carbon_limit_g, of_charger.carbon_limit_g),
        feed_in_first_above=_first(
            of_vehicle.feed_in_first_above, of_charger.feed_in_first_above
        ),
        precondition=timedelta(
            minutes=_first(of_vehicle.precondition_min, of_charger.precondition_min)
            or 0.0
        ),
        guessed=guessed or said is Said.HABIT,
        energy_guessed=guessed,
        vehicle=facts.vehicle,
        max_a=_least(car.max_a, facts.request.max_a),
        phases=facts.request.phases or car.phases,
        charge_efficiency=efficiency,
        said=said,
        promised=said is Said.RESERVATION,
        paused_until=_latest(of_vehicle.paused(now), of_charger.paused(now)),
        limit_wh=limit_wh,
        limit_soc=_of_kind(limit, TargetKind.SOC),
        limit_energy_wh=_of_kind(limit, TargetKind.ENERGY),
        limit_reached=_limit_reached(facts, of_vehicle, of_charger),
    )


def depends_on_time(
    facts: SessionFacts, of_vehicle: Wishes, of_charger: Wishes
) -> bool:
    """Return whether a session may need something else later although nothing more is said: there is a time in what was said."""
    times = (facts.promise, facts.request.departure, facts.guess.departure)
    return any(time is not None for time in times) or not (
        of_vehicle == of_charger == _NOTHING
    )


_NOTHING = Wishes()


def _overdue(
    facts: SessionFacts, of_vehicle: Wishes, of_charger: Wishes, now: datetime
) -> Upcoming | None:
    """Return a departure that somebody set and that has passed while the car was there: its driver may leave at any moment."""
    if facts.since is None:
        return None
    coming = upcoming(of_vehicle, of_charger, now)
    if coming is not None and coming.instead:
        return None  # he has said another time since
    start = max(facts.since.astimezone(now.tzinfo), now - OVERDUE)
    passed = upcoming(of_vehicle, of_charger, start)
    return passed if passed is not None and passed.at <= now else None


def _departure(
    facts: SessionFacts, of_vehicle: Wishes, of_charger: Wishes, now: datetime
) -> Upcoming | None:
    """Return the departure that counts: a single one, a reservation's, a weekly one, the car's own, a guess."""
    said = upcoming(of_vehicle, of_charger, now)
    promise = facts.promise
    if promise is not None and promise.departure > now:
        if said is None or said.said is not Said.ONCE or said.at > promise.departure:
            energy = Target(kind=TargetKind.ENERGY, value=promise.energy_wh)
            return Upcoming(at=promise.departure, said=Said.RESERVATION, target=energy)
    if said is not None:
        return said
    skipped = max(
        (w.skipped_until for w in (of_vehicle, of_charger) if w.skipped_until),
        default=now,
    )
    for at, by in (
        (facts.request.departure, Said.CAR),
        (facts.guess.departure, Said.HABIT),
    ):
        if at is None or at <= max(now, skipped):
            continue
        if by is Said.HABIT and (of_vehicle.stays(at) or of_charger.stays(at)):
            continue  # on a holiday nobody leaves as usual
        return Upcoming(at=at, said=by)
    return None


def _energy(
    facts: SessionFacts,
    capacity_wh: float | None,
    departure: Upcoming | None,
    wishes: tuple[Wishes, Wishes],
) -> tuple[float | None, bool, Target | None]:
    """Return what must still go into the battery, whether that is guessed, and the target, a range as a state of charge."""
    efficiency = facts.car.efficiency
    if departure is not None and departure.said is Said.RESERVATION:
        # What is left of it, not what it was: a reservation counts from when the car came.
        return _value(departure.target) * efficiency, False, None
    targets = (departure.target if departure else None, *(w.target for w in wishes))
    for target in targets:
        if target is None:
            continue
        left_wh, reached = _left(target, facts, capacity_wh)
        if left_wh is not None:
            return left_wh, False, reached
    if facts.request.energy_wh is not None:
        return facts.request.energy_wh * efficiency, False, None
    if facts.soc is not None and capacity_wh is not None:
        soc = facts.car.limit_soc or USUAL_TARGET_SOC
        return _to_soc(soc, facts.soc, capacity_wh), False, _soc_target(soc)
    if facts.guess.energy_wh is not None:
        return facts.guess.energy_wh * efficiency, True, None
    return None, False, None


def _value(target: Target | None) -> float:
    return target.value if target else 0.0


def _of_kind(target: Target | None, kind: TargetKind) -> float | None:
    return target.value if target and target.kind is kind else None


def _soc_target(soc: float) -> Target:
    return Target(kind=TargetKind.SOC, value=soc)


def _left(
    target: Target, facts: SessionFacts, capacity_wh: float | None
) -> tuple[float | None, Target | None]:
    """Return what is left to a target, and the target, a range as the state of charge that it is; None where it cannot be known."""
    if target.kind is TargetKind.ENERGY:
        return (target.value - facts.charged_wh) * facts.car.efficiency, target
    if target.kind is TargetKind.SOC:
        return _to_soc(target.value, facts.soc, capacity_wh), target
    if facts.soc is None or not capacity_wh:
        return None, None
    wanted_wh = target.value * (facts.car.wh_per_km or USUAL_WH_PER_KM)
    soc = min(wanted_wh / capacity_wh * FULL_SOC, FULL_SOC)
    return _to_soc(soc, facts.soc, capacity_wh), _soc_target(soc)


def _to_soc(
    wanted: float, soc: float | None, capacity_wh: float | None
) -> float | None:
    if soc is None or capacity_wh is None:
        return None
    return (wanted - soc) / FULL_SOC * capacity_wh


def _full_wh(facts: SessionFacts, capacity_wh: float | None) -> float | None:
    full = _to_soc(facts.car.limit_soc or FULL_SOC, facts.soc, capacity_wh)
    return None if full is None else max(full, 0.0)


def _within(left_wh: float, full_wh: float) -> float:
    return min(max(left_wh, 0.0), full_wh)


def _left_to_limits(
    facts: SessionFacts, capacity_wh: float | None, *wishes: Wishes
) -> tuple[float | None, Target | None]:
    """Return what may still go into the battery until the lowest limit of the session, and that limit."""
    limits = [
        Target(kind=kind, value=value)
        for w in wishes
        for kind, value in (
            (TargetKind.ENERGY, w.limit_energy_wh),
            (TargetKind.SOC, w.limit_soc),
        )
        if value
    ]
    known = [
        (left_wh, limit)
        for limit in limits
        if (left_wh := _left(limit, facts, capacity_wh)[0]) is not None
    ]
    if not known:
        return None, None
    lowest_wh, lowest = min(known, key=lambda one: one[0])
    return max(lowest_wh, 0.0), lowest


def _limit_reached(facts: SessionFacts, *wishes: Wishes) -> bool:
    """Return whether the session has reached its limits; the lowest one counts."""
    energies = [w.limit_energy_wh for w in wishes if w.limit_energy_wh]
    socs = [w.limit_soc for w in wishes if w.limit_soc]
    if energies and facts.charged_wh >= min(energies):
        return True
    return bool(socs) and facts.soc is not None and facts.soc >= min(socs)


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _least(*values: float | None) -> float | None:
    return min((value for value in values if value is not None), default=None)


def _latest(*values: datetime | None) -> datetime | None:
    return max((value for value in values if value is not None), default=None)
