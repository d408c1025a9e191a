"""One phase repeats what it showed while the others live: found, tried by taking less, or rightly quiet. The loop is closed."""

from dataclasses import replace
import json

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.meters.presumed_load import DAY
from custom_components.sunfuse.engine.model import (
    CircuitState,
    Decision,
    MeterQuality,
    PerPhase,
    ReasonKey,
    Snapshot,
)

from .common import restored
from .meter_faults import FAILS_S, flows, trembling
from .plant import START, Car, Load, Plant, charger, main


@pytest.mark.parametrize("with_total", [False, True])
def test_a_phase_that_is_stuck_while_the_others_live(with_total: bool) -> None:
    """L2 repeats 6.3 A. A car that starts there must show: it is at its fail-safe current within a minute, the phase is named.

    Then the sensor is repaired, and the car has its 16 A again.
    """

    def stuck(at_s: float, flow: PerPhase) -> PerPhase:
        return (flow[0], 6.3, flow[2]) if 60 <= at_s < 500 else flow

    plant = Plant(
        cars=[Car(connector=charger("car"), arrives_s=200.0)],
        circuits=(main(),),
        loads={"main": trembling(2.0, 6.0, 2.0)},
        shows=stuck,
        reports_total=with_total,
    )
    plant.run(265)
    circuit = plant.decisions[-1].circuits[0]
    assert circuit.state is CircuitState.METER_LOST
    assert circuit.meter is MeterQuality.FROZEN
    assert circuit.sensors == ("L2",)
    assert plant.decisions[-1].connectors[0].offer_a == 6
    assert plant.decisions[-1].connectors[0].reason.key is ReasonKey.METER_LOST
    assert plant.cars[0].stops == 0
    # The load of the others is measured as ever.
    assert circuit.uncontrolled_a[0] == pytest.approx(2.0, abs=0.5)
    plant = replace(plant, memory=Memory(), decisions=[])
    plant.run(600)
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.GOOD
    assert plant.decisions[-1].connectors[0].offer_a == 16


def test_what_a_phase_did_that_was_stuck_early_can_be_stored() -> None:
    """L2 was stuck before it had changed often beside a car: for how long it may rightly stand still was not known yet.

    What is remembered of it afterwards outlives a restart.
    """
    plant = Plant(
        cars=[Car(connector=charger("car"), arrives_s=200.0)],
        circuits=(main(),),
        loads={"main": trembling(2.0, 6.0, 2.0)},
        shows=lambda at_s, flow: (flow[0], 6.3, flow[2]) if 60 <= at_s < 500 else flow,
    )
    plant.run(520)
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.GOOD
    stored = json.loads(json.dumps(plant.memory.to_dict(), allow_nan=False))
    assert restored(stored) == plant.memory


def one_standing(at_s: float, flow: PerPhase) -> PerPhase:
    """Repeat what L2 carried at `FAILS_S`, with the fine changes that others show."""
    return (flow[0], 22.0, flow[2]) if at_s >= FAILS_S else flow


@pytest.mark.parametrize("with_total", [False, True])
def test_a_phase_that_stands_still_beside_a_car_that_does_not_change(
    with_total: bool,
) -> None:
    """Nothing changes but an oven, two minutes later: L2 has never been the same for a minute, so it is known to be stuck by then.

    A total that the device adds up from its parts knows no better. Then the part is repaired, and the car has its 16 A again.
    """
    plant = Plant(
        cars=[Car(connector=charger("car"))],
        circuits=(main(),),
        loads={
            "main": lambda at_s: trembling(
                2.0, 16.0 if FAILS_S + 120 < at_s < 900 else 6.0, 2.0
            )(at_s)
        },
        shows=lambda at_s, flow: one_standing(at_s, flow) if at_s < 900 else flow,
        reports_total=with_total,
    )
    found = flows(plant, 1000)
    assert max(found[int(FAILS_S) : 900]) <= 25.0
    at_900 = plant.decisions[int(890 / plant.tick_s)]
    assert at_900.circuits[0].meter is MeterQuality.FROZEN
    assert at_900.circuits[0].sensors == ("L2",)
    assert at_900.connectors[0].offer_a == 6
    assert plant.cars[0].stops == 0
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.GOOD
    assert plant.decisions[-1].connectors[0].offer_a == 16


def with_an_oven(at_s: float) -> PerPhase:
    """Use an oven of 14 A on L2 at first, and again a quarter of an hour later; on L1 a load comes and goes each half minute."""
    l1, l2, l3 = with_a_late_oven(at_s)
    return l1, 16.0 if 20 < at_s < 200 else l2, l3


def with_a_late_oven(at_s: float) -> PerPhase:
    """Use it only a quarter of an hour later."""
    oven = at_s > FAILS_S + 600
    return 2.0 + 4 * (at_s % 60 < 30), 16.0 if oven else 2.0, 2.0


def coarse_home(*most_a: float, fails: bool, fuse_a: float = 30.0) -> Plant:
    """Return a home with cars that take this much, whose L2 repeats from some time on what it shows, or rightly shows the same."""
    known: list[PerPhase] = []

    def shows(at_s: float, flow: PerPhase) -> PerPhase:
        l1, l2, l3 = (float(round(a)) for a in flow)
        if at_s < FAILS_S or not known:
            known[:] = [(l1, l2, l3)]
        return l1, known[0][1] if fails else l2, l3

    return Plant(
        cars=[
            Car(connector=charger(f"car{i}", max_a=a), arrives_s=210.0)
            for i, a in enumerate(most_a)
        ],
        circuits=(main(fuse_a),),
        loads={"main": with_an_oven},
        shows=shows,
        confirmed=(False, True, True),
    )


@pytest.mark.parametrize("load", [with_an_oven, with_a_late_oven])
@pytest.mark.parametrize("most_a", [(16.0,), (9.0, 9.0)])
def test_a_coarse_phase_that_stands_still_is_tried(
    most_a: tuple[float, ...], load: Load
) -> None:
    """L2 repeats what it showed, and nothing changes: the cars take less for some seconds, and L2 does not show it.

    So the oven finds the cars at their minimum, also where nobody has seen it before.
    """
    plant = coarse_home(*most_a, fails=True)
    plant.loads = {"main": load}
    found = flows(plant, int(FAILS_S) + 700)
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.FROZEN
    assert plant.decisions[-1].circuits[0].sensors == ("L2",)
    assert max(found) <= 30.0


@pytest.mark.parametrize("most_a", [(16.0,), (9.0, 9.0)])
def test_a_coarse_phase_that_is_right_costs_little(most_a: tuple[float, ...]) -> None:
    """L2 shows that the cars take less, and they have their current again: that costs a hundredth of their energy."""
    plant = coarse_home(*most_a, fails=False)
    plant.run(int(FAILS_S) + 500)
    assert {d.circuits[0].meter for d in plant.decisions[1:]} == {MeterQuality.GOOD}
    assert [c.offer_a for c in plant.decisions[-1].connectors] == list(most_a)
    lowered = [d.connectors[0].offer_a < most_a[0] for d in plant.decisions[60:]]
    assert 0 < sum(lowered) * plant.tick_s <= 30
    # From seven seconds after the cars came they take 98 % of what they may.
    all_wh = 0.98 * sum(most_a) * 3 * 230 * (FAILS_S + 500 - 217) / 3600
    assert sum(car.given_wh for car in plant.cars) > 0.97 * all_wh
    assert sum(car.stops for car in plant.cars) == 0


@pytest.mark.parametrize("beyond_the_first_day", [False, True])
def test_nothing_is_tried_where_all_fits(beyond_the_first_day: bool) -> None:
    """Once the house is known for a day: an oven of 14 A beside a car of 16 A is no danger to 40 A."""
    plant = coarse_home(16.0, fails=False, fuse_a=40.0)
    plant.run(60)
    past = plant.memory.circuits["main"]
    if beyond_the_first_day:
        history = replace(past.history, day_at=START - DAY)
        plant.memory.circuits["main"] = replace(past, history=history)
    plant.run(int(FAILS_S) + 500)
    given = {d.connectors[0].offer_a for d in plant.decisions[80:]}
    assert given == ({16.0} if beyond_the_first_day else {11.6, 16.0})


def test_a_phase_that_reports_the_same_again_is_not_tried() -> None:
    """Its sensor would be silent if it had failed: nobody has to take less."""
    plant = coarse_home(16.0, fails=False)
    plant.confirmed = ()
    plant.run(int(FAILS_S) + 500)
    assert {d.connectors[0].offer_a for d in plant.decisions[60:]} == {16.0}


def test_a_car_near_its_minimum_is_not_lowered_in_vain() -> None:
    """A car of 8 A that takes 6 A changes too little: it keeps what it has."""
    plant = coarse_home(8.0, fails=False, fuse_a=24.0)
    plant.run(int(FAILS_S) + 500)
    assert {d.connectors[0].offer_a for d in plant.decisions[60:]} == {8.0}


def test_a_car_that_comes_while_a_phase_is_tried_does_not_wait() -> None:
    """Its start shows the same as the trial: nobody keeps it waiting for that."""
    plant = coarse_home(16.0, 16.0, fails=True)
    plant.cars[1].arrives_s = FAILS_S + 135
    plant.run(int(FAILS_S) + 146)
    given = [[c.offer_a for c in d.connectors] for d in plant.decisions[-4:]]
    assert given[0] == [11.6, 0.0]  # the trial has begun
    assert given[-1][1] >= 6


def test_a_car_whose_charger_is_offline_keeps_no_phase_from_being_tried() -> None:
    """It goes on with what it had. The other car alone shows that L2 is stuck, before the oven comes."""
    plant = coarse_home(16.0, 16.0, fails=True, fuse_a=40.0)
    plant.cars[1].reachable = lambda at_s: at_s < FAILS_S + 50
    plant.run(int(FAILS_S) + 300)
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.FROZEN
    assert plant.decisions[-1].circuits[0].sensors == ("L2",)


def test_a_house_that_grows_quiet_beside_a_steady_car() -> None:
    """For nearly two minutes nothing changes: L1 with a car stands still, as the others do, and none of them is stuck."""
    restless = trembling(2.0, 6.0, 2.0)
    plant = Plant(
        cars=[Car(connector=charger("car"), phases=1)],
        circuits=(main(),),
        loads={
            "main": lambda at_s: restless(
                300 if FAILS_S < at_s < FAILS_S + 110 else at_s
            )
        },
    )
    plant.run(int(FAILS_S) + 300)
    assert {d.circuits[0].meter for d in plant.decisions[1:]} == {MeterQuality.GOOD}
    assert plant.decisions[-1].connectors[0].offer_a == 16


@pytest.mark.parametrize("total_only", [False, True])
def test_a_meter_that_stands_still_beside_a_car(total_only: bool) -> None:
    """All of it repeats what it showed: that is known after a minute, before anything changes."""
    known: list[PerPhase] = []

    def shows(at_s: float, flow: PerPhase) -> PerPhase:
        known.append(flow)
        return known[int(FAILS_S) // 2] if at_s >= FAILS_S else flow

    house_a = 2.0 if total_only else 4.0
    plant = Plant(
        cars=[Car(connector=charger("car"))],
        circuits=(main(),),
        loads={"main": trembling(house_a, house_a, house_a)},
        shows=shows,
        total_only=total_only,
    )
    plant.run(int(FAILS_S) + 90)
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.FROZEN
    assert plant.decisions[-1].connectors[0].offer_a == 6


def test_a_total_that_is_not_added_up_shows_what_a_stuck_phase_carries() -> None:
    """It follows the car down to 6 A, and the house up: 11 A on L2, not what that showed beyond the total when it was stuck.

    When the house takes 16 A, the total is as when L2 was stuck, and may be added up after all: no less than that flows.
    """
    house = trembling(2.0, 6.0, 2.0)
    known: list[PerPhase] = []

    def measured(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        """Decide by a total of its own."""
        at_s = (snapshot.now - START).total_seconds()
        total_w = sum(known[int(at_s) - 1 if at_s else 0]) * 230.0
        meters = tuple((n, replace(r, power_w=total_w)) for n, r in snapshot.meters)
        return decide(replace(snapshot, meters=meters), memory)

    def load(at_s: float) -> PerPhase:
        l1, l2, l3 = house(at_s)
        more_a = 10.0 if at_s > 900 else 5.0 if at_s > FAILS_S + 120 else 0.0
        return l1, l2 + more_a, l3

    plant = Plant(
        cars=[Car(connector=charger("car"))],
        circuits=(main(),),
        loads={"main": load},
        shows=one_standing,
        decide=measured,
        watch=lambda _, plant: known.append(plant.flows[-1]["main"]),
    )
    plant.run(1000)
    for at_s, load_a in ((890, 11.0), (990, 16.0)):
        decision = plant.decisions[int(at_s / plant.tick_s)]
        assert decision.circuits[0].meter is MeterQuality.FROZEN
        assert decision.circuits[0].uncontrolled_a[1] == pytest.approx(load_a, abs=1.0)
        assert decision.connectors[0].offer_a == 6


@pytest.mark.parametrize("report_s", [10.0, 60.0])
def test_a_quiet_phase_is_not_stuck(report_s: float) -> None:
    """A meter of whole amperes shows the same on a phase for minutes, also while cars come and go on the others."""
    plant = Plant(
        cars=[
            Car(
                connector=charger(f"car{i}", phases=phases),
                arrives_s=100.0 + 200 * i,
                leaves_s=700.0 + 100 * i,
            )
            for i, phases in enumerate(((0,), (0, 1, 2), (2,)))
        ],
        circuits=(main(40.0),),
        loads={"main": lambda at_s: (2.0 + int(at_s) % 40 / 8, 1.0, 0.0)},
        shows=lambda _, flow: tuple(float(round(a)) for a in flow),
        report_s=report_s,
        meter_s=10.0,
        meter_lag_s=3,
    )
    plant.run(1200)
    assert {d.circuits[0].meter for d in plant.decisions[1:]} == {MeterQuality.GOOD}
