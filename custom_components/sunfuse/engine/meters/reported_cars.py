"""What the cars below a circuit take, as their chargers report it: to compare it with what a meter shows."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from ..cars.car_bounds import SETTLING, TELLS
from ..cars.cars_below import CarsBelow
from ..cars.drawing import METER_LAG, SAME_TIME, least_bounds_of
from ..cars.wanted import NO_CAR
from ..memory import Draw
from ..model import Connector, ConnectorStatus, PerPhase

# Few cars follow another offer sooner than this.
FOLLOWS_AFTER = timedelta(seconds=2)
# The standby draw of a car that does not charge, and the fluctuation of one that does.
STEADY_A = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedCars:
    """What cars take, per phase: their last reports, the certain minimum, and whether that is steady."""

    reported_a: PerPhase
    least_a: PerPhase
    steady: bool
    offered: bool  # another current, to one of them, that it may not have followed yet
    offered_now: bool  # and all of them so recently that hardly one has followed
    offered_more: bool  # rather than less
    reported_at: datetime | None  # the newest draw that can be compared with the meter


def reported_cars(at: datetime, cars: CarsBelow) -> ReportedCars:
    """Return what the cars take that a meter's value of this time may show."""
    phases = cars.snapshot.site.phases
    reported_a, least_a = [0.0] * phases, [0.0] * phases
    steady, newest = True, None
    offered, offered_now, more_a = False, True, 0.0
    for connector in cars.connectors:
        recent = _recent(cars.draws[connector.id], at)
        if connector.status in NO_CAR:
            continue  # the report may be about the last car
        near = bool(
            recent and connector.reachable and abs(recent[-1].at - at) <= SAME_TIME
        )
        steady = steady and (near or connector.status is not ConnectorStatus.CHARGING)
        if connector.offered_at is not None and not _draws_its_offer(recent, connector):
            since = at - connector.offered_at
            if since <= SETTLING:
                offered, steady = True, False
                offered_now = offered_now and since <= FOLLOWS_AFTER
                drawn_a = max(recent[-1].current_a) if recent else 0.0
                more_a += (connector.offer_a or 0.0) - drawn_a
        if not recent:
            continue
        last = recent[-1]
        # More than it may take is handled elsewhere. If only the power is known, a phase carries the minimum that it
        # must.
        most_a = float("inf")
        if connector.offer_a is not None:
            most_a = max(connector.offer_a, connector.fail_safe_a)
        lowest_a, highest_a = least_bounds_of(recent)
        for phase, now_a in enumerate(last.lowest_a):
            low_a, high_a = min(lowest_a[phase], most_a), min(highest_a[phase], most_a)
            reported_a[phase] += min(now_a, most_a)
            if near:
                least_a[phase] += low_a
            if high_a - low_a > STEADY_A:
                steady = False
        if near:
            newest = last.at if newest is None else max(newest, last.at)
    return ReportedCars(
        reported_a=tuple(reported_a),
        least_a=tuple(least_a),
        steady=steady,
        offered=offered,
        offered_now=offered_now,
        offered_more=more_a > 0,
        reported_at=newest,
    )


def _draws_its_offer(recent: tuple[Draw, ...], connector: Connector) -> bool:
    """Whether a car has drawn what it is offered for so long that the meter shows it: the last offer was hardly another."""
    offer_a = connector.offer_a
    return bool(recent) and all(
        offer_a is not None
        and abs(max(draw.current_a[p] for p in connector.phases) - offer_a) <= STEADY_A
        for draw in recent
    )


_AT = attrgetter("at")


def _recent(draws: tuple[Draw, ...], at: datetime) -> tuple[Draw, ...]:
    """Return the draws that a meter's value of this time may show, including the one before them."""
    if not draws or abs(draws[-1].at - at) > TELLS:
        return ()
    first = bisect_left(draws, at - METER_LAG, key=_AT)
    return draws[max(first - 1, 0) :]
