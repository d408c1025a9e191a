"""Who gets how much, by hand calculation: a three-phase site of 25 A less 1 A of margin, at 230 V."""

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    BatteryReading,
    CircuitState,
    Connector,
    ConnectorStatus,
    Mode,
    PerPhase,
    PowerReading,
    ReasonKey,
)

from .common import NOW, car, later, offers, reasons, site


@pytest.mark.parametrize(
    ("house_a", "cars", "expected"),
    [
        # 24 A for two: 12 A each.
        ((0, 0, 0), [car("a"), car("b")], {"a": 12, "b": 12}),
        # The worst phase counts for a three-phase car: 24 - 10 = 14 A.
        ((2, 10, 4), [car("a")], {"a": 14}),
        # Single-phase cars on different phases do not disturb each other.
        (
            (14, 4, 16),
            [car("a", phases=(0,)), car("b", phases=(1,)), car("c", phases=(2,))],
            {"a": 10, "b": 16, "c": 8},
        ),
        # Max-min: the one on L1 with another shares its 24 A; what the three-phase car cannot use on L2 goes on.
        (
            (0, 0, 0),
            [
                car("a"),
                car("b", phases=(0,)),
                car("c", phases=(1,), max_a=32, offer_a=32),
            ],
            {"a": 12, "b": 12, "c": 12},
        ),
        # 24 - 15 = 9 A: one can have its 6 A, the other waits. Both run; the older turn goes on by name.
        ((15, 15, 15), [car("a"), car("b")], {"a": 9, "b": 0}),
        # Nothing left: nobody runs.
        ((19, 0, 0), [car("a")], {"a": 0}),
        # What is exported adds nothing to the fuse: 24 A for two on L1.
        (
            (-9, 0, 0),
            [car("a", phases=(0,)), car("b", phases=(0,))],
            {"a": 12, "b": 12},
        ),
        # Export on one phase does not help another: 24 - 20 = 4 A are less than 6.
        (
            (-4, 20, 0),
            [car("a", phases=(0,)), car("b", phases=(1,))],
            {"a": 16, "b": 0},
        ),
        # One decimal, downwards: 24 / 7 is too little for all, 24 / 3 = 8 for three, 24 / 4 = 6 for four.
        ((0, 0, 0), [car(n) for n in "abcd"], dict.fromkeys("abcd", 6)),
        ((0.55, 0, 0), [car("a"), car("b")], {"a": 11.7, "b": 11.7}),
    ],
)
def test_equal_shares_per_phase(
    house_a: PerPhase, cars: list[Connector], expected: dict[str, float]
) -> None:
    """The main fuse less the margin less the house, in equal shares, 6 A or nothing."""
    decision, _ = decide(site(*cars, house_a=house_a), Memory())
    assert offers(decision) == pytest.approx(expected)


def test_sunshine_is_no_thicker_wire() -> None:
    """With 6 kW of sun and 9 A exported per phase, two cars still share the 24 A of the main fuse."""
    sunny = site(
        car("a"),
        car("b"),
        house_a=(-8.7, -8.7, -8.7),
        solar=PowerReading(at=NOW, power_w=6000),
    )
    decision, _ = decide(sunny, Memory())
    assert offers(decision) == pytest.approx({"a": 12, "b": 12})


@pytest.mark.parametrize(
    ("changes", "offer_a", "reason"),
    [
        ({"mode": Mode.OFF}, 0, ReasonKey.MODE_OFF),
        ({"allowed": False}, 0, ReasonKey.NOT_ALLOWED),
        ({"status": ConnectorStatus.AVAILABLE}, 0, ReasonKey.NO_CAR),
        ({"status": ConnectorStatus.FAULTED}, 0, ReasonKey.CHARGER_FAULTED),
        ({"status": ConnectorStatus.UNAVAILABLE}, 0, ReasonKey.OUT_OF_SERVICE),
        (
            {"status": ConnectorStatus.UNAVAILABLE, "status_reported": False},
            0,
            ReasonKey.STATUS_UNKNOWN,
        ),
        ({"status": ConnectorStatus.FINISHING}, 0, ReasonKey.CAR_FINISHED),
        ({"status": ConnectorStatus.SUSPENDED_EV}, 6, ReasonKey.CAR_FINISHED),
        ({"reachable": False}, 0, ReasonKey.CHARGER_OFFLINE),
        ({"max_a": 5.0}, 0, ReasonKey.LIMITED_BY_CHARGER),
        ({}, 16, ReasonKey.FULL_POWER),
        ({"mode": Mode.SOLAR_MIN}, 6, ReasonKey.AT_MINIMUM),
        ({"mode": Mode.SOLAR, "offer_a": 0.0}, 0, ReasonKey.WAITING_FOR_SUN),
    ],
)
def test_every_connector_has_a_reason(
    changes: dict[str, object], offer_a: float, reason: ReasonKey
) -> None:
    """Whatever keeps a car from charging is named, after ten seconds at the latest."""
    snapshot = site(car("a", **changes))
    _, memory = decide(snapshot, Memory())
    decision, _ = decide(later(snapshot, 10), memory)
    assert offers(decision) == {"a": offer_a}
    assert reasons(decision) == {"a": reason}


def test_a_waiting_car_shows_for_what() -> None:
    """The circuit and the phase are named, and the circuit says that it limits."""
    decision, _ = decide(site(car("a", offer_a=0.0), house_a=(3, 19, 3)), Memory())
    reason = decision.connectors[0].reason
    assert reason.key is ReasonKey.WAITING_FOR_CAPACITY
    assert dict(reason.values) == {
        "circuit": "Main fuse",
        "phase": "L2",
        "missing_a": 1.0,
    }
    assert decision.circuits[0].state is CircuitState.LIMITED
    assert decision.circuits[0].headroom_a == pytest.approx((21, 5, 21))


@pytest.mark.parametrize(
    ("mode", "solar_w", "grid_w", "battery_w", "expected"),
    [
        # 6900 W would be exported: 10 A on three phases of 230 V.
        (Mode.SOLAR_MIN, 8000, -6900, 0, 10),
        # 2760 W carry no more than 4 A on three phases: the minimum, the rest from the grid.
        (Mode.SOLAR_MIN, 3000, -2760, 0, 6),
        # What a battery gives is not the sun's: 6900 W less 1380 W are 8 A.
        (Mode.SOLAR_MIN, 8000, -6900, 1380, 8),
        # More than the sun gives is not the sun's either: 5520 W are 8 A.
        (Mode.SOLAR_MIN, 5520, -6900, 0, 8),
        (Mode.FAST, 0, 0, 0, 16),
    ],
)
def test_sunshine_in_watts(
    mode: Mode, solar_w: float, grid_w: float, battery_w: float, expected: float
) -> None:
    """The surplus is shared in watts, at the nominal voltage of the phases in use."""
    standing = car("a", mode=mode, offer_a=16.0)
    house_a = (grid_w / 3 / 230,) * 3
    snapshot = site(
        standing,
        house_a=house_a,
        solar=PowerReading(at=NOW, power_w=solar_w),
        battery=BatteryReading(at=NOW, power_w=battery_w),
    )
    decision, _ = decide(snapshot, Memory())
    assert offers(decision) == pytest.approx({"a": expected})
