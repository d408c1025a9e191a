"""A load that comes for seconds or in turns: who is paused, who comes back, and what a fuse bears."""

from dataclasses import replace

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.limits.fuse_curve import CURVES, warmed
from custom_components.sunfuse.engine.memory import ConnectorMemory
from custom_components.sunfuse.engine.model import Mode, Snapshot
from custom_components.sunfuse.engine.tuning import Characteristic, Policy, Tuning

from .common import HOUR, NOW, car, later, offers, on, site
from .plant import Car, Plant, charger, main
from .scarce_cars import MINUTE, ONE_AMPERE_WH, needs, runs


def busy(
    characteristic: Characteristic,
    step_a: float,
    lasts_s: int,
    *,
    report_s: float = 5,
    inrush_a: float = 0.0,
) -> Plant:
    """Return ten cars beside 30 A behind 100 A, and what comes on top after ten minutes.

    `inrush_a` is what the building takes in the first second of that.
    """

    def load(at_s: float) -> tuple[float, ...]:
        stepped_a = 30.0 + step_a if 600 <= at_s < 600 + lasts_s else 30.0
        return (max(stepped_a, inrush_a if at_s == 600 else 0.0),) * 3

    return Plant(
        cars=[
            Car(connector=charger(f"k{n}", mode=Mode.FAST), phases=3) for n in range(10)
        ],
        circuits=(replace(main(100), characteristic=characteristic),),
        loads={"main": load},
        meter_s=1,
        tick_s=1,
        report_s=report_s,
        noise_a=0.1,
    )


@pytest.mark.parametrize("kind", list(Characteristic))
def test_an_inrush_of_two_seconds(kind: Characteristic) -> None:
    """145 A of 100 A: a fuse bears that, and nobody is paused; with `strict` they come back soon."""
    plant = busy(kind, 47.0, 2)
    plant.run(700)
    stops = sum(one.stops for one in plant.cars)
    assert (stops > 0) is (kind is Characteristic.STRICT)
    at_s = {
        int((d.now - plant.decisions[0].now).total_seconds()): d
        for d in plant.decisions
    }
    back = sum(one.offer_a >= 6 for one in at_s[640].connectors)
    # The last wait where ten seconds' mean of the inrush leaves no room beside all the others.
    assert back >= (9 if kind is Characteristic.STRICT else 10)


@pytest.mark.parametrize("report_s", [5, 10, 30])
def test_an_inrush_beside_a_step(report_s: float) -> None:
    """145 A of 100 A for a second, and 12 A that stay: one of ten cars has to go, and not nine.

    30 + 12 A of building and nine minimums are 96 A. What the inrush left in the estimate is gone within half a minute,
    however rarely the chargers report.
    """
    plant = busy(Characteristic.B, 12.0, 400, report_s=report_s, inrush_a=115.0)
    plant.run(800)
    assert sum(one.stops for one in plant.cars) <= 1
    at_s = {
        int((d.now - plant.decisions[0].now).total_seconds()): d
        for d in plant.decisions
    }
    assert at_s[635].circuits[0].uncontrolled_a[0] == pytest.approx(42.0, abs=3)
    assert sum(one.offer_a >= 6 for one in at_s[720].connectors) >= 9
    used_a = [flow["main"][0] for flow in plant.flows[720:]]
    assert sum(used_a) / len(used_a) >= 90


@pytest.mark.parametrize("turn_s", [900.0, 300.0])
def test_who_was_paused_for_a_moment_comes_back_when_it_is_over(turn_s: float) -> None:
    """A strict circuit pauses all ten at once; 42 A of building and nine minimums are 96 A, and they have them after 40 s.

    It does not matter whether their turn was over.
    """
    plant = busy(Characteristic.STRICT, 12.0, 400, report_s=10, inrush_a=115.0)
    blank = Snapshot(now=NOW, site=plant.site, circuits=())
    plant.settings = replace(blank, tuning=Tuning(turn_s=turn_s))
    plant.run(700)
    back = [sum(one.offer_a >= 6 for one in d.connectors) for d in plant.decisions]
    assert min(back[600:610]) <= 2
    assert min(back[645:]) == 9


def test_who_is_paused_again_waits() -> None:
    """A strict circuit with an inrush each 20 seconds: after the second pause they wait for a minute, and do not start each time."""

    def load(at_s: float) -> tuple[float, ...]:
        return (115.0 if at_s >= 300 and at_s % 20 == 0 else 30.0,) * 3

    plant = busy(Characteristic.STRICT, 0.0, 0)
    plant.loads = {"main": load}
    plant.run(600)
    assert max(one.starts for one in plant.cars) <= 4


@pytest.mark.parametrize(
    ("inrush_a", "least_a"),
    [
        # 10 A and 20 A in turn: nearly all of 98 A is used, whatever the load does.
        (0.0, 85.0),
        # With an inrush of 20 A for two seconds that the estimate must not keep.
        (20.0, 80.0),
    ],
)
def test_a_load_that_cycles_leaves_no_site_half_idle(
    inrush_a: float, least_a: float
) -> None:
    """24 chargers behind 98 A, beside a load that goes up and down each minute: 59 to 67 A were used of them once."""

    def load(at_s: float) -> tuple[float, ...]:
        high = 10.0 + inrush_a if at_s % 60 < 2 else 10.0
        return (10.0 + (high if at_s % 60 < 30 else 0.0),) * 3

    plant = Plant(
        cars=[Car(connector=charger(f"k{n:02}"), phases=3) for n in range(24)],
        circuits=(replace(main(99), characteristic=Characteristic.B),),
        loads={"main": load},
        noise_a=0.1,
    )
    plant.run(1800)
    used_a = [flow["main"][0] for flow in plant.flows[900:]]
    assert sum(used_a) / len(used_a) >= least_a
    # As many charge as fit beside the highest load: (98 - 21) / 6 or (98 - 30) / 6 with room for its fluctuation.
    last = plant.decisions[-1].connectors
    assert sum(one.offer_a >= 6 for one in last) >= (11 if inrush_a == 0 else 9)


def test_a_load_that_cycles_leaves_no_site_half_idle_by_departure() -> None:
    """63 A beside 3 A and 35 A, a minute each, when the cars come: the first two could take all that is free beside 35 A.

    Four minimums fit beside it, so four cars charge, the fourth with 12 A while the load is low: no start is lost when it is high.
    """
    cars = [
        Car(
            connector=charger(
                f"k{n}",
                departure=NOW + (2 + n % 3) * HOUR,
                energy_needed_wh=25 * ONE_AMPERE_WH,
            ),
            arrives_s=200,
        )
        for n in range(8)
    ]
    plant = Plant(
        cars=cars,
        circuits=(replace(main(64), characteristic=Characteristic.B),),
        loads={"main": lambda at_s: (3.0 if at_s % 120 < 60 else 35.0,) * 3},
        noise_a=0.1,
    )
    plant.settings = replace(
        Snapshot(now=NOW, site=plant.site, circuits=()), policy=Policy.DEADLINE
    )
    measures = plant.run(1500)
    used_a = [flow["main"][0] for flow in plant.flows[900:]]
    assert sum(used_a) / len(used_a) >= 56
    assert (measures.starts, measures.stops) == (4, 0)


def test_who_waited_longest_starts_first_and_several_at_once() -> None:
    """A limit of 24 A is back after a shortage: four minimums fit, and those who have waited longest have them at once."""
    names = "abcdefg"
    cars = [car(name, offer_a=0.0) for name in names]
    # c has waited longest, then f, a, e.
    waited_min = dict(zip(names, (20, 3, 40, 5, 18, 30, 10), strict=True))
    known = {
        name: ConnectorMemory(
            asked_at=NOW - HOUR,
            off_since=NOW - minutes * MINUTE,
            stopped_at=NOW - minutes * MINUTE,
        )
        for name, minutes in waited_min.items()
    }
    # A meter that shows exactly nothing would have to show the first car before another one starts.
    snapshot = on(24.5, *cars, house_a=(0.5,) * 3)
    decision, _ = decide(snapshot, Memory(connectors=known))
    started = {name for name, offer_a in offers(decision).items() if offer_a}
    assert started == {"c", "f", "a", "e"}


def test_an_overload_that_lasts_is_ended() -> None:
    """30 A more than minimums of 60 A leave room for: within a tenth of ten minutes somebody is paused."""
    plant = busy(Characteristic.B, 30.0, 400)
    plant.run(900)
    assert sum(one.stops for one in plant.cars) >= 4
    over = [s for s, flow in enumerate(plant.flows) if max(flow["main"]) > 100.01]
    assert 600 <= min(over) <= max(over) <= 600 + 60 + 10


def test_a_limit_that_a_user_lowered_is_kept_at_once() -> None:
    """Only the fuse's own rating is borne for a moment: a fuse of 25 A set to 16 A has no patience at 18 A."""
    lowered = replace(main(16.0), rated_a=(25.0,) * 3, characteristic=Characteristic.B)
    cars = [Car(connector=charger(name)) for name in "abc"]
    plant = Plant(
        cars=cars, circuits=(replace(lowered, limit_a=(25.0,) * 3),), loads={}
    )
    plant.run(300)
    plant.circuits = (lowered,)
    decided = len(plant.decisions)
    plant.run(60)
    offers = [
        sum(one.offer_a for one in decision.connectors)
        for decision in plant.decisions[decided + 1 :]
    ]
    assert max(offers) <= 15.0


@pytest.mark.parametrize(
    ("kind", "load", "seconds"),
    [
        # 3600 s x (1.13 / 1.45) ^ (ln 3600 / ln (2.55 / 1.13))
        (Characteristic.B, 1.45, 293.0),
        (Characteristic.C, 1.45, 293.0),
        (Characteristic.B, 2.55, 1.0),
        (Characteristic.B, 3.0, 0.0),
        (Characteristic.C, 5.0, 0.0),
        (Characteristic.GG, 33 / 16, 10.0),
        (Characteristic.GG, 1.1, 600.0),
    ],
)
def test_what_a_device_bears(kind: Characteristic, load: float, seconds: float) -> None:
    """By the points of the standards, and a straight line between them."""
    assert CURVES[kind].bears_s(load) == pytest.approx(seconds, rel=0.01)


# IEC 60269-1, table 3: the current that a gG fuse of this rating carries for ten seconds.
GATES_A = {
    16: 33,
    20: 42,
    25: 52,
    32: 75,
    40: 95,
    50: 125,
    63: 160,
    80: 215,
    100: 290,
}


@pytest.mark.parametrize(("rated_a", "gate_a"), GATES_A.items())
def test_no_fuse_is_trusted_beyond_its_gate(rated_a: float, gate_a: float) -> None:
    """At the current of the gate no more than its ten seconds are assumed, and at 1.25 times the rating no more than an hour."""
    curve = CURVES[Characteristic.GG]
    assert curve.bears_s(gate_a / rated_a) <= 10.0 + 1e-9
    assert curve.bears_s(1.25) <= 3600.0


@pytest.mark.parametrize("kind", [Characteristic.B, Characteristic.C])
def test_no_breaker_is_trusted_beyond_its_points(kind: Characteristic) -> None:
    """IEC 60898-1, table 7: it must not trip within an hour at 1.13 times its rating, nor within a second at 2.55 times."""
    curve = CURVES[kind]
    assert curve.bears_s(1.13) <= 3600.0
    assert curve.bears_s(2.55) <= 1.0 + 1e-9


def test_the_thermal_image() -> None:
    """It adds up what is used, cools within minutes, and has nothing to use where a circuit carries nothing."""
    one = warmed((), (145.0,), (100.0,), Characteristic.B, 29.3)
    assert one == pytest.approx((0.1,), rel=0.01)
    assert warmed(one, (50.0,), (100.0,), Characteristic.B, 60.0)[0] < 0.07
    assert warmed((), (400.0,), (100.0,), Characteristic.B, 1.0) == (1.0,)
    assert warmed((), (1.0,), (0.0,), Characteristic.GG, 1.0) == (1.0,)
    assert not warmed((), (145.0,), (100.0,), Characteristic.STRICT, 1.0)


def test_a_machine_that_runs_for_minutes_leaves_nobody_out() -> None:
    """24 A of late, 16 A now: both can be ready with 24 A, so the one that can hardly wait goes on."""
    a = needs("a", 1, 15.2, offer_a=16.0)
    b = needs("b", 1.5, 14, offer_a=8.0)
    memory = Memory(connectors={"a": runs(20), "b": runs(20)})
    snapshot = site(a, b, policy=Policy.DEADLINE)
    decision, memory = decide(snapshot, memory)
    assert offers(decision) == {"a": 16, "b": 8}
    # A machine of 8 A starts.
    snapshot = later(snapshot, 5, decision)
    reading = snapshot.meters[0][1]
    more = tuple(a + 8.0 for a in reading.current_a or ())
    snapshot = replace(snapshot, meters=(("main", replace(reading, current_a=more)),))
    decision, _ = decide(snapshot, memory)
    assert offers(decision) == {"a": 16, "b": 0}
