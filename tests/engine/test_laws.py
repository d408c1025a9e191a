"""Laws that hold whatever the site, the chargers and their past: searched for counter-examples."""

from dataclasses import replace
from datetime import timedelta
import math

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    BatteryReading,
    Circuit,
    Connector,
    ConnectorStatus,
    Decision,
    ExternalLimit,
    LimitKind,
    MeterReading,
    Mode,
    PerPhase,
    PowerReading,
    Site,
    Snapshot,
    TemperatureReading,
)
from custom_components.sunfuse.engine.tuning import BatteryRules, Derating, Policy

from .common import NOW, of, offers, restored
from .plant import Car, Plant, charger, main

PHASES = 3
amperes = st.integers(0, 40).map(float)
wirings = st.sampled_from([(0, 1, 2), (1, 2, 0), (2, 0, 1), (0,), (1,), (2,), (0, 1)])
many = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


deratings = st.sampled_from([None, None, Derating(from_c=40, to_c=60, stop_c=80)])


@st.composite
def circuits(draw: st.DrawFn) -> tuple[Circuit, ...]:
    """Return a random tree of up to five circuits, the root with a meter, some of the others too."""
    tree = [
        Circuit(
            id="c0",
            name="Main",
            parent=None,
            limit_a=(draw(st.integers(10, 63)),) * PHASES,
            margin_a=draw(st.sampled_from([0.0, 1.0])),
            derating=draw(deratings),
        )
    ]
    for number in range(1, draw(st.integers(1, 5))):
        tree.append(
            Circuit(
                id=f"c{number}",
                name=f"Circuit {number}",
                parent=tree[draw(st.integers(0, number - 1))].id,
                limit_a=tuple(draw(st.integers(6, 50)) for _ in range(PHASES)),
                assumed_load_a=draw(
                    st.none() | st.tuples(*[st.integers(0, 10)] * PHASES)
                ),
                fixed_load_a=draw(st.none() | st.tuples(*[st.integers(0, 4)] * PHASES)),
                derating=draw(deratings),
            )
        )
    return tuple(tree)


@st.composite
def connectors(draw: st.DrawFn, tree: tuple[Circuit, ...]) -> tuple[Connector, ...]:
    """Return chargers with what they were offered and what their cars take of it."""
    found = []
    for number in range(draw(st.integers(1, 8))):
        phases = draw(wirings)
        offer_a = draw(st.sampled_from([None, 0.0, 6.0, 8.0, 10.0, 16.0, 32.0]))
        taken_a = draw(st.sampled_from([0.0, 0.5, 1.0])) * (offer_a or 0.0)
        drawn = [0.0] * PHASES
        for phase in phases:
            drawn[phase] = taken_a
        found.append(
            Connector(
                id=f"k{number}",
                circuit=draw(st.sampled_from(tree)).id,
                phases=phases,
                max_a=draw(st.sampled_from([6.0, 10.0, 16.0, 32.0])),
                step_a=draw(st.sampled_from([0.1, 1.0])),
                mode=draw(st.sampled_from(Mode)),
                allowed=draw(st.integers(0, 9)) > 0,
                status=draw(st.sampled_from(ConnectorStatus)),
                reachable=draw(st.integers(0, 9)) > 0,
                offer_a=offer_a,
                offered_at=NOW - timedelta(seconds=draw(st.integers(0, 90))),
                offer_until=draw(
                    st.sampled_from(
                        [None, NOW - timedelta(seconds=1), NOW + timedelta(minutes=1)]
                    )
                ),
                draw_a=tuple(drawn),
                draw_at=NOW - timedelta(seconds=draw(st.integers(0, 60))),
                switches_phases=draw(st.booleans()),
                priority=draw(st.integers(1, 10)),
                departure=draw(st.sampled_from([None, NOW + timedelta(hours=2)])),
                energy_needed_wh=draw(st.sampled_from([None, 0.0, 20_000.0])),
            )
        )
    return tuple(found)


batteries = st.builds(
    BatteryReading,
    at=st.just(NOW),
    power_w=st.sampled_from([-3000.0, 0.0, 3000.0]),
    soc=st.sampled_from([None, 20.0, 100.0]),
)
rules = st.builds(
    BatteryRules,
    battery_first_below_soc=st.sampled_from([0.0, 80.0]),
    car_share=st.sampled_from([0.0, 0.5]),
    support_above_soc=st.sampled_from([None, 50.0]),
    hold=st.booleans(),
)


@st.composite
def sites(draw: st.DrawFn) -> Snapshot:
    """Return a random site."""
    tree = draw(circuits())
    return Snapshot(
        now=NOW,
        site=Site(
            phases=PHASES,
            voltage_v=230.0,
            imbalance_a=draw(st.sampled_from([None, None, 20.0])),
        ),
        circuits=tree,
        meters=tuple(
            (
                circuit.id,
                MeterReading(
                    at=NOW - timedelta(seconds=draw(st.sampled_from([0, 5, 60]))),
                    current_a=draw(st.tuples(*[st.integers(-10, 60)] * PHASES)),
                ),
            )
            for circuit in tree
            if circuit.assumed_load_a is None
        ),
        temperatures=tuple(
            (
                circuit.id,
                TemperatureReading(at=NOW, temperature_c=draw(st.integers(20, 90))),
            )
            for circuit in tree
            if draw(st.booleans())
        ),
        battery=draw(st.none() | batteries),
        battery_rules=draw(rules),
        solar=draw(
            st.sampled_from(
                [
                    None,
                    PowerReading(at=NOW, power_w=0),
                    PowerReading(at=NOW, power_w=9e3),
                ]
            )
        ),
        connectors=draw(connectors(tree)),
        policy=draw(st.sampled_from(Policy)),
        limits=draw(
            st.sampled_from(
                [
                    (),
                    (
                        ExternalLimit(
                            name="x", kind=LimitKind.DEMAND_RESPONSE, current_a=16.0
                        ),
                    ),
                    (ExternalLimit(name="x", kind=LimitKind.PEAK, power_w=9000.0),),
                    (ExternalLimit(name="x", kind=LimitKind.DIMMING),),
                    (
                        ExternalLimit(
                            name="x",
                            kind=LimitKind.DEMAND_RESPONSE,
                            current_a=20.0,
                            cars_only=True,
                        ),
                    ),
                ]
            )
        ),
    )


def below(snapshot: Snapshot, circuit: str) -> list[Connector]:
    """Return the connectors that a circuit carries."""
    parents = {c.id: c.parent for c in snapshot.circuits}

    def carries(at: str | None) -> bool:
        return at is not None and (at == circuit or carries(parents[at]))

    return [c for c in snapshot.connectors if carries(c.circuit)]


def given_a(snapshot: Snapshot, decision: Decision, circuit: str) -> PerPhase:
    """Return the sum of a circuit's offers, every car on as many of its phases as it was commanded."""
    total = [0.0] * PHASES
    for connector in below(snapshot, circuit):
        told = of(decision, connector.id)
        for phase in connector.phases[: told.phases]:
            total[phase] += told.offer_a
    return tuple(total)


def factor(snapshot: Snapshot, circuit: Circuit) -> float:
    """Return what its temperature leaves of a circuit's limit: half where a sensor is missing."""
    if circuit.derating is None:
        return 1.0
    told = dict(snapshot.temperatures).get(circuit.id)
    if told is None:
        return 0.5
    if told.temperature_c > 80:
        return 0.0
    return 1 - 0.5 * min(max((told.temperature_c - 40) / 20, 0.0), 1.0)


def in_use(connector: Connector) -> bool:
    """Whether the car's phases follow from its draw, so that fewer may be counted."""
    return (
        connector.status is ConnectorStatus.CHARGING
        and max(connector.draw_a or (0,)) > 0.5
    )


@many
@given(sites())
def test_never_above_a_limit(snapshot: Snapshot) -> None:
    """On each phase of each circuit the load and all offers fit, unless the load alone is too much."""
    decision, memory = decide(snapshot, Memory())
    for _ in range(3):
        for circuit in decision.circuits:
            total = given_a(snapshot, decision, circuit.id)
            tree = next(c for c in snapshot.circuits if c.id == circuit.id)
            for phase in range(PHASES):
                most = tree.limit_a[phase] * factor(snapshot, tree) - tree.margin_a
                fixed = tree.fixed_load_a[phase] if tree.fixed_load_a else 0.0
                free = most - fixed - circuit.uncontrolled_a[phase]
                assert total[phase] <= max(free, 0.0) + 1e-3
        now = snapshot.now + timedelta(seconds=5)
        snapshot = replace(snapshot, now=now)
        decision, memory = decide(snapshot, memory)


@many
@given(sites())
def test_minimum_or_nothing(snapshot: Snapshot) -> None:
    """No offer is a current that no car can charge with, nor more than the maximum; all have a reason."""
    decision, _ = decide(snapshot, Memory())
    for connector in snapshot.connectors:
        told = of(decision, connector.id)
        assert told.offer_a == 0 or connector.min_a <= told.offer_a <= connector.max_a
        steps = told.offer_a / connector.step_a
        assert math.isclose(steps, round(steps), abs_tol=1e-6)
        assert told.reason.key


@many
@given(sites(), st.randoms(use_true_random=False))
def test_order_of_the_input_does_not_matter(snapshot: Snapshot, random: object) -> None:
    """The same site in another order gets the same offers, and a second time too."""
    shuffled = replace(
        snapshot,
        connectors=tuple(reversed(snapshot.connectors)),
        circuits=tuple(reversed(snapshot.circuits)),
        limits=tuple(reversed(snapshot.limits)),
    )
    first, memory = decide(snapshot, Memory())
    second, other = decide(shuffled, Memory())
    assert sorted(offers(first).items()) == sorted(offers(second).items())
    assert memory == other
    for asked, told in ((snapshot, first), (shuffled, second)):
        # Who commands the chargers relies on that.
        assert [c.id for c in told.connectors] == [c.id for c in asked.connectors]
    after = replace(snapshot, now=snapshot.now + timedelta(seconds=5))
    shuffled = replace(shuffled, now=after.now)
    kept = restored(memory.to_dict())
    assert kept == memory
    assert offers(decide(after, memory)[0]) == offers(decide(after, kept)[0])
    assert memory == kept, "the memory that is given is not changed"
    assert sorted(offers(decide(after, memory)[0]).items()) == sorted(
        offers(decide(shuffled, other)[0]).items()
    )


settled = st.builds(
    lambda number, phases, max_a, circuit: Connector(
        id=f"k{number}",
        circuit=circuit,
        phases=phases,
        max_a=max_a,
        mode=Mode.FAST,
        status=ConnectorStatus.CHARGING,
        offer_a=0.0,
        draw_a=(0.0,) * PHASES,
        draw_at=NOW,
    ),
    st.integers(0, 9),
    wirings,
    st.sampled_from([6.0, 10.0, 16.0, 32.0]),
    st.sampled_from(["main", "panel"]),
)


def quiet_site(limits: tuple[int, int], cars: list[Connector]) -> Snapshot:
    """Return a site of two circuits without any other load."""
    return Snapshot(
        now=NOW,
        site=Site(phases=PHASES, voltage_v=230.0),
        circuits=(
            Circuit(
                id="main",
                name="Main",
                parent=None,
                limit_a=(limits[0],) * PHASES,
                assumed_load_a=(0.0,) * PHASES,
            ),
            Circuit(
                id="panel",
                name="Panel",
                parent="main",
                limit_a=(limits[1],) * PHASES,
                assumed_load_a=(0.0,) * PHASES,
            ),
        ),
        connectors=tuple(cars),
    )


def settle(snapshot: Snapshot) -> tuple[Snapshot, Decision]:
    """Return the site and the decision after all cars have followed their offers for two minutes."""
    memory = Memory()
    decision, memory = decide(snapshot, memory)
    for _ in range(24):
        now = snapshot.now + timedelta(seconds=5)
        followed = []
        for connector in snapshot.connectors:
            told = of(decision, connector.id).offer_a
            drawn = tuple(
                told if phase in connector.phases else 0.0 for phase in range(PHASES)
            )
            followed.append(replace(connector, offer_a=told, draw_a=drawn, draw_at=now))
        snapshot = replace(snapshot, now=now, connectors=tuple(followed))
        decision, memory = decide(snapshot, memory)
    return snapshot, decision


groups = st.lists(settled, min_size=1, max_size=7, unique_by=lambda c: c.id)
fuses = st.tuples(st.integers(6, 80), st.integers(6, 60))


def room_a(snapshot: Snapshot, decision: Decision, connector: Connector) -> float:
    """Return by how much a connector could rise if nobody else changed."""
    rooms = []
    for circuit in snapshot.circuits:
        if connector in below(snapshot, circuit.id):
            total = given_a(snapshot, decision, circuit.id)
            rooms += [circuit.limit_a[p] - total[p] for p in connector.phases]
    return min(rooms)


@many
@given(fuses, groups)
def test_no_capacity_is_left_while_someone_could_use_it(
    limits: tuple[int, int], cars: list[Connector]
) -> None:
    """Who has less than it can take has no room but for the dead band; who waits has no room for its minimum."""
    snapshot, decision = settle(quiet_site(limits, cars))
    for connector in snapshot.connectors:
        told = of(decision, connector.id).offer_a
        room = room_a(snapshot, decision, connector)
        if told == 0:
            assert room < connector.min_a + 1e-6
        elif told < connector.max_a:
            dead_band = max(1.0, 0.05 * told) * len(
                cars
            )  # each may stay that far below
            assert min(room, connector.max_a - told) <= dead_band + 1e-6


@many
@given(fuses, groups)
def test_max_min(limits: tuple[int, int], cars: list[Connector]) -> None:
    """Who could have more has it taken by nobody who has more: each is at a full phase where it is among the highest."""
    decision = settle(quiet_site(limits, cars))[1]
    snapshot = quiet_site(limits, cars)
    told = offers(decision)
    running = [c for c in snapshot.connectors if told[c.id] > 0]
    tolerance = 1.0 + 0.1 * len(cars)  # the dead band, and the rounding of all
    for connector in running:
        if told[connector.id] >= connector.max_a - tolerance:
            continue
        highest_at_full = []
        for circuit in snapshot.circuits:
            if connector not in below(snapshot, circuit.id):
                continue
            total = given_a(snapshot, decision, circuit.id)
            for phase in connector.phases:
                if total[phase] > circuit.limit_a[phase] - 1.1 * len(cars):
                    sharing = [
                        told[c.id]
                        for c in below(snapshot, circuit.id)
                        if phase in c.phases
                    ]
                    highest_at_full.append(
                        told[connector.id] >= max(sharing) - tolerance
                    )
        assert any(highest_at_full)


@many
@given(fuses, groups, st.integers(0, 20))
def test_a_higher_limit_never_gives_less_in_all(
    limits: tuple[int, int], cars: list[Connector], more: int
) -> None:
    """Raising the limits of all circuits raises the minimum of the running cars, or allows more cars to run."""
    before = settle(quiet_site(limits, cars))[1]
    after = settle(quiet_site((limits[0] + more, limits[1] + more), cars))[1]
    before_n = sum(a > 0 for a in offers(before).values())
    after_n = sum(a > 0 for a in offers(after).values())
    assert after_n >= before_n or more == 0
    if after_n == before_n:
        least = min((a for a in offers(before).values() if a > 0), default=0.0)
        higher = min((a for a in offers(after).values() if a > 0), default=0.0)
        assert higher >= least - 1.1


@many
@given(sites())
def test_what_cannot_be_reached_stays_reserved(snapshot: Snapshot) -> None:
    """Nobody is given what a charger may take that does not hear us."""
    decision, _ = decide(snapshot, Memory())
    for circuit in decision.circuits:
        tree = next(c for c in snapshot.circuits if c.id == circuit.id)
        total = list(given_a(snapshot, decision, circuit.id))
        for connector in below(snapshot, circuit.id):
            if connector.reachable:
                continue
            lapsed = connector.offer_until is not None and connector.offer_until <= NOW
            most = connector.fail_safe_a
            if connector.offer_a is not None and not lapsed:
                most = max(connector.offer_a, most)
            for phase in connector.phases:
                total[phase] += most
        for phase in range(PHASES):
            free = tree.limit_a[phase] - tree.margin_a - circuit.uncontrolled_a[phase]
            offered = given_a(snapshot, decision, circuit.id)[phase]
            assert offered == 0 or total[phase] <= free + 1e-3


@st.composite
def histories(draw: st.DrawFn) -> Plant:
    """Return a site in simulated time: lags, cars and wirings at random, whose house takes a step on each phase."""
    limit_a = draw(st.sampled_from([16.0, 25.0, 35.0]))
    steps = draw(
        st.tuples(
            *[st.tuples(st.integers(60, 500), st.floats(0, limit_a - 8))] * PHASES
        )
    )
    meter_s = draw(st.sampled_from([1.0, 5.0, 10.0, 30.0]))
    panel = Circuit(
        id="panel",
        name="Panel",
        parent="main",
        limit_a=draw(st.tuples(*[st.sampled_from([10.0, 16.0, 20.0])] * PHASES)),
        margin_a=1.0,
        assumed_load_a=draw(st.sampled_from([None, (0.0,) * PHASES])),
        meter_max_age_s=120.0,
    )
    return Plant(
        cars=[
            Car(
                connector=charger(
                    f"k{number}",
                    circuit=draw(st.sampled_from(["main", "panel"])),
                    phases=draw(wirings),
                    max_a=draw(st.sampled_from([16.0, 32.0])),
                    switches_phases=draw(st.booleans()),
                    mode=draw(st.sampled_from([Mode.FAST, Mode.SOLAR_MIN])),
                ),
                phases=draw(st.integers(1, 3)),
                max_a=draw(st.sampled_from([8.0, 16.0, 32.0])),
                rise_a_s=draw(st.sampled_from([1.0, 5.0])),
                arrives_s=draw(st.integers(0, 300)),
                wants_wh=draw(st.sampled_from([200.0, 1e9])),
                reports=draw(st.integers(0, 4)) > 0,
            )
            for number in range(draw(st.integers(1, 5)))
        ],
        circuits=(main(limit_a, meter_max_age_s=120.0), panel),
        loads={
            "main": lambda at_s: tuple(
                1.0 + (step_a if at_s >= when_s else 0.0) for when_s, step_a in steps
            )
        },
        meter_s=meter_s,
        meter_lag_s=draw(st.integers(0, 5)),
        charger_lag_s=draw(st.sampled_from([1.0, 5.0, 10.0])),
        report_s=draw(st.sampled_from([5.0, 30.0])),
    )


@settings(many, max_examples=40)
@given(histories())
def test_above_a_limit_no_longer_than_meters_and_chargers_take(plant: Plant) -> None:
    """Meter, tick, charger and car follow one after the other; each of three steps may come while that is under way."""
    measures = plant.run(700)
    # The meter reports, the next tick decides, the charger follows, a car falls by 8 A/s.
    follows_s = plant.meter_s + plant.meter_lag_s + 5 + plant.charger_lag_s + 4
    assert measures.longest_over_s <= PHASES * follows_s, measures
    # No step adds more than the fuse, and never is more than that above it.
    assert measures.worst_a <= max(plant.circuits[0].limit_a)


def test_circuits_are_a_tree() -> None:
    """A site without a root, with two, with a loop or a gap is refused."""
    root = Circuit(id="a", name="A", parent=None, limit_a=(25,) * 3)
    for tree in (
        (),
        (root, replace(root, id="b")),
        (root, replace(root, id="b", parent="c"), replace(root, id="c", parent="b")),
        (root, replace(root, id="b", parent="x")),
    ):
        snapshot = Snapshot(now=NOW, site=Site(phases=3, voltage_v=230), circuits=tree)
        with pytest.raises(ValueError, match=r"circuit|Circuit"):
            decide(snapshot, Memory())
    lost = Connector(id="k", circuit="x", phases=(0,))
    snapshot = Snapshot(
        now=NOW,
        site=Site(phases=3, voltage_v=230),
        circuits=(root,),
        connectors=(lost,),
    )
    with pytest.raises(ValueError, match="no circuit x"):
        decide(snapshot, Memory())
