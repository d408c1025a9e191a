"""Laws that every intention keeps, searched by hypothesis, with the solver and without."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
import math

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.sunfuse.planner import (
    Assumption,
    CarMode,
    CarOutlook,
    CircuitOutlook,
    HomeBattery,
    Intention,
    Outlook,
    PlanKey,
    Problem,
    Strategy,
    clock_steps,
    intend,
)
from custom_components.sunfuse.planner.outlook import CarGoal, Quantiles
from custom_components.sunfuse.planner.outlook_to_intention import intend_with
from custom_components.sunfuse.planner.problem import Plan
from custom_components.sunfuse.planner.simple.simple import SimplePlanner

from .sites import EVENING, car as a_car, exactly, night

_LAWS = settings(max_examples=15, deadline=None)
_VOLTAGE_V = 230.0


@st.composite
def _cars(draw: st.DrawFn, now: datetime) -> tuple[CarOutlook, ...]:
    cars = []
    for number in range(draw(st.integers(1, 4))):
        leaves = now + timedelta(minutes=draw(st.integers(5, 600)))
        phases = draw(st.sampled_from([(0, 1, 2), (0,), (1,), (2,)]))
        energy_wh = draw(st.integers(0, 40)) * 1000.0
        known = draw(st.booleans())
        cars.append(
            CarOutlook(
                id=f"car {number}",
                circuit=draw(st.sampled_from(["main", "shed"])),
                phases=phases,
                mode=draw(st.sampled_from(list(CarMode))),
                charging=draw(st.booleans()),
                full_wh=energy_wh + draw(st.integers(0, 10)) * 1000.0
                if known
                else None,
                goals=(CarGoal(at=leaves, energy_wh=energy_wh),)
                if draw(st.booleans())
                else (),
                minimum_wh=draw(st.sampled_from([0.0, 3_000.0])),
                strategy=draw(st.sampled_from(list(Strategy))),
                price_limit=draw(st.sampled_from([None, 0.2])),
                feed_in_first_above=draw(st.sampled_from([None, 0.1])),
                precondition=timedelta(minutes=draw(st.sampled_from([0, 20]))),
                switch_cost=draw(st.sampled_from([0.0, 0.01])),
            )
        )
    return tuple(cars)


@st.composite
def _outlooks(draw: st.DrawFn) -> Outlook:
    now = EVENING + timedelta(minutes=draw(st.integers(0, 1440)))
    steps_s = clock_steps(now, now + timedelta(hours=draw(st.integers(1, 10))))
    steps = len(steps_s)

    def values(low: int, high: int, scale: float) -> tuple[float, ...]:
        whole = st.lists(st.integers(low, high), min_size=steps, max_size=steps)
        return tuple(value * scale for value in draw(whole))

    sun = values(0, 80, 100.0)
    battery = HomeBattery(
        capacity_wh=8_000.0,
        energy_wh=draw(st.sampled_from([None, 1_000.0, 7_000.0])),
        max_charge_w=3_000.0,
        max_discharge_w=3_000.0,
        reserve_wh=500.0,
        controllable=draw(st.booleans()),
    )
    return Outlook(
        now=now,
        steps_s=steps_s,
        circuits=(
            CircuitOutlook(id="main", limit_a=(float(draw(st.integers(16, 40))),) * 3),
            CircuitOutlook(id="shed", parent="main", limit_a=(16.0,) * 3),
        ),
        house=exactly(*values(0, 40, 100.0)),
        sun=Quantiles(
            low=tuple(0.5 * power for power in sun),
            median=sun,
            high=tuple(1.2 * power for power in sun),
        ),
        import_price=draw(st.sampled_from([(), values(-5, 60, 0.01)])),
        export_price=draw(st.sampled_from([(), values(0, 15, 0.01)])),
        battery=battery if draw(st.booleans()) else None,
        cars=draw(_cars(now)),
    )


def _simply(outlook: Outlook, previous: Intention | None = None) -> Intention:
    """Intend without the solver."""

    def plan(problem: Problem) -> Plan:
        return SimplePlanner(problem).plan()

    return intend_with(plan, outlook, previous)


def _hold(outlook: Outlook, intention: Intention) -> None:
    """Hold an intention to the limits of chargers, cars, batteries and circuits, and to its own sums."""
    for told, car in zip(outlook.cars, intention.cars, strict=True):
        most_w = told.max_a * _VOLTAGE_V * len(told.phases)
        held_wh = 0.0
        for slot in car.slots:
            assert -1 <= slot.power_w <= most_w + 1
            assert -1 <= slot.sun_w <= slot.power_w + 1
            assert 0 <= slot.advice.at_least_w <= slot.advice.at_most_w <= most_w + 1
            assert slot.energy_wh >= held_wh - 1
            held_wh = slot.energy_wh
        if told.full_wh is not None:
            assert held_wh <= told.full_wh + 2
        if told.mode is CarMode.OFF:
            assert held_wh == 0
        if car.shortfalls and told.mode is CarMode.ECO:
            assert car.why.key is PlanKey.MISSES
        assert math.isclose(
            car.sun_share + car.grid_share, 1 if car.drawn_wh else 0, abs_tol=1e-6
        )
    _hold_circuits(outlook, intention)
    ends = [slot.end for slot in intention.slots]
    assert [slot.start for slot in intention.slots] == [outlook.now, *ends[:-1]]


def _hold_circuits(outlook: Outlook, intention: Intention) -> None:
    main, shed = outlook.circuits
    for number, slot in enumerate(intention.slots):
        for phase in range(3):
            amperes = {"main": 0.0, "shed": 0.0}
            for told, car in zip(outlook.cars, intention.cars, strict=True):
                if phase in told.phases:
                    current_a = (
                        car.slots[number].power_w / _VOLTAGE_V / len(told.phases)
                    )
                    amperes["main"] += current_a
                    amperes[told.circuit] += (
                        current_a if told.circuit == "shed" else 0.0
                    )
            house_a = (slot.house_w - slot.sun_w) / _VOLTAGE_V / 3
            if Assumption.BATTERY_PREDICTED in intention.assumptions:
                house_a -= slot.battery_w / _VOLTAGE_V / 3
            room_a = max(0.0, main.limit_a[phase] - max(0.0, house_a))
            assert amperes["main"] <= room_a + 0.02
            assert amperes["shed"] <= shed.limit_a[phase] + 0.02


@pytest.mark.parametrize("planner", [intend, _simply])
@_LAWS
@given(outlook=_outlooks())
def test_every_intention_keeps_every_limit(
    planner: Callable[[Outlook], Intention], outlook: Outlook
) -> None:
    """Of chargers, cars, circuits and energy; slots follow each other without a gap; who misses says so."""
    _hold(outlook, planner(outlook))


@_LAWS
@given(outlook=_outlooks())
def test_what_was_intended_before_changes_no_departure(outlook: Outlook) -> None:
    """A plan that is kept for its habit still reaches what a new one would."""
    fresh = intend(outlook)
    kept = intend(outlook, fresh)
    _hold(outlook, kept)
    for first, second in zip(fresh.cars, kept.cars, strict=True):
        assert second.missing_wh <= first.missing_wh + 20


@_LAWS
@given(outlook=_outlooks(), cents=st.integers(1, 20))
def test_prices_that_all_rise_alike_change_no_departure(
    outlook: Outlook, cents: int
) -> None:
    """Who could be ready is ready at any price."""
    if not outlook.import_price:
        return
    dearer = replace(
        outlook,
        import_price=tuple(price + cents / 100 for price in outlook.import_price),
    )
    for first, second in zip(intend(outlook).cars, intend(dearer).cars, strict=True):
        assert second.missing_wh <= first.missing_wh + 50


@pytest.mark.parametrize("plan", [intend, _simply])
@settings(max_examples=8, deadline=None)
@given(
    off=st.lists(st.floats(0.85, 1.15), min_size=96, max_size=96),
    cents=st.lists(st.floats(-0.002, 0.002), min_size=96, max_size=96),
)
def test_a_minute_later_the_first_block_is_kept(
    plan: Callable[..., Intention], off: list[float], cents: list[float]
) -> None:
    """Forecasts of house and sun are wrong by up to 15 %, and prices by a fifth of a cent: no car starts or stops for that."""
    leaf = a_car("leaf", energy_wh=6_000.0)
    usual = night(a_car(energy_wh=9_000.0), leaf, cheap={22: 0.20, 2: 0.20, 3: 0.20})
    before = plan(usual)
    later = night(
        a_car(energy_wh=9_000.0),
        leaf,
        cheap={22: 0.20, 2: 0.20, 3: 0.20},
        now=EVENING + timedelta(minutes=1),
    )
    count = len(later.steps_s)
    assert later.house is not None
    noisy = replace(
        later,
        house=exactly(
            *(each * part for each, part in zip(later.house.median, off, strict=False))
        ),
        import_price=tuple(
            each + more for each, more in zip(later.import_price, cents, strict=False)
        ),
    )
    assert len(noisy.import_price) == count
    after = plan(noisy, before)
    for old, new in zip(before.cars, after.cars, strict=True):
        for first, then in zip(old.slots[:8], new.slots[:8], strict=True):
            assert (first.power_w > 1) == (then.power_w > 1)
