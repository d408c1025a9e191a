"""Who starts beside a load that trembles, by hand calculation."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.cars.ramp import locked_until
from custom_components.sunfuse.engine.memory import CircuitMemory, ConnectorMemory
from custom_components.sunfuse.engine.meters.steadiness import unsteady_a, watch_load
from custom_components.sunfuse.engine.model import PerPhase, ReasonKey
from custom_components.sunfuse.engine.tuning import Tuning

from .common import NOW, car, offers, reasons, site


def watched(*loads: tuple[int, float]) -> CircuitMemory:
    """Return what is remembered of a load that was so high at these seconds."""
    past = CircuitMemory()
    for at_s, load_a in loads:
        snapshot = replace(site(), now=NOW + timedelta(seconds=at_s))
        past = watch_load(past, (load_a,), snapshot)
    return past


@pytest.mark.parametrize(
    ("loads", "kept_a"),
    [
        # A load that stands still needs nothing kept.
        (((0, 9.0), (30, 9.0)), 0.0),
        # Over ten seconds 8.99 A was the highest mean, 0.29 A above the lowest: as much above the 9.0 A of now.
        (((0, 8.7), (5, 9.4), (10, 9.0)), 0.27),
        # An inrush of 45 A for two seconds is a mean of 8 A.
        (((0, 9.0), (2, 54.0), (4, 9.0), (30, 9.0)), 9.2),
        # A stove of 10 A that was switched off: its 10 A for the time being, and no more than 1 A besides.
        (((0, 19.0), (10, 9.0)), 11.0),
        # The minute before counts as well,
        (((0, 19.0), (61, 9.0)), 11.0),
        # the one before that does not,
        (((0, 19.0), (61, 9.0), (122, 9.0)), 0.0),
        # nor does anything after a gap.
        (((0, 19.0), (130, 9.0)), 0.0),
    ],
)
def test_what_is_kept_free_for_a_start(
    loads: tuple[tuple[int, float], ...], kept_a: float
) -> None:
    """Up to the highest of the last minutes, and as much again as it trembled."""
    assert unsteady_a(watched(*loads), (9.0,)) == pytest.approx((kept_a,), abs=0.05)


def loads_of(*levels: tuple[int, float]) -> list[tuple[int, float]]:
    """Return a load each two seconds that stays at each level for so many seconds."""
    found: list[tuple[int, float]] = []
    for lasts_s, load_a in levels:
        begins_s = found[-1][0] + 2 if found else 0
        found += [(at_s, load_a) for at_s in range(begins_s, begins_s + lasts_s, 2)]
    return found


TEN_MINUTES = (600, 29.0)


@pytest.mark.parametrize(
    ("levels", "kept_a"),
    [
        # A load that lasted for ten minutes has fallen for less than 20 s: it may be back.
        (((300, 9.0), TEN_MINUTES, (16, 9.0)), 21.0),
        # After that it is over: of the mean of ten seconds 20 A x e^-3 are left after 30 s.
        (((300, 9.0), TEN_MINUTES, (30, 9.0)), 1.0),
        (((300, 9.0), TEN_MINUTES, (60, 9.0)), 0.0),
        # It is not over if it rises again, to 20 A x (1 - e^-1) above 10 A, and 1 A more,
        (((300, 9.0), TEN_MINUTES, (30, 9.0), (10, 29.0), (30, 9.0)), 12.9 + 1.0),
        # or rose twice within a quarter of an hour,
        (((300, 9.0), (100, 29.0), (100, 9.0), (300, 29.0), (60, 9.0)), 21.0),
        # which is forgotten after that;
        (((300, 9.0), (100, 29.0), (900, 9.0), (300, 29.0), (60, 9.0)), 0.0),
        # nor where nobody knows what was before it.
        (((300, 29.0), (100, 9.0), (100, 29.0), (60, 9.0)), 21.0),
        # 2 A less are no end of it: that is how it fluctuates.
        (((300, 9.0), TEN_MINUTES, (60, 27.0)), 21.0),
    ],
)
def test_a_load_that_has_ended(
    levels: tuple[tuple[int, float], ...], kept_a: float
) -> None:
    """What rose once and has fallen needs no room any more; what comes and goes needs it for two minutes."""
    past = watched(*loads_of(*levels))
    assert unsteady_a(past, (9.0,)) == pytest.approx((kept_a,), abs=0.2)


def test_a_usual_load_is_the_mean_of_half_an_hour() -> None:
    """After half an hour at 9 A, of 19 A before it 10 A x 1 / e are left; a gap is time like any other."""
    for times in ((1800,), range(5, 1801, 5)):
        past = watched((0, 19.0), *((at_s, 9.0) for at_s in times))
        assert past.usual_a == pytest.approx((12.68,), abs=0.01)


@pytest.mark.parametrize(("trembles_a", "starts"), [(0.0, True), (0.3, False)])
def test_a_minimum_that_just_fits(*, trembles_a: float, starts: bool) -> None:
    """24 - 18 = 6 A are enough for a car where they stay; where they come and go it waits, and says where."""
    memory = Memory()
    for tick in range(3):
        now = NOW + timedelta(seconds=5 * tick)
        house: PerPhase = (18.0 + (trembles_a if tick == 1 else 0.0), 2.0, 2.0)
        waiting = replace(car("a", offer_a=0.0), draw_at=now)
        snapshot = replace(site(waiting, house_a=house), now=now)
        reading = replace(snapshot.meters[0][1], at=now)
        snapshot = replace(snapshot, meters=(("main", reading),))
        if tick == 0 and not starts:
            continue  # it came a moment later
        decision, memory = decide(snapshot, memory)
    assert (offers(decision)["a"] > 0) is starts
    if not starts:
        assert reasons(decision)["a"] is ReasonKey.WAITING_FOR_CAPACITY


def test_a_lockout_after_very_many_stops() -> None:
    """It is the longest that is set, however often a connector was stopped."""
    past = ConnectorMemory(stopped_at=NOW, stops=5000)
    until = locked_until(past, Tuning(lockout_s=60, lockout_most_s=900))
    assert until == NOW + timedelta(seconds=900)
