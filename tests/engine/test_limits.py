"""What circuits carry: trees, margins, fixed loads, temperature, and limits from outside. By hand calculation."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.limits.limits import (
    dimming_w,
    fail_safe_sums,
    tightest,
)
from custom_components.sunfuse.engine.model import (
    Circuit,
    CircuitState,
    ExternalLimit,
    LimitKind,
    MeterReading,
    Mode,
    PlanSlot,
    PowerReading,
    ReasonKey,
    Site,
    TemperatureReading,
)
from custom_components.sunfuse.engine.tuning import Derating

from .common import MAIN, NOW, car, decided, offers, reasons, site, values

WARM = Derating(from_c=40, to_c=60, stop_c=70)
PANEL = Circuit(
    id="panel",
    name="Panel",
    parent="main",
    limit_a=(20, 20, 20),
    assumed_load_a=(4, 0, 0),
)


@pytest.mark.parametrize(
    ("temperature_c", "age_s", "offer_a", "reason"),
    [
        # 25 A less 1 A carry 16 A; 25 A x 0.75 - 1 = 17.75 A still do.
        (20.0, 0, 16.0, ReasonKey.FULL_POWER),
        (50.0, 0, 16.0, ReasonKey.FULL_POWER),
        # 25 x 0.625 - 1 = 14.625 A, in steps of 0.1 A.
        (55.0, 0, 14.6, ReasonKey.LIMITED_BY_TEMPERATURE),
        (65.0, 0, 11.5, ReasonKey.LIMITED_BY_TEMPERATURE),
        (70.1, 0, 0.0, ReasonKey.LIMITED_BY_TEMPERATURE),
        # A sensor that is lost may hide the worst short of the stop.
        (20.0, 3600, 11.5, ReasonKey.LIMITED_BY_TEMPERATURE),
        (None, 0, 11.5, ReasonKey.LIMITED_BY_TEMPERATURE),
    ],
)
def test_temperature(
    temperature_c: float | None, age_s: float, offer_a: float, reason: ReasonKey
) -> None:
    """A warm circuit carries less, a hot one nothing."""
    readings: tuple[tuple[str, TemperatureReading], ...] = ()
    if temperature_c is not None:
        at = NOW - timedelta(seconds=age_s)
        reading = TemperatureReading(at=at, temperature_c=temperature_c)
        readings = (("main", reading),)
    snapshot = site(
        car("a"), circuits=(replace(MAIN, derating=WARM),), temperatures=readings
    )
    decision = decided(snapshot)
    assert offers(decision) == pytest.approx({"a": offer_a})
    assert reasons(decision) == {"a": reason}


def test_the_tightest_of_a_tree_limits() -> None:
    """20 A less its assumed 4 A on L1 for two cars in the panel; the one outside has what the main fuse leaves."""
    snapshot = site(
        car("a", circuit="panel"),
        car("b", circuit="panel"),
        car("c", phases=(1,)),
        circuits=(replace(MAIN, limit_a=(60, 60, 60)), PANEL),
    )
    decision = decided(snapshot)
    assert offers(decision) == pytest.approx({"a": 8, "b": 8, "c": 16})
    assert values(decision, "a") == {"circuit": "Panel", "phase": "L1"}
    assert {c.id: c.state for c in decision.circuits} == {
        "main": CircuitState.OK,
        "panel": CircuitState.LIMITED,
    }


def test_what_flows_below_flows_through() -> None:
    """A main fuse without a meter carries at least what a metered panel below it reports, and its fixed load."""
    circuits = (
        replace(MAIN, assumed_load_a=(2, 2, 2), fixed_load_a=(3, 0, 0)),
        replace(PANEL, assumed_load_a=None, limit_a=(25, 25, 25)),
    )
    reading = MeterReading(at=NOW, current_a=(10, 1, 1))
    decision = decided(site(car("a"), circuits=circuits, meters=(("panel", reading),)))
    # 25 - 1 - 3 - 10 = 11 A on L1.
    assert offers(decision) == pytest.approx({"a": 11})


UNTIL = NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("limits", "house_a", "offer_a", "reason"),
    [
        # 15 A less 1 A of margin less the house's 2 A.
        (
            [{"kind": LimitKind.DEMAND_RESPONSE, "current_a": 15.0, "until": UNTIL}],
            (2, 2, 2),
            12,
            ReasonKey.LIMITED_BY_DEMAND_RESPONSE,
        ),
        (
            [{"kind": LimitKind.DEMAND_RESPONSE, "current_a": 15.0, "until": NOW}],
            (2, 2, 2),
            16,
            ReasonKey.FULL_POWER,
        ),
        # The tightest of two, whichever comes first.
        (
            [
                {"kind": LimitKind.PEAK, "current_a": 14.0, "name": "Peak"},
                {"kind": LimitKind.DEMAND_RESPONSE, "current_a": 13.0},
            ],
            (2, 2, 2),
            10,
            ReasonKey.LIMITED_BY_DEMAND_RESPONSE,
        ),
        # 8280 W less the house's 1380 W are 10 A on three phases.
        (
            [{"kind": LimitKind.PEAK, "power_w": 8280.0}],
            (2, 2, 2),
            10,
            ReasonKey.LIMITED_BY_PEAK,
        ),
        # The cars alone: 6900 W are 10 A, whatever the house takes.
        (
            [{"kind": LimitKind.DEMAND_RESPONSE, "power_w": 6900.0, "cars_only": True}],
            (2, 2, 2),
            10,
            ReasonKey.LIMITED_BY_DEMAND_RESPONSE,
        ),
        # The cars alone, in amperes on each of three phases.
        (
            [{"kind": LimitKind.DEMAND_RESPONSE, "current_a": 9.0, "cars_only": True}],
            (2, 2, 2),
            9,
            ReasonKey.LIMITED_BY_DEMAND_RESPONSE,
        ),
        # One device keeps 4.2 kW: 6.08 A.
        ([{"kind": LimitKind.DIMMING}], (2, 2, 2), 6, ReasonKey.LIMITED_BY_DIMMING),
        # A limit of a circuit that is not there limits nothing.
        (
            [{"kind": LimitKind.PEAK, "power_w": 1.0, "circuit": "x"}],
            (2, 2, 2),
            16,
            ReasonKey.FULL_POWER,
        ),
        # Nothing that limits.
        ([{"kind": LimitKind.DEMAND_RESPONSE}], (2, 2, 2), 16, ReasonKey.FULL_POWER),
    ],
)
def test_limits_from_outside(
    limits: list[dict[str, Any]],
    house_a: tuple[float, ...],
    offer_a: float,
    reason: ReasonKey,
) -> None:
    """The tightest limit wins and is named."""
    outside = tuple(ExternalLimit(**{"name": "Grid", **limit}) for limit in limits)
    decision = decided(site(car("a"), house_a=house_a, limits=outside))
    assert offers(decision) == pytest.approx({"a": offer_a})
    assert reasons(decision) == {"a": reason}
    if reason is not ReasonKey.FULL_POWER:
        assert values(decision, "a")["name"] == "Grid"


@pytest.mark.parametrize(
    ("kind", "pressing_w", "offer_a"),
    [
        # 4.1 kW of 10 kW leave 5.9 kW beside the house's 4.1 kW.
        (LimitKind.PEAK, 0.0, 8.5),
        (LimitKind.PEAK, 9_660.0, 14.0),
        # Whoever limits for another reason is not asked to wait.
        (LimitKind.DEMAND_RESPONSE, 9_660.0, 8.5),
    ],
)
def test_a_departure_comes_before_a_low_peak(
    kind: LimitKind, pressing_w: float, offer_a: float
) -> None:
    """What cannot be charged later is charged now, also above the peak; other limits hold."""
    plan = PlanSlot(at_least_a=14.0, at_most_a=14.0, pressing_w=pressing_w)
    decision = decided(
        site(
            car("a", mode=Mode.ECO, plan=plan),
            house_a=(6, 6, 6),
            limits=(ExternalLimit(name="Grid", kind=kind, power_w=10_000.0),),
        )
    )
    assert offers(decision) == pytest.approx({"a": offer_a}, abs=0.11)


def test_a_limit_of_a_sub_circuit() -> None:
    """It limits those below it only."""
    limit = ExternalLimit(
        name="Landlord", kind=LimitKind.DEMAND_RESPONSE, current_a=10.0, circuit="panel"
    )
    snapshot = site(
        car("a", circuit="panel", phases=(1,)),
        car("b", phases=(1,)),
        circuits=(replace(MAIN, limit_a=(40, 40, 40)), PANEL),
        limits=(limit,),
    )
    decision = decided(snapshot)
    assert offers(decision) == pytest.approx({"a": 10, "b": 16})
    assert values(decision, "a")["name"] == "Landlord"
    assert [c.limited_by for c in decision.circuits] == [None, "Landlord"]


def test_dimming_leaves_the_sun() -> None:
    """4.2 kW from the grid and 2.76 kW of sun are 10 A on three phases."""
    snapshot = site(
        car("a"),
        house_a=(-4, -4, -4),
        solar=PowerReading(at=NOW, power_w=9000),
        limits=(ExternalLimit(name="Grid", kind=LimitKind.DIMMING),),
    )
    assert offers(decided(snapshot)) == pytest.approx({"a": 10.0})


@pytest.mark.parametrize(
    ("devices", "simultaneity", "power_w"),
    [
        (0, None, 0),
        (1, None, 4200),
        (2, None, 4200 + 1 * 0.8 * 4200),
        (8, None, 4200 + 7 * 0.5 * 4200),
        (9, None, 4200 + 8 * 0.45 * 4200),
        (40, None, 4200 + 39 * 0.45 * 4200),
        (3, 1.0, 12600),
    ],
)
def test_dimming_by_the_rules(
    devices: int, simultaneity: float | None, power_w: float
) -> None:
    """The minimum power by the number of devices (BNetzA BK6-22-300, annex 1, 4.5.2)."""
    limit = ExternalLimit(name="x", kind=LimitKind.DIMMING, simultaneity=simultaneity)
    assert dimming_w(devices, limit) == pytest.approx(power_w)


def test_phases_stay_balanced() -> None:
    """Single-phase cars of 32 A on L1 stay within 20 A of the others; a three-phase car does not count."""
    snapshot = site(
        car("a", phases=(0,), max_a=32, offer_a=32),
        car("b", phases=(1, 2, 0), max_a=32, offer_a=32),
        circuits=(replace(MAIN, limit_a=(80, 80, 80)),),
    )
    snapshot = replace(snapshot, site=Site(phases=3, voltage_v=230, imbalance_a=20))
    decision = decided(snapshot)
    assert offers(decision) == pytest.approx({"a": 20, "b": 32})
    assert reasons(decision)["a"] is ReasonKey.LIMITED_BY_IMBALANCE
    assert values(decision, "a") == {"phase": "L1", "limit_a": 20}


def test_split_phase() -> None:
    """A 240 V charger is on both legs of 120 V; a 120 V one on one."""
    snapshot = site(
        car("a", phases=(0, 1), max_a=40, offer_a=40, draw_a=(40.0, 40.0)),
        car("b", phases=(1,), draw_a=(0.0, 16.0)),
        meters=(("main", MeterReading(at=NOW, current_a=(45.0, 61.0))),),
        circuits=(replace(MAIN, limit_a=(60, 60)),),
    )
    snapshot = replace(snapshot, site=Site(phases=2, voltage_v=120))
    decision = decided(snapshot)
    # 60 - 1 - 5 = 54 A on each leg: 16 A for b, 38 A for a.
    assert offers(decision) == pytest.approx({"a": 38, "b": 16})
    assert decision.given_a == pytest.approx((38, 54))


def test_fail_safe_currents_are_summed_per_circuit_and_phase() -> None:
    """What falls back when nobody commands is shown beside what each circuit carries."""
    snapshot = site(
        car("a", circuit="panel", fail_safe_a=10),
        car("b", phases=(0,), fail_safe_a=6, fall_back_a=16),
        circuits=(replace(MAIN, fixed_load_a=(2, 2, 2)), PANEL),
    )
    sums = fail_safe_sums(snapshot, [("panel", (2,), 6.0)])
    assert sums == {
        "main": ((26, 10, 16), (22, 22, 22)),
        "panel": ((10, 10, 16), (16, 20, 20)),
    }


def test_what_is_known_below_a_main_fuse_without_meter() -> None:
    """4 A assumed and 1 A fixed in the panel are more than the 2 A of the main fuse on L1, and less on the others."""
    circuits = (
        replace(MAIN, assumed_load_a=(2, 2, 2)),
        replace(PANEL, fixed_load_a=(1, 1, 1)),
    )
    snapshot = site(car("a"), circuits=circuits, meters=())
    assert fail_safe_sums(snapshot) == {
        "main": ((6, 6, 6), (19, 22, 22)),
        "panel": ((0, 0, 0), (15, 19, 19)),
    }
    main, _panel = decided(snapshot).circuits
    # 25 A less 1 A and less 5, 2 and 2 A, of which the car has 16 A.
    assert (main.uncontrolled_a, main.headroom_a) == ((5, 2, 2), (3, 6, 6))


def test_what_lowers_a_circuit_is_named() -> None:
    """A limit from outside, or the temperature."""
    limit = ExternalLimit(
        name="Grid", kind=LimitKind.DEMAND_RESPONSE, current_a=9.0, circuit="panel"
    )
    circuits = (MAIN, replace(PANEL, derating=WARM))
    snapshot = site(car("a"), circuits=circuits)
    main, panel = decided(snapshot).circuits
    assert main.lowered_by is None
    # A sensor that is lost: half of the limit.
    lowered = panel.lowered_by
    assert lowered
    assert lowered.key is ReasonKey.LIMITED_BY_TEMPERATURE
    limited = decided(replace(snapshot, limits=(limit,))).circuits[1]
    assert limited.limited_by == "Grid"
    outside = limited.lowered_by
    assert outside
    assert outside.key is ReasonKey.LIMITED_BY_DEMAND_RESPONSE


def test_a_limit_on_power_reckons_with_a_circuit_without_meter() -> None:
    """The assumed load counts: 8280 W less 3 x 2 A x 230 V are 10 A."""
    snapshot = site(
        car("a", mode=Mode.FAST),
        circuits=(replace(MAIN, assumed_load_a=(2, 2, 2)),),
        meters=(),
        limits=(ExternalLimit(name="x", kind=LimitKind.PEAK, power_w=8280.0),),
    )
    assert offers(decide(snapshot, Memory())[0]) == pytest.approx({"a": 10})


def limit(name: str, **changes: Any) -> ExternalLimit:
    """Return a limit from outside."""
    return ExternalLimit(name=name, kind=LimitKind.DEMAND_RESPONSE, **changes)


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        ((), None),
        # 25 A on three phases of 230 V are 17.25 kW: the main fuse is tighter.
        ((limit("a", current_a=30),), None),
        ((limit("a", power_w=18_000),), None),
        # 10 A are 6.9 kW.
        ((limit("a", current_a=10), limit("b", power_w=7000)), "a"),
        ((limit("a", current_a=10), limit("b", power_w=6800)), "b"),
        # One of a circuit below, and one without a value, say nothing of the whole site.
        ((limit("a", current_a=10, circuit="garage"), limit("b")), None),
    ],
)
def test_the_tightest_is_named(
    limits: tuple[ExternalLimit, ...], name: str | None
) -> None:
    """Amperes and watts are compared, also with the main fuse."""
    found = tightest(site(car("a"), limits=limits))
    assert (found.name if found else None) == name
