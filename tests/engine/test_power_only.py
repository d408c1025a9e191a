"""Chargers that report their power and no currents: what each phase carries is known within bounds only."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.memory import Draw
from custom_components.sunfuse.engine.model import (
    BatteryReading,
    BatteryRules,
    Boost,
    Connector,
    ConnectorDecision,
    Decision,
    MeterReading,
    Mode,
    PerPhase,
    PowerReading,
    Snapshot,
)

from .common import NOW, car, of, offers, site


def _watts(name: str, power_w: float, offer_a: float, **changes: Any) -> Connector:
    """Return a connector that reports only its power."""
    told = car(name, offer_a=offer_a, **changes)
    return replace(told, draw_a=None, draw_w=power_w)


def _run(
    snapshot: Snapshot, seconds: int, memory: Memory | None = None
) -> tuple[Decision, Memory]:
    """Decide every 5 s on the same site, with fresh readings; each charger gets its offer and complies."""
    decision, memory = decide(snapshot, memory or Memory())
    for s in range(5, seconds + 1, 5):
        now = NOW + timedelta(seconds=s)
        connectors = tuple(replace(c, draw_at=now) for c in snapshot.connectors)
        meters = tuple((name, replace(m, at=now)) for name, m in snapshot.meters)
        moved = replace(
            snapshot,
            now=now,
            connectors=connectors,
            meters=meters,
            solar=snapshot.solar and replace(snapshot.solar, at=now),
            battery=snapshot.battery and replace(snapshot.battery, at=now),
        )
        decision, memory = decide(moved, memory)
    return decision, memory


def _metered(*connectors: Connector, metered_a: PerPhase, **changes: Any) -> Snapshot:
    reading = MeterReading(at=NOW, current_a=metered_a)
    return site(*connectors, meters=(("main", reading),), **changes)


def _kept(decision: Decision, name: str = "a") -> ConnectorDecision:
    told = of(decision, name)
    assert not told.stop
    assert not told.resend
    assert told.problem is None
    return told


HOUSE_A = (5.0, 4.0, 3.0)


@pytest.mark.parametrize(
    ("power_w", "offer_a", "car_a", "known"),
    [
        # 10 A on each of three phases: all of them carry all that they may.
        (6900, 10.0, (10, 10, 10), True),
        # Three phases at 7 of 16 A: one of them may carry up to 16 A.
        (4830, 16.0, (7, 7, 7), False),
        (3680, 16.0, (16, 0, 0), False),
    ],
)
def test_compliance(
    power_w: float, offer_a: float, car_a: PerPhase, known: bool
) -> None:
    """A car that takes no more than it may is never blamed, and the house is not made smaller than it is."""
    before = NOW - timedelta(seconds=60)
    idle = _metered(replace(_watts("a", 0.0, 0.0), draw_at=before), metered_a=HOUSE_A)
    _, memory = decide(
        replace(
            idle,
            now=before,
            meters=(("main", replace(idle.meters[0][1], at=before)),),
        ),
        Memory(),
    )
    metered_a = tuple(h + c for h, c in zip(HOUSE_A, car_a, strict=True))
    snapshot = _metered(_watts("a", power_w, offer_a), metered_a=metered_a)
    decision, _ = _run(snapshot, 120, memory)
    assert _kept(decision).offer_a >= 6
    (circuit,) = decision.circuits
    for load_a, house_a in zip(circuit.uncontrolled_a, HOUSE_A, strict=True):
        assert load_a >= house_a - 0.01
    if known:
        assert circuit.uncontrolled_a == pytest.approx(HOUSE_A)


def test_who_takes_more() -> None:
    """Three phases of 16 A at an offer of 6 A are more than any compliant car takes: it is stopped."""
    snapshot = _metered(_watts("a", 11040, 6.0), metered_a=(16, 16, 16))
    decision, _ = _run(snapshot, 60)
    assert of(decision, "a").stop


def test_one_phase_after_switching() -> None:
    """A charger that was commanded to use one phase carries all of it there."""
    connector = _watts("a", 3680, 16.0, switches_phases=True)
    memory = Memory()
    decide(_metered(connector, metered_a=(20, 4, 4)), memory)
    past = memory.connector("a").copy()
    past.phases = 1
    switched = Memory(connectors={"a": past})
    _, after = decide(_metered(connector, metered_a=(20, 4, 4)), switched)
    assert after.connector("a").draws[-1].current_a == (16, 0, 0)


def test_a_car_on_one_phase_is_not_taken_for_a_slow_one() -> None:
    """16 A on one phase are 5.3 A spread over three: it keeps its offer although others would take more."""
    one = _watts("a", 3680, 12.0)
    other = car("b", offer_a=12.0)
    snapshot = _metered(one, other, metered_a=(28, 12, 12))
    snapshot = replace(
        snapshot, circuits=(replace(snapshot.circuits[0], limit_a=(32,) * 3),)
    )
    _, memory = _run(snapshot, 120)
    assert memory.connector("a").takes_a is None


def test_a_draw_that_is_not_known_at_all() -> None:
    """Meter values without power or currents (a state of charge, say) are no draw."""
    connector = replace(car("a"), draw_a=None, draw_w=None)
    _, memory = decide(_metered(connector, metered_a=(1, 1, 1)), Memory())
    assert memory.connector("a").draws == ()


@pytest.mark.parametrize("only_total", [True, False])
def test_the_sun_counts_real_watts(only_total: bool) -> None:
    """One phase at 16 A takes 3680 W, not three times that: of 5000 W, 1020 W are exported beside 300 W of the house."""
    connector = _watts("a", 3680, 16.0, mode=Mode.SOLAR_MIN, phases=(0, 1, 2))
    power_w = 3680.0 + 300.0 - 5000.0
    reading = MeterReading(
        at=NOW,
        current_a=None if only_total else (16 - 7.0, 0.7 - 7.0, 0.6 - 7.7),
        power_w=power_w,
    )
    snapshot = site(
        connector,
        meters=(("main", reading),),
        solar=PowerReading(at=NOW, power_w=5000.0),
    )
    decision, _ = _run(snapshot, 60)
    assert decision.surplus_w == pytest.approx(4700, abs=150)


def test_boost_and_hold_count_real_watts() -> None:
    """3680 W for a minute are 61.3 Wh of a quota; the battery is not held while the sun gives all of it."""
    boost = Boost(started_at=NOW, person="kim")
    connector = _watts("a", 3680, 16.0, boost=boost)
    snapshot = _metered(connector, metered_a=(1.0, -8.0, -8.0))
    snapshot = replace(
        snapshot,
        solar=PowerReading(at=NOW, power_w=8000.0),
        battery=BatteryReading(at=NOW, power_w=0.0, soc=50.0),
        battery_rules=BatteryRules(hold=True),
    )
    decision, memory = _run(snapshot, 60)
    assert sum(b.energy_wh for b in memory.boosted) == pytest.approx(
        3680 / 60, rel=0.01
    )
    assert not decision.hold_battery


def test_bounds_of_a_draw() -> None:
    """A draw by phase is used as it is; its power is reported, or calculated from its currents."""
    draw = Draw(at=NOW, current_a=(10, 0, 0))
    assert (draw.lowest_a, draw.highest_a) == (draw.current_a, draw.current_a)
    assert draw.watts(230) == 2300
    assert replace(draw, power_w=2250.0).watts(230) == 2250
    assert offers(decide(site(car("a")), Memory())[0])["a"] == 16


@pytest.mark.parametrize(
    ("current_a", "power_w", "known_w"),
    [
        ((1.0, 2.0, 3.0), None, 6 * 230.0),
        ((1.0, 2.0, 3.0), -500.0, -500.0),
        (None, 700.0, 700.0),
        (None, None, None),
    ],
)
def test_the_power_from_the_grid(
    current_a: PerPhase | None, power_w: float | None, known_w: float | None
) -> None:
    """The meter's own watts know the sign; else its currents at the nominal voltage make them."""
    meter = MeterReading(at=NOW, current_a=current_a, power_w=power_w)
    assert meter.watts(230.0) == known_w
