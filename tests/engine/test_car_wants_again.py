"""A car that took nothing and has lost its offer: its charger's word that it wants again counts, what merely follows the withdrawal does not."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import override

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    ConnectorStatus,
    MeterReading,
    PerPhase,
    ReasonKey,
)

from .common import car, later, offers, on, reasons, settle
from .plant import Car, Plant, charger, main, steady

MINUTE = 12  # decisions
WAITS = ConnectorStatus.PREPARING
type Says = Callable[[int, bool], ConnectorStatus]


def starts(says: Says, minutes: int) -> list[int]:
    """Return the minutes in which a full car is offered something; what its charger `says` depends on the minute, and on whether it is.

    Another car can use all that there is.
    """
    snapshot = on(
        13, car("full", offer_a=6.0, draw_a=(0.0,) * 3), car("b", offer_a=0.0)
    )
    memory, before_a, found = Memory(), 6.0, list[int]()
    for tick in range(minutes * MINUTE):
        decision, memory = decide(snapshot, memory)
        offer_a = offers(decision)["full"]
        if offer_a and not before_a:
            found.append(tick // MINUTE)
        before_a = offer_a
        snapshot = later(snapshot, 60 / MINUTE, decision)
        full, b = sorted(snapshot.connectors, key=lambda c: c.id, reverse=True)
        status = says(tick // MINUTE, bool(full.offer_a))
        full = replace(full, draw_a=(0.0,) * 3, status=status)
        meter = replace(snapshot.meters[0][1], current_a=b.draw_a)
        snapshot = replace(snapshot, connectors=(full, b), meters=(("main", meter),))
    return found


@pytest.mark.parametrize("offered", ["suspended_ev", "charging"])
@pytest.mark.parametrize(
    "withdrawn", ["suspended_ev", "suspended_evse", "charging", "preparing"]
)
def test_a_withdrawn_offer_is_no_word_of_the_car(offered: str, withdrawn: str) -> None:
    """Chargers say many things of a car without an offer, at once and for ever: the car is not started every three minutes for that."""
    assert not starts(
        lambda _, has: ConnectorStatus(offered if has else withdrawn), minutes=50
    )


@pytest.mark.parametrize("wants", ["suspended_evse", "charging", "preparing"])
def test_a_car_that_wants_again_is_offered_its_share(wants: str) -> None:
    """After ten minutes the car closes its switch: it need not wait for the trial that comes each hour."""

    def says(minute: int, has: bool) -> ConnectorStatus:
        if minute >= 10 and not has:
            return ConnectorStatus(wants)
        return ConnectorStatus.SUSPENDED_EV

    assert starts(says, minutes=30)[:1] in ([10], [11])


def test_a_car_that_wants_no_more_again_is_left_alone() -> None:
    """It wakes for a minute, is offered its share and takes nothing: until it says so again, it is not asked again."""

    def says(minute: int, has: bool) -> ConnectorStatus:
        wakes = minute == 10 and not has
        return ConnectorStatus.CHARGING if wakes else ConnectorStatus.SUSPENDED_EV

    assert len(starts(says, minutes=50)) == 1


@dataclass(kw_only=True)
class _WithCard(Car):
    """A car that takes nothing before its card is shown."""

    shown_s: float

    @override
    def move(self, at_s: float) -> None:
        self.max_a = 16.0 if at_s >= self.shown_s else 0.0
        super().move(at_s)

    @override
    def status(self, at_s: float) -> ConnectorStatus:
        waits = at_s < self.shown_s
        return ConnectorStatus.PREPARING if waits else super().status(at_s)


@pytest.mark.parametrize("step_a", [0.1, 1.0])
def test_a_car_that_waited_with_its_offer(step_a: float) -> None:
    """It begins slowly when its card is shown: what it takes by then is not all that it can take (it kept 6 A for a quarter of an hour)."""
    begins = _WithCard(
        connector=charger("begins", step_a=step_a), rise_a_s=0.5, shown_s=200
    )
    plant = Plant(
        cars=[begins, Car(connector=charger("other"), max_a=10.0)],
        circuits=(main(63),),
        loads={"main": steady(1, 1, 1)},
        report_s=5.0,
    )
    plant.run(320)
    assert begins.current_a > 15


@dataclass(kw_only=True)
class _LetsGo(Car):
    """A car that lets go for a moment again and again, as its charger reports."""

    for_s: int

    @override
    def status(self, at_s: float) -> ConnectorStatus:
        lets_go = self.current_a > 0 and at_s % 20 < self.for_s
        return ConnectorStatus.SUSPENDED_EV if lets_go else super().status(at_s)


def test_a_car_that_lets_go_for_a_moment() -> None:
    """It is charged as any other: its limit does not fall to its minimum each time, and nobody is told that it has finished."""
    cars = [
        _LetsGo(connector=charger("restless"), for_s=5),
        Car(connector=charger("other")),
    ]
    plant = Plant(
        cars=cars,
        circuits=(main(26),),
        loads={"main": steady(2, 2, 2)},
        tick_s=1.0,
    )
    plant.run(600)
    restless, other = cars
    assert restless.given_wh == pytest.approx(other.given_wh, rel=0.02)
    assert restless.offers <= other.offers + 2
    told = {reasons(decision)["restless"] for decision in plant.decisions}
    assert ReasonKey.CAR_FINISHED not in told


@dataclass(kw_only=True)
class _LetsGoAtChanges(Car):
    """A car that lets go whenever its limit changes, as its charger reports, which reports no current."""

    reports: bool = False

    @override
    def status(self, at_s: float) -> ConnectorStatus:
        return ConnectorStatus.SUSPENDED_EV if self.queue else super().status(at_s)


def test_a_car_that_lets_go_as_its_turn_ends() -> None:
    """It has not finished: half an hour later it is its turn again, and not an hour."""
    cars = [
        _LetsGoAtChanges(connector=charger("restless")),
        Car(connector=charger("other"), reports=False),
    ]
    plant = Plant(
        cars=cars,
        circuits=(main(10),),
        loads={"main": steady(2, 2, 2)},
        charger_lag_s=6.0,
    )
    plant.run(3600)
    restless, other = cars
    assert restless.given_wh == pytest.approx(other.given_wh, rel=0.1)


def test_a_card_that_is_shown_just_after_the_offer_was_withdrawn() -> None:
    """A car that waited with its offer gave it to another one, and then its driver came: he does not wait for an hour."""
    nothing: PerPhase = (0.0,) * 3
    snapshot = on(
        13,
        car("late", offer_a=6.0, draw_a=nothing, status=WAITS, needs_card=True),
        car("other", offer_a=0.0),
    )
    memory, lost = Memory(), 0
    while lost < 8:
        decision, memory = decide(snapshot, memory)
        snapshot = later(snapshot, 60 / MINUTE, decision)
        late, other = snapshot.connectors
        lost += not late.offer_a
        snapshot = replace(
            snapshot,
            connectors=(replace(late, draw_a=nothing), other),
            meters=(("main", MeterReading(at=snapshot.now, current_a=other.draw_a)),),
        )
    shown = replace(
        late,
        draw_a=nothing,
        status=ConnectorStatus.SUSPENDED_EVSE,
        needs_card=False,
    )
    snapshot = replace(snapshot, connectors=(shown, other))
    _, decision, _ = settle(snapshot, 60, memory)
    assert offers(decision)["late"]


def test_a_full_car_that_is_tried_keeps_no_other_waiting() -> None:
    """It is offered its minimum and no more, although its charger has said for a moment only that it takes nothing."""
    plant = Plant(
        cars=[
            Car(connector=charger("full"), phases=1, wants_wh=1.0),
            Car(connector=charger("full too"), arrives_s=122, wants_wh=1.0),
            Car(connector=charger("hungry")),
        ],
        circuits=(main(10),),
        loads={"main": steady(2, 2, 2)},
    )
    plant.run(1200)
    assert max(offers(decision)["full"] for decision in plant.decisions) == 6.0
    last = plant.decisions[-1]
    assert reasons(last)["full"] is ReasonKey.CAR_FINISHED
    assert plant.cars[2].given_wh > 300
