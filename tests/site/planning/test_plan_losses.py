"""What a plan draws for what a driver asks for: no more than the car loses."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.sunfuse.drivers.demand import CarFacts, SessionFacts, demand_of
from custom_components.sunfuse.drivers.wishes import OnceDeparture, TargetKind, Wishes
from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    Circuit,
    Connector,
    ConnectorStatus,
    MeterReading,
    Mode,
    Site,
    Snapshot,
)
from custom_components.sunfuse.planner import CarIntention, intend
from custom_components.sunfuse.site.planning.outlooks import CarAsk, Known, outlook_of

NOW = datetime(2026, 1, 13, 20, tzinfo=UTC)
LEAVES = NOW + timedelta(hours=20)
ENERGY = Wishes(target_kind=TargetKind.ENERGY, target_energy_wh=20_000.0)


def planned(
    wishes: Wishes,
    *,
    phases: int = 3,
    max_a: float = 16.0,
    soc: float | None = 40.0,
    efficiency: float | None = None,
) -> CarIntention:
    """Return what is planned for a car of 50 kWh that leaves the next afternoon."""
    car = CarFacts(capacity_wh=50_000.0, charge_efficiency=efficiency, phases=phases)
    facts = SessionFacts(vehicle="zoe", since=NOW, car=car, soc=soc)
    leaves = Wishes(once=(OnceDeparture(at=LEAVES),))
    connector = Connector(
        id="a",
        circuit="main",
        phases=(0, 1, 2)[:phases],
        max_a=max_a,
        mode=Mode.ECO,
        status=ConnectorStatus.CHARGING,
    )
    snapshot = Snapshot(
        now=NOW,
        site=Site(phases=3, voltage_v=230.0),
        circuits=(Circuit(id="main", name="Main", parent=None, limit_a=(25.0,) * 3),),
        meters=(("main", MeterReading(at=NOW, current_a=(1.0, 1.0, 1.0))),),
        connectors=(connector,),
    )
    demand = demand_of(facts, wishes, leaves, NOW)
    decision, _ = decide(snapshot, Memory())
    known = Known(
        now=NOW,
        snapshot=snapshot,
        decision=decision,
        cars=(CarAsk(connector=connector, name="a", demand=demand),),
    )
    (found,) = intend(outlook_of(known)).cars
    return found


@pytest.mark.parametrize(
    ("phases", "max_a", "efficiency", "stored_share"),
    [
        # As a form promises, if nothing is entered; what HTW Berlin measured.
        (3, 16.0, None, 0.90),
        (1, 6.0, None, 0.76),
        (3, 16.0, 0.85, 0.85),
        (3, 16.0, 1.0, 0.98),  # what a car without any losses would not lose either
    ],
)
def test_a_state_of_charge(
    phases: int, max_a: float, efficiency: float | None, stored_share: float
) -> None:
    """From 40 % to 50 % of 50 kWh a car stores 5 kWh."""
    car = planned(
        Wishes(target_soc=50.0), phases=phases, max_a=max_a, efficiency=efficiency
    )
    assert car.energy_wh == pytest.approx(5000)
    assert car.drawn_wh == pytest.approx(5000 / stored_share, rel=0.01)


@pytest.mark.parametrize(("phases", "max_a"), [(3, 16.0), (1, 7.0)])
@pytest.mark.parametrize("soc", [40.0, None])
def test_an_energy_is_what_the_charger_meters(
    phases: int, max_a: float, soc: float | None
) -> None:
    """Whoever asks for 20 kWh is told 20 kWh, at any power."""
    car = planned(ENERGY, phases=phases, max_a=max_a, soc=soc)
    assert car.drawn_wh == pytest.approx(20_000, rel=0.001)
    assert car.soc == (None if soc is None else pytest.approx(40 + 18 / 50 * 100))


@pytest.mark.parametrize(("phases", "max_a"), [(3, 16.0), (1, 7.0)])
@pytest.mark.parametrize(
    ("soc", "limit_wh"),
    [(40.0, 5000.0), (None, 5000.0)],  # below 80 %, and below the usual need
)
def test_a_limit_of_energy_is_what_the_charger_meters(
    phases: int, max_a: float, soc: float | None, limit_wh: float
) -> None:
    """A session that may take 5 kWh is told 5 kWh, whatever the unit of its target."""
    limited = Wishes(limit_energy_wh=limit_wh)
    car = planned(limited, phases=phases, max_a=max_a, soc=soc)
    assert car.drawn_wh == pytest.approx(limit_wh, rel=0.001)


def test_a_limit_of_charge_is_what_the_car_stores() -> None:
    """From 40 % to 50 % of 50 kWh: 5 kWh, whatever the unit of the target; at 1.4 kW the car stores 76 %."""
    car = planned(replace(ENERGY, limit_soc=50.0), phases=1, max_a=6.0)
    assert car.energy_wh == pytest.approx(5000)
    assert car.drawn_wh == pytest.approx(5000 / 0.76, rel=0.01)
