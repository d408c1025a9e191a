"""What is presumed where a meter says nothing yet: below a circuit, beside chargers out of reach, and beside the sun."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    Circuit,
    Connector,
    ConnectorStatus,
    Decision,
    MeterReading,
    PowerReading,
    ReasonKey,
)

from .common import CHARGING, MAIN, NOW, car, offers, reasons, site

SUB = Circuit(
    id="sub", name="Carport", parent="main", limit_a=(32, 32, 32), rated_a=(32, 32, 32)
)
AVAILABLE, OFFLINE = ConnectorStatus.AVAILABLE, ConnectorStatus.UNAVAILABLE


def comes(name: str, circuit: str = "sub", **changes: object) -> Connector:
    """Return a car that has no offer yet."""
    return car(name, circuit=circuit, **{"offer_a": 0.0, **changes})


def circuits_run(
    connectors: list[Connector],
    seconds: int,
    *,
    circuits: tuple[Circuit, ...] = (MAIN, SUB),
    house: Callable[[int], float] = lambda _: 3.0,
    metered: Callable[[int], tuple[str, ...]] = lambda _: ("main", "sub"),
    idle: tuple[str, ...] = (),
    solar: PowerReading | None = None,
) -> list[Decision]:
    """Return a decision every two seconds. The house is on the main circuit, and each car but the idle ones takes its offer.

    A charger that measures nothing has no draw to begin with.
    """
    memory, found = Memory(), []
    for at_s in range(0, seconds, 2):
        now = NOW + timedelta(seconds=at_s)
        flow = {"main": house(at_s) + at_s % 7 / 10, "sub": 0.0}
        for index, one in enumerate(connectors):
            takes = one.reachable and one.status is not AVAILABLE
            taken = (one.offer_a or 0.0) if takes and one.id not in idle else 0.0
            for name in {one.circuit, "main"}:
                flow[name] += taken
            if one.draw_a is not None and one.reachable:
                connectors[index] = replace(one, draw_a=(taken,) * 3, draw_at=now)
        snapshot = replace(
            site(),
            now=now,
            circuits=circuits,
            connectors=tuple(connectors),
            meters=tuple(
                (name, MeterReading(at=now, current_a=(flow[name],) * 3))
                for name in metered(at_s)
            ),
            solar=solar,
        )
        decision, memory = decide(snapshot, memory)
        given = offers(decision)
        connectors = [
            replace(one, offer_a=given[one.id], offered_at=now)
            if one.reachable and given[one.id] != one.offer_a
            else one
            for one in connectors
        ]
        found.append(decision)
    return found


def until(decisions: list[Decision], name: str) -> float:
    """Return after how many seconds a car had an offer."""
    return 2.0 * next(
        (i for i, one in enumerate(decisions) if offers(one)[name] > 0), len(decisions)
    )


@pytest.mark.parametrize(
    ("beside", "idle", "within_s"),
    [
        # An empty connector needs less than the car.
        (comes("a", status=AVAILABLE), (), 10),
        # A charger that is out of reach has 6 A reserved.
        (comes("a", reachable=False, status=OFFLINE, fall_back_a=6.0), (), 10),
        # A car that takes nothing, on a charger that measures nothing, or its power alone.
        (
            replace(
                comes("a", status=ConnectorStatus.PREPARING), draw_a=None, draw_at=None
            ),
            ("a",),
            75,
        ),
        (
            replace(
                comes("a", status=ConnectorStatus.PREPARING), draw_a=None, draw_w=0.0
            ),
            ("a",),
            75,
        ),
        # Two cars: the second starts when the meter has shown the first.
        (comes("a"), (), 20),
    ],
)
def test_the_first_car_below_a_meter_that_shows_nothing(
    beside: Connector, idle: tuple[str, ...], within_s: float
) -> None:
    """Nothing but cars is below it: it rightly shows 0, and must not keep them waiting for ever."""
    least_a = 6.0 if not idle and beside.status is CHARGING else 8.0
    found = circuits_run([beside, comes("b", min_a=least_a)], 200, idle=idle)
    assert until(found, "b") <= within_s
    assert offers(found[-1])["b"] > 6


@pytest.mark.parametrize(
    ("circuits", "expected"),
    [
        # Nothing is known of the house: one car, with its minimum.
        ((MAIN, SUB), {"b": 6}),
        # It is assumed to take 5 A.
        ((replace(MAIN, assumed_load_a=(5, 5, 5)), SUB), {"b": 6}),
    ],
)
def test_what_is_presumed_below_does_not_flow_through_the_main_fuse(
    circuits: tuple[Circuit, ...], expected: dict[str, float]
) -> None:
    """32 A less 6 A are more than the main fuse of 25 A carries: no car would ever charge again."""
    found = circuits_run([comes("b")], 300, circuits=circuits, metered=lambda _: ())
    assert offers(found[-1]) == expected


def test_a_dead_meter_below_stops_no_car_beside_it() -> None:
    """24 A less the assumed 5 A: 6 A for the car behind the dead meter, 13 A for the other."""
    found = circuits_run(
        [comes("b"), comes("c", "main")],
        300,
        circuits=(replace(MAIN, assumed_load_a=(5, 5, 5)), SUB),
        metered=lambda _: (),
    )
    assert offers(found[-1]) == pytest.approx({"b": 6, "c": 13})


def test_the_sun_does_not_shine_on_a_carport() -> None:
    """Generation covers a part of what the main fuse carries: an empty circuit below it is still empty."""
    found = circuits_run(
        [comes("b")],
        1000,
        circuits=(MAIN, replace(SUB, limit_a=(20, 20, 20), rated_a=(20, 20, 20))),
        house=lambda _: -11.0,
        metered=lambda at_s: ("main", "sub") if at_s < 700 else ("main",),
        solar=PowerReading(at=NOW + timedelta(seconds=700), power_w=10_000),
    )
    assert max(found[-1].circuits[1].uncontrolled_a) == pytest.approx(0)
    assert offers(found[-1]) == {"b": 6}


def test_panels_on_a_workshop() -> None:
    """16 A under 18 A of sun show an export of 2 A. When its meter is lost the sun may go: 20 A leave no car its 6 A."""
    cars, memory, found = [comes("b")], Memory(), []
    sub = replace(SUB, limit_a=(20, 20, 20), rated_a=(20, 20, 20))
    for at_s in range(0, 1000, 2):
        now = NOW + timedelta(seconds=at_s)
        trembles_a = at_s % 7 / 10
        snapshot = replace(
            site(),
            now=now,
            circuits=(replace(MAIN, limit_a=(63, 63, 63)), sub),
            connectors=tuple(cars),
            meters=(
                ("main", MeterReading(at=now, current_a=(5.0 + trembles_a,) * 3)),
                ("sub", MeterReading(at=now, current_a=(-2.0 - trembles_a,) * 3)),
            )[: 2 if at_s < 700 else 1],
            solar=PowerReading(at=now, power_w=18 * 690.0),
        )
        if at_s < 700:
            snapshot = replace(snapshot, connectors=(comes("b", status=AVAILABLE),))
        decision, memory = decide(snapshot, memory)
        found.append(decision)
    assert max(found[-1].circuits[1].uncontrolled_a) == pytest.approx(16, abs=0.5)
    assert offers(found[-1]) == {"b": 0}


@pytest.mark.parametrize(
    ("changes", "stops"),
    [
        ({"connect_to": "ws://sunfuse", "draw_a": None, "draw_at": None}, True),
        ({"status": AVAILABLE}, True),
        ({"draw_at": NOW - timedelta(hours=2)}, True),
        # Lost a moment ago: its car may be what looks like a load.
        ({"draw_at": NOW}, False),
    ],
)
def test_a_charger_out_of_reach_does_not_make_the_past_forgotten(
    changes: dict[str, object], stops: bool
) -> None:
    """The house took 20 A some minutes ago: while its meter is lost, that leaves no car its 6 A."""
    away = comes("away", "main", reachable=False, status=OFFLINE, fall_back_a=0.0)
    away = replace(away, **changes)  # type: ignore[arg-type]  # any field
    found = circuits_run(
        [comes("b", "main"), away],
        1000,
        circuits=(MAIN,),
        house=lambda at_s: 20.0 if 200 < at_s < 500 else 3.0,
        metered=lambda at_s: ("main",) if at_s < 800 else (),
    )
    assert (offers(found[-1])["b"] == 0) is stops


def test_export_that_nobody_reports_and_no_draw() -> None:
    """The meter shows feed-in, no panels are known, and the charger measures nothing: the car has its 16 A in the end."""
    blind = replace(comes("b", "main"), draw_a=None, draw_at=None)
    found = circuits_run([blind], 300, circuits=(MAIN,), house=lambda _: -20.0)
    assert offers(found[-1]) == {"b": 16}


def test_what_was_presumed_is_no_peak() -> None:
    """The house took 19 A, and takes 3 A: when the meter is back, the car starts at once."""
    found = circuits_run(
        [comes("b", "main")],
        1200,
        circuits=(MAIN,),
        house=lambda at_s: 19.0 if 200 < at_s < 500 else 3.0,
        metered=lambda at_s: () if 800 <= at_s < 1100 else ("main",),
    )
    assert offers(found[540]) == {"b": 0}
    assert until(found[550:], "b") <= 10
    assert ReasonKey.LOAD_PEAKED not in {reasons(one)["b"] for one in found[450:]}


@pytest.mark.parametrize(
    ("away", "expected_a"),
    [
        # It never reported a car: what is reserved for it is a part of what nobody knows.
        ({"draw_a": None, "draw_at": None}, 6),
        # Its car charged a moment ago, and is the one that may.
        ({"draw_at": NOW}, 0),
    ],
)
def test_a_charger_out_of_reach_beside_a_meter_that_never_proved_right(
    away: dict[str, object], expected_a: float
) -> None:
    """The meter never reported: one car has its minimum, also beside a charger that somebody switched off for the winter."""
    held = comes("away", "main", reachable=False, status=OFFLINE, fall_back_a=6.0)
    held = replace(held, **away)  # type: ignore[arg-type]  # any field
    found = circuits_run(
        [comes("b", "main"), held], 300, circuits=(MAIN,), metered=lambda _: ()
    )
    assert offers(found[-1])["b"] == expected_a


@pytest.mark.parametrize("measures", [True, False])
def test_a_dead_meter_and_chargers_that_do_not_measure(measures: bool) -> None:
    """It shows 0.000 from the first second: one car at a time has its minimum, whether the chargers contradict the meter or not."""
    cars = [comes(name, "main") for name in "bc"]
    if not measures:
        cars = [replace(one, draw_a=None, draw_at=None) for one in cars]
    memory = Memory()
    highest_a = 0.0
    for at_s in range(0, 900, 2):
        now = NOW + timedelta(seconds=at_s)
        dead = MeterReading(at=now, current_a=(0.0, 0.0, 0.0))
        cars = [
            replace(one, draw_a=(one.offer_a or 0.0,) * 3, draw_at=now)
            if measures
            else one
            for one in cars
        ]
        snapshot = replace(
            site(), now=now, connectors=tuple(cars), meters=(("main", dead),)
        )
        decision, memory = decide(snapshot, memory)
        given = offers(decision)
        cars = [
            replace(one, offer_a=given[one.id], offered_at=now)
            if given[one.id] != one.offer_a
            else one
            for one in cars
        ]
        highest_a = max(highest_a, sum(given.values()))
    assert highest_a == 6
