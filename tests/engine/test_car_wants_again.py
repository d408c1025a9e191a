"""A car that took nothing and has lost its offer: its charger's word that it wants again counts, what merely follows the withdrawal does not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import ConnectorStatus

from .common import car, later, offers, on

MINUTE = 12  # decisions
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
