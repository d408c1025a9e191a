"""Why a car waits or charges in a slot, and how strictly the plan must be followed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate

from ..intention import PlanKey, Shortfall, SlotAdvice, Why
from ..outlook import CarMode, Outlook
from ..problem import Series, StorePlan, Strategy, series
from ..to_problem.assumed import Assumed
from ..to_problem.car_terms import CarTerms
from ..to_problem.peak_terms import PlannedPeaks

_SMALL_W = 1.0
# If more than this share of a car's power is solar power, it charges from the sun; below this share, the grid does not
# count.
_SUNNY = 0.9
_LITTLE = 0.05
# This share of what is still missing must be possible after a slot, so that the slot may wait for a cloud to pass.
_SPARE = 0.1
# A price is mentioned if it is lower by at least this share.
_LOWER = 0.97


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingTime:
    """Steps in which a car charges, one after the other."""

    first: int
    sunny: bool  # mostly from the sun
    price: float  # the mean of what it takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """A car's plan and everything that explains it."""

    terms: CarTerms
    outlook: Outlook
    assumed: Assumed
    plan: StorePlan
    charges: tuple[bool, ...]
    has_room: tuple[bool, ...]  # whether the limits leave it its minimum
    sun_w: Series
    ready: datetime | None
    shortfall: Shortfall | None
    peaks: PlannedPeaks
    starts: tuple[datetime, ...] = field(init=False)
    # For each step: the next time that it charges.
    following: tuple[ChargingTime | None, ...] = field(init=False)
    # What the car could store before each step, at its highest power.
    stored_wh: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Store what is needed for each slot."""
        object.__setattr__(self, "starts", self.outlook.starts)
        blocks = _blocks(self.charges, self._block)
        object.__setattr__(self, "following", blocks)
        store, lengths_s = self.terms.store, self.outlook.steps_s
        most = series(store.max_charge_w, len(lengths_s))
        could_wh = (
            max(0.0, most_w * store.charge_efficiency - store.standby_w)
            * length_s
            / 3600
            for most_w, length_s in zip(most, lengths_s, strict=True)
        )
        object.__setattr__(self, "stored_wh", tuple(accumulate(could_wh, initial=0.0)))

    def on(self, step: int) -> bool:
        """Return whether the car charges in a step."""
        return self.charges[step]

    def of_now(self) -> Why:
        """Return the sentence for the car: what it will miss, or what it does now."""
        missed = self.shortfall
        if missed and missed.is_said and self.terms.car.mode is not CarMode.OFF:
            return self._misses(missed)
        return self.at(0)

    def at(self, step: int) -> Why:
        """Return the sentence for a step."""
        car = self.terms.car
        start = self.starts[step]
        if car.mode is CarMode.OFF:
            return Why(key=PlanKey.OFF)
        if car.paused_until is not None and start < car.paused_until:
            return _until(PlanKey.PAUSED, car.paused_until)
        if not car.connected and (car.arrives is None or start < car.arrives):
            return _until(PlanKey.AWAY, car.arrives)
        if self.terms.store.demand_w and self.terms.store.demand_w[step] > 0:
            # Also of a car that has enough: its cabin is warmed.
            following = (goal.at for goal in car.goals if goal.at > start)
            return _until(PlanKey.PRECONDITIONS, next(following, None))
        return self._charging(step) if self.on(step) else self._waiting(step)

    # Charging

    def _charging(self, step: int) -> Why:
        car, end = self.terms.car, self._end_of_block(step)
        start = self.starts[step]
        if car.boost_until is not None and start < car.boost_until:
            return _until(PlanKey.BOOSTS, car.boost_until)
        before_wh = self.plan.energy_wh[step - 1] if step else 0.0
        if car.boost_wh is not None and before_wh < car.boost_wh - 1:
            return _until(PlanKey.BOOSTS, self._reached(car.boost_wh))
        if car.mode is CarMode.FAST:
            return self._ready_values(PlanKey.CHARGES_AT_ONCE)
        if before_wh < min(car.minimum_wh, self.terms.store.capacity_wh) - 1:
            ready = self._reached(car.minimum_wh)
            return Why(
                key=PlanKey.MINIMUM_FIRST,
                values=(("energy_wh", round(car.minimum_wh)), *_time("ready", ready)),
            )
        if self.terms.cheap[step] and not self.is_tight(step):
            return self._cheap(step, end)
        if self.sun_w[step] >= _SUNNY * self.plan.charge_w[step]:
            return _until(PlanKey.TAKES_SUN, end)
        if self.terms.goals and self.ready is not None and start < self.ready:
            return self._ready_values(PlanKey.CHARGES_TO_BE_READY)
        if self.terms.goals and self.ready is None:
            return Why(key=PlanKey.CHARGES_TO_BE_READY)
        if self.sun_w[step] > _LITTLE * self.plan.charge_w[step]:
            return _until(PlanKey.TAKES_SUN, end)
        return self._cheap(step, end)

    def _cheap(self, step: int, end: datetime) -> Why:
        price = round(self._price(step), 4)
        return Why(
            key=PlanKey.TAKES_CHEAP_HOURS,
            values=(("until", end.isoformat()), ("price", price)),
        )

    # Waiting

    def _waiting(self, step: int) -> Why:
        following = self.following[step]
        if following is None:
            return self._nothing_follows(step)
        for rule in (
            self._for_feed_in,
            self._for_sun,
            self._to_be_late,
            self._for_room,
            self._for_price,
            self._for_carbon,
            self._for_one_start,
        ):
            if (why := rule(step, following)) is not None:
                return why
        return self._for_others(step, following)

    def _nothing_follows(self, step: int) -> Why:
        """Return why the car does not charge any more."""
        terms = self.terms
        held_wh = self.plan.energy_wh[step]
        if terms.car.goals and all(goal.is_met for goal in terms.car.goals):
            return Why(key=PlanKey.HAS_ENOUGH)
        if terms.store.capacity_wh - held_wh <= 50:
            return Why(key=PlanKey.HAS_ENOUGH)
        if terms.waits[step]:
            return self._feed_in(step, None)
        if terms.wanted_wh and held_wh >= terms.wanted_wh[-1] - 50:
            return Why(key=PlanKey.HAS_ENOUGH)
        if self._is_spread(step):
            return Why(key=PlanKey.WAITS_FOR_CAPACITY)
        if terms.car.mode in (CarMode.SOLAR, CarMode.SOLAR_MIN, CarMode.ECO):
            return Why(key=PlanKey.WAITS_FOR_SUN)
        return Why(key=PlanKey.NOTHING_PLANNED)

    # What it waits for until it charges: each returns None where it does not

    def _for_feed_in(self, step: int, following: ChargingTime) -> Why | None:
        waits = self.terms.waits
        if not waits[step] or waits[following.first]:
            return None
        return self._feed_in(step, self.starts[following.first])

    def _for_sun(self, _step: int, following: ChargingTime) -> Why | None:
        if not following.sunny:
            return None
        return _until(PlanKey.WAITS_FOR_SUN, self.starts[following.first])

    def _to_be_late(self, _step: int, following: ChargingTime) -> Why | None:
        if self.terms.store.strategy is not Strategy.LATE:
            return None
        ready = _time("ready", self.ready)
        return self._until_it_charges(PlanKey.WAITS_TO_BE_LATE, following, *ready)

    def _for_room(self, step: int, following: ChargingTime) -> Why | None:
        if self.has_room[step]:
            return None
        return self._until_it_charges(PlanKey.WAITS_FOR_CAPACITY, following)

    def _for_price(self, step: int, following: ChargingTime) -> Why | None:
        price, price_now = following.price, self._price(step)
        # A block that begins as dear as it is now does not wait for its price.
        if max(price, self._price(following.first)) >= price_now * _LOWER:
            return None
        return self._until_it_charges(
            PlanKey.WAITS_FOR_PRICE,
            following,
            ("price", round(price, 4)),
            ("price_now", round(price_now, 4)),
            *_time("ready", self.ready),
        )

    def _for_carbon(self, step: int, following: ChargingTime) -> Why | None:
        grams = self.assumed.carbon_g if self._minds_carbon else ()
        if not grams or grams[following.first] >= grams[step]:
            return None
        return self._until_it_charges(
            PlanKey.WAITS_FOR_CARBON,
            following,
            ("carbon_g", round(grams[following.first])),
            ("carbon_g_now", round(grams[step])),
        )

    def _for_one_start(self, step: int, following: ChargingTime) -> Why | None:
        """Return that a block waits whose first hours cost as much as now, because it goes on into cheaper ones."""
        end = self._after_block(following.first)
        price = min(self._price(cheap) for cheap in range(following.first, end))
        if price >= self._price(step) * _LOWER:
            return None
        values = ("price", round(price, 4))
        return self._until_it_charges(PlanKey.WAITS_FOR_ONE_START, following, values)

    def _for_others(self, step: int, following: ChargingTime) -> Why:
        """Return what remains: others keep the peak or the circuit busy."""
        kept_w = self.peaks.kept_w(step, following.first, self.terms.least_w)
        if kept_w is None:
            return _until(PlanKey.WAITS_FOR_CAPACITY, self.starts[following.first])
        peak = ("peak_w", round(kept_w, -1))
        return self._until_it_charges(PlanKey.WAITS_FOR_PEAK, following, peak)

    def _until_it_charges(
        self, key: PlanKey, following: ChargingTime, *values: tuple[str, str | float]
    ) -> Why:
        until = ("until", self.starts[following.first].isoformat())
        return Why(key=key, values=(until, *values))

    def _is_spread(self, step: int) -> bool:
        """Return whether what a departure needs is planned after a step, so thinly over many steps that none of them is a start yet."""
        wanted = zip(self.terms.wanted_wh, self.terms.store.goals, strict=False)
        return any(
            self.plan.energy_wh[step]
            < min(wanted_wh, self.plan.energy_wh[goal.step]) - 50
            for wanted_wh, goal in wanted
        )

    @property
    def _minds_carbon(self) -> bool:
        """Whether anybody wants clean hours; else nobody waits for them."""
        wanted = self.terms.car.carbon_limit_g is not None
        return wanted or self.outlook.carbon_weight > 0

    def _feed_in(self, step: int, until: datetime | None) -> Why:
        price = round(self.assumed.export_price[step], 4)
        return Why(
            key=PlanKey.WAITS_FOR_FEED_IN,
            values=(*_time("until", until), ("export_price", price)),
        )

    # Shared

    def _block(self, first: int, last: int) -> ChargingTime:
        """Return what there is to say of the steps of a block."""
        block = slice(first, last + 1)
        powers, prices = self.plan.charge_w[block], self.assumed.import_price[block]
        taken = sum(powers)
        paid = sum(price * power for price, power in zip(prices, powers, strict=True))
        sunny = sum(self.sun_w[block]) >= taken / 2
        return ChargingTime(first=first, sunny=sunny, price=paid / taken)

    def _price(self, step: int) -> float:
        return self.assumed.import_price[step]

    def _end_of_block(self, step: int) -> datetime:
        return self.starts[self._after_block(step)]

    def _after_block(self, step: int) -> int:
        """Return the step after the last one of the block that a step is in."""
        while step < len(self.plan.charge_w) and self.on(step):
            step += 1
        return step

    def _reached(self, energy_wh: float) -> datetime | None:
        """Return the end of the step in which the car reaches an energy."""
        return next(
            (
                self.starts[step + 1]
                for step, held_wh in enumerate(self.plan.energy_wh)
                if held_wh >= energy_wh - 1
            ),
            None,
        )

    def _ready_values(self, key: PlanKey) -> Why:
        return Why(key=key, values=_time("ready", self.ready))

    def _misses(self, shortfall: Shortfall) -> Why:
        values: list[tuple[str, str | float]] = [("at", shortfall.at.isoformat())]
        if shortfall.reaches_soc is not None and shortfall.wanted_soc is not None:
            values += [
                ("reaches_soc", round(shortfall.reaches_soc)),
                ("wanted_soc", round(shortfall.wanted_soc)),
            ]
        else:
            values += [
                ("reaches_wh", round(shortfall.reaches_metered_wh)),
                ("wanted_wh", round(shortfall.wanted_metered_wh)),
            ]
        name = "later" if shortfall.boost_helps else "ready_later"
        values += _time(name, shortfall.later)
        return Why(key=PlanKey.MISSES, values=tuple(values))

    # How strictly the plan must be followed

    def is_tight(self, step: int) -> bool:
        """Return whether what is planned in a step could not be charged later before the next goal."""
        store = self.terms.store
        before_wh = self.plan.energy_wh[step - 1] if step else 0.0
        for number, wanted_wh in enumerate(self.terms.wanted_wh):
            goal_step = store.goals[number].step
            if goal_step < step:
                continue
            lacks_wh = wanted_wh - before_wh
            # The last step is in reserve.
            after = min(step + 1, goal_step)
            later_wh = self.stored_wh[goal_step] - self.stored_wh[after]
            if lacks_wh > 1 and later_wh < lacks_wh * (1 + _SPARE):
                return True
        return False


def advice_of(reasons: Reasons, step: int) -> SlotAdvice:
    """Return the minimum and maximum power of a car in a step."""
    terms, why = reasons.terms, reasons.at(step)
    car, most_w = terms.car, terms.most_w
    planned_w = reasons.plan.charge_w[step]
    if why.key in (PlanKey.OFF, PlanKey.PAUSED):
        return SlotAdvice(at_least_w=0.0, at_most_w=0.0, why=why)
    if why.key in (PlanKey.PRECONDITIONS, PlanKey.BOOSTS, PlanKey.CHARGES_AT_ONCE):
        return SlotAdvice(at_least_w=most_w, at_most_w=most_w, why=why)
    at_least_w = 0.0
    charges = reasons.on(step)
    tight = charges and reasons.is_tight(step)
    if charges and car.mode is not CarMode.SOLAR:
        grid_w = planned_w - reasons.sun_w[step]
        # If the grid is cheap enough to supply a part, it also supplies the rest if there is less sun than expected.
        if grid_w > _LITTLE * planned_w or tight or why.key is PlanKey.MINIMUM_FIRST:
            at_least_w = max(planned_w, terms.least_w)
    if car.mode is CarMode.SOLAR_MIN:
        at_least_w = max(at_least_w, terms.least_w)
    at_most_w = most_w
    if terms.waits[step] or terms.store.strategy is Strategy.LATE:
        at_most_w = max(planned_w, at_least_w)
    # The plan is cautious about house and sun, so there may be more than it could count on. Who waits for others goes on.
    makes_up = (
        reasons.shortfall is not None
        and reasons.starts[step] < reasons.shortfall.at
        and (charges or not reasons.has_room[step])
    )
    if makes_up:
        at_most_w = most_w
    return SlotAdvice(
        at_least_w=min(at_least_w, most_w),
        at_most_w=at_most_w,
        why=why,
        pressing=tight,
        makes_up=makes_up,
    )


def _blocks(
    charges: tuple[bool, ...], block: Callable[[int, int], ChargingTime]
) -> tuple[ChargingTime | None, ...]:
    """Return for each step the next block of steps in which a car begins to charge."""
    found: list[ChargingTime | None] = []
    following: ChargingTime | None = None
    last = len(charges) - 1
    for step in range(len(charges) - 1, -1, -1):
        found.append(following)
        if not charges[step]:
            last = step - 1
        elif not (step and charges[step - 1]):
            following = block(step, last)
    return tuple(reversed(found))


def _until(key: PlanKey, until: datetime | None) -> Why:
    return Why(key=key, values=_time("until", until))


def _time(name: str, at: datetime | None) -> tuple[tuple[str, str], ...]:
    return () if at is None else ((name, at.isoformat(timespec="seconds")),)
