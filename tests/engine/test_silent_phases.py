"""Sensors of single phases that fall silent or are stale: what they carry is known by others, and the sensor is named."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
import random

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.meters.living_sensors import (
    living_since,
    reported_since,
)
from custom_components.sunfuse.engine.model import (
    CircuitState,
    MeterQuality,
    MeterReading,
    PerPhase,
    PhaseReport,
)
from custom_components.sunfuse.engine.tuning import Characteristic

from .common import NOW, car, decided, offers, site, values
from .meter_faults import cars, flows, trembling
from .plant import START, Plant, main


def silent_from(at_s: float, *phases: int) -> Callable[[float], tuple[int, ...]]:
    """Let these phases be silent from some time on, for five minutes."""
    return lambda now_s: phases if at_s <= now_s < at_s + 300 else ()


@pytest.mark.parametrize("with_total", [False, True])
@pytest.mark.parametrize("phases", [(2,), (0, 1), (0, 1, 2)])
def test_phases_that_fall_silent(phases: tuple[int, ...], with_total: bool) -> None:
    """43 of 100 A: no state but the lost meter's, cars at their fail-safe current, and back when the sensors are."""
    plant = Plant(
        cars=cars(),
        circuits=(main(100.0),),
        loads={"main": trembling(11.0, 11.0, 11.0)},
        silent=silent_from(200, *phases),
        reports_total=with_total,
    )
    lost: dict[int, tuple[CircuitState, tuple[float, ...], tuple[str, ...]]] = {}

    def watch() -> bool:
        decision = plant.decisions[-1]
        circuit = decision.circuits[0]
        offered = tuple(c.offer_a for c in decision.connectors)
        lost[len(lost)] = circuit.state, offered, circuit.sensors
        return False

    plant.run(600, until=watch)
    named = tuple(f"L{phase + 1}" for phase in phases)
    for at_s in range(205, 500):
        state, offered, sensors = lost[at_s]
        assert state is CircuitState.METER_LOST
        assert offered == (6.0, 6.0)
        assert sensors == named
    reason = plant.decisions[220 // 5].connectors[0].reason
    assert ("sensor", ", ".join(named)) in reason.values
    assert lost[540][:2] == (CircuitState.OK, (16.0, 16.0))


@pytest.mark.parametrize("phases", [(2,), (0, 1, 2)])
@pytest.mark.parametrize("with_total", [False, True])
def test_a_load_that_nothing_shows_does_not_grow(
    phases: tuple[int, ...], with_total: bool
) -> None:
    """The charger reports each minute: that its car takes less since the loss is no load, and fail-safe currents go on."""
    loads: list[float] = []
    plant = Plant(
        cars=cars(1),
        circuits=(main(),),
        loads={"main": trembling(9.0, 4.0, 9.0)},
        silent=silent_from(200, *phases),
        reports_total=with_total,
        report_s=60.0,
        tick_s=2.0,
    )

    def watch() -> bool:
        loads.append(max(plant.decisions[-1].circuits[0].uncontrolled_a))
        return False

    plant.run(490, until=watch)
    assert plant.cars[0].stops == 0
    assert plant.decisions[-1].connectors[0].offer_a == 6
    assert max(loads) < 10


def test_a_rise_beside_a_silent_phase_counts_once() -> None:
    """L1 rises from 4 to 26 A while L3 is silent: it is over its limit, and no more than those 26 A are load."""
    loads: list[float] = []
    plant = Plant(
        cars=[],
        circuits=(main(),),
        loads={"main": lambda at_s: (4.0 if at_s < 250 else 26.0, 4.0, 4.0)},
        silent=silent_from(200, 2),
    )

    def watch() -> bool:
        loads.append(plant.decisions[-1].circuits[0].uncontrolled_a[0])
        return False

    plant.run(490, until=watch)
    assert max(loads) == pytest.approx(26.0)


def test_a_silent_phase_is_known_by_the_total() -> None:
    """The house rises by 15 A on the phase that is silent: the total shows it, and the cars make room."""
    plant = Plant(
        cars=cars(),
        circuits=(main(),),
        loads={"main": lambda at_s: (4.0, 4.0, 4.0 if at_s < 250 else 19.0)},
        silent=silent_from(200, 2),
        reports_total=True,
    )
    found = flows(plant, 400)
    assert max(found[265:400]) <= 25.0


def test_the_current_of_motors_is_on_a_silent_phase_too() -> None:
    """A heat pump of 10 A takes the power of 8 A: of a total of 23 A, 17 A are on the silent phase, and 15 A by the sum alone."""
    good = MeterReading(at=NOW, current_a=(15.0, 10.0, 0.0), power_w=23 * 230.0)
    later = NOW + timedelta(seconds=10)
    lost = MeterReading(
        at=later,
        known_a=(None, 10.0, 0.0),
        power_w=25 * 230.0,
        silent=("L1",),
    )
    idle = replace(site(), meters=(("main", good),))
    _, memory = decide(idle, Memory())
    decision, _ = decide(replace(idle, now=later, meters=(("main", lost),)), memory)
    assert decision.circuits[0].uncontrolled_a == pytest.approx((17.0, 10.0, 0.0))
    # A total that is a step ahead of its phases is no power factor.
    ahead = replace(good, power_w=4 * 230.0)
    _, memory = decide(replace(idle, meters=(("main", ahead),)), Memory())
    decision, _ = decide(replace(idle, now=later, meters=(("main", lost),)), memory)
    assert decision.circuits[0].uncontrolled_a == pytest.approx((20.0, 10.0, 0.0))


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("unsigned", [False, True])
def test_a_silent_phase_beside_one_that_exports(*, told: bool, unsigned: bool) -> None:
    """16 A of sun on one phase, 15 A of load on the silent one: without signs the total leaves 32 A too little for that.

    It is the same whether anybody is told of the sun, of which each phase has 16 A then.
    """
    sun_a = 16.0 if told else 0.0
    plant = Plant(
        cars=[replace(one, arrives_s=60.0) for one in cars()],
        circuits=(main(),),
        loads={
            "main": lambda at_s: (
                sun_a - 16.0,
                sun_a + 2.0,
                sun_a + 15.0 + at_s % 7 / 10,
            )
        },
        solar_w=(lambda _: 3 * 230 * sun_a) if told else None,
        silent=silent_from(200, 2),
        reports_total=True,
        unsigned=unsigned,
    )
    found = flows(plant, 500)
    assert max(found[205:]) <= 25.0


@pytest.mark.parametrize("unsigned", [False, True])
def test_an_inrush_does_not_stay_on_a_silent_phase(*, unsigned: bool) -> None:
    """The sensor of a phase fails while a motor starts on it: by the total the inrush is over, and no car stops for it."""
    plant = Plant(
        cars=cars(),
        circuits=(main(characteristic=Characteristic.GG),),
        loads={"main": lambda at_s: (18.0 if 198 <= at_s < 200 else 5.0, 4.0, 4.0)},
        silent=silent_from(200, 0),
        reports_total=True,
        unsigned=unsigned,  # and nothing has ever fed in
        meter_s=1.0,
        tick_s=1.0,
    )
    plant.run(400)
    assert {d.circuits[0].meter for d in plant.decisions[205:]} == {
        MeterQuality.MISSING
    }
    assert [car.stops for car in plant.cars] == [0, 0]


def test_a_live_phase_counts_beside_a_silent_one() -> None:
    """So does a phase that still reports."""
    plant = Plant(
        cars=cars(),
        circuits=(main(),),
        loads={"main": lambda at_s: (4.0 if at_s < 250 else 19.0, 4.0, 4.0)},
        silent=silent_from(200, 2),
    )
    found = flows(plant, 400)
    assert max(found[265:400]) <= 25.0


class QuietlyLost(Plant):
    """A plant of which one sensor no longer reports, and does not say so."""

    def _reading(
        self,
        now: datetime,
        flow: PerPhase,
        chance: random.Random,
        silent: tuple[int, ...] = (),
    ) -> MeterReading:
        reading = super()._reading(now, flow, chance)
        old = min(now, START + timedelta(seconds=200))
        reports = tuple(
            PhaseReport(at=old if phase == 2 else now, sensor=f"L{phase + 1}")
            for phase in range(3)
        )
        return replace(reading, at=old, reports=reports)


def test_a_live_phase_counts_beside_one_that_no_longer_reports() -> None:
    """An oven on a phase whose sensor lives makes the cars pause."""
    plant = QuietlyLost(
        cars=cars(),
        circuits=(main(),),
        loads={"main": lambda at_s: (4.0 if at_s < 250 else 19.0, 4.0, 4.0)},
    )
    found = flows(plant, 400)
    assert max(found[265:400]) <= 25.0


@pytest.mark.parametrize(
    "reading",
    [
        MeterReading(at=NOW, silent=("L1", "L2", "L3")),
        MeterReading(at=NOW, known_a=(1.0, None), silent=("L2",)),
        MeterReading(at=NOW, known_a=(float("nan"), None, 1.0), silent=("L2",)),
    ],
)
def test_a_meter_of_which_nothing_is_left(reading: MeterReading) -> None:
    """It is lost, and awaited while it has not reported yet."""
    snapshot = replace(site(car("a")), meters=(("main", reading),))
    assert decided(snapshot).circuits[0].meter is MeterQuality.MISSING
    assert offers(decided(snapshot)) == {"a": 6}
    awaited = replace(snapshot, awaited=("main",))
    assert decided(awaited).circuits[0].meter is MeterQuality.AWAITED
    assert offers(decided(awaited)) == {"a": 6}


def test_the_sensor_that_is_stale_is_named() -> None:
    """A meter is as old as the oldest of its sensors."""
    old = MeterReading(
        at=NOW - timedelta(minutes=1), current_a=(1, 1, 1), oldest="sensor.l2"
    )
    decision = decided(replace(site(car("a")), meters=(("main", old),)))
    assert decision.circuits[0].meter is MeterQuality.STALE
    assert decision.circuits[0].sensors == ("sensor.l2",)
    assert values(decision, "a")["sensor"] == "sensor.l2"
    lost = decision.circuits[0].meter_lost("Main fuse")
    assert lost == decision.connectors[0].reason
    assert decided(site(car("a"))).circuits[0].meter_lost("Main fuse") is None


def test_all_sensors_that_are_too_old_are_named() -> None:
    """They fell silent within a second: who looks at one of them finds nothing wrong with the others."""
    reports = tuple(
        PhaseReport(
            at=NOW - timedelta(seconds=61 + phase), sensor=f"sensor.l{phase + 1}"
        )
        for phase in range(3)
    )
    reading = MeterReading(
        at=reports[-1].at, current_a=(1, 1, 1), oldest="sensor.l3", reports=reports
    )
    circuit = decided(site(car("a"), meters=(("main", reading),))).circuits[0]
    assert circuit.meter is MeterQuality.STALE
    assert circuit.sensors == ("sensor.l1", "sensor.l2", "sensor.l3")


def test_live_phases_count_beside_one_that_is_stale() -> None:
    """A sensor that only stops to report costs no more than one that says that it has no value."""
    old, new = NOW - timedelta(minutes=10), NOW
    reports = tuple(
        PhaseReport(at=at, sensor=f"sensor.l{place}")
        for place, at in enumerate((new, old, new), 1)
    )
    stale = MeterReading(
        at=old, current_a=(24, 1, 1), oldest="sensor.l2", reports=reports
    )
    decision = decided(replace(site(car("a")), meters=(("main", stale),)))
    assert decision.circuits[0].meter is MeterQuality.STALE
    assert decision.circuits[0].sensors == ("sensor.l2",)
    assert decision.circuits[0].uncontrolled_a[0] == 24 - 16
    assert offers(decision) == {"a": 6}
    # What is too old on all phases, or on one that does not feed the circuit, tells nothing.
    assert living_since(stale, NOW + timedelta(seconds=1)) is None
    assert living_since(replace(stale, reports=(reports[0], None, None)), NOW) is None
    assert living_since(replace(stale, current_a=None, power_w=1.0), NOW) is None


def test_what_is_stale_beside_a_silent_sensor_is_lost_too() -> None:
    """L1 says that it has no value, and L2 has only stopped to report: what it showed ten minutes ago counts for neither."""
    old, new = NOW - timedelta(minutes=10), NOW
    silent = MeterReading(
        at=old,
        known_a=(None, 1, 24),
        silent=("sensor.l1",),
        power_w=26 * 230.0,
        reports=(
            None,
            PhaseReport(at=old, sensor="sensor.l2"),
            PhaseReport(at=new, sensor="sensor.l3"),
        ),
    )
    decision = decided(replace(site(car("a")), meters=(("main", silent),)))
    assert decision.circuits[0].meter is MeterQuality.MISSING
    assert decision.circuits[0].sensors == ("sensor.l1", "sensor.l2")
    assert decision.circuits[0].uncontrolled_a[2] == 24 - 16
    living = living_since(silent, NOW)
    assert living
    assert list(living.known_a) == [None, None, 24]
    # If none of the others reports, nothing of the meter counts.
    hung = replace(silent, reports=())
    decision = decided(replace(site(car("a")), meters=(("main", hung),)))
    assert decision.circuits[0].meter is MeterQuality.MISSING
    assert decision.circuits[0].sensors == ("sensor.l1",)
    assert decision.circuits[0].uncontrolled_a[2] == 0


def test_what_was_reported_since() -> None:
    """Of a meter that is too old, the parts that are not; of one that is not, or of which nobody knows, all or nothing."""
    old, new = NOW - timedelta(minutes=10), NOW
    reading = MeterReading(at=old, current_a=(1, 2, 3), power_w=1000.0)
    assert reported_since(reading, old) is reading
    assert reported_since(reading, new) is None
    with_total = replace(reading, total_at=new)
    total = reported_since(with_total, new)
    assert total
    assert total.watts(230.0) == 1000.0
    assert total.current_a is None
    reports = tuple(
        PhaseReport(at=at, sensor=f"sensor.l{place}")
        for place, at in enumerate((new, old, new), 1)
    )
    phases = reported_since(replace(reading, reports=reports), new)
    assert phases
    assert list(phases.known_a) == [1, None, 3]
    assert phases.watts(230.0) is None
