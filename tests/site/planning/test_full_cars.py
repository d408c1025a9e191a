"""A car that ended its charging itself: engine and planner together leave it alone, and charge it when it is to have more."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.sunfuse.drivers.demand import CarFacts, SessionFacts, demand_of
from custom_components.sunfuse.drivers.wishes import OnceDeparture, Wishes
from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    Circuit,
    Connector,
    ConnectorStatus,
    Decision,
    MeterReading,
    Mode,
    Site,
    Snapshot,
)
from custom_components.sunfuse.planner import Intention, intend
from custom_components.sunfuse.site.planning.outlooks import CarAsk, Known, outlook_of
from custom_components.sunfuse.site.planning.plan_slots import plan_slot
from custom_components.sunfuse.sources.tariffs.price_slots import PriceSlot

NOW = datetime(2026, 1, 13, 18, tzinfo=UTC)
CAPACITY_WH, VOLTAGE_V, MAX_A = 50_000.0, 230.0, 16.0
STEP = timedelta(seconds=30)
PLANNED_EACH = 10  # steps
CHEAP = NOW + timedelta(hours=1)
PRICES = tuple(
    PriceSlot(
        start=start, end=end, import_price=price, export_price=0.0, currency="EUR"
    )
    for start, end, price in (
        (NOW, CHEAP, 0.35),
        (CHEAP, NOW + timedelta(hours=12), 0.1),
    )
)
# Chargers without an offer say the one or the other of every car.
WITHDRAWN = [ConnectorStatus.SUSPENDED_EV, ConnectorStatus.SUSPENDED_EVSE]


@dataclass(kw_only=True)
class Stay:
    """A car that charges up to a limit of its own, at a charger in mode eco."""

    withdrawn: ConnectorStatus
    leaves: datetime
    target: float
    limit: float = 80.0
    soc: float = 70.0
    now: datetime = NOW
    offer_a: float = 0.0
    starts: int = 0
    memory: Memory = Memory()
    intention: Intention | None = None

    def run(self, minutes: int) -> None:
        """Let so many minutes pass."""
        until = self.now + timedelta(minutes=minutes)
        while self.now < until:
            self._step()
            self.now += STEP

    def _step(self) -> None:
        step = (self.now - NOW) // STEP
        house_a = 1.0 + 0.5 * (step % 2)  # no meter stands still
        draw_a = self.offer_a if self.soc < self.limit else 0.0
        watts = 3 * VOLTAGE_V * draw_a
        self.soc += 0.9 * watts * STEP.total_seconds() / 3600 / CAPACITY_WH * 100
        connector, car = self._connector(draw_a)
        snapshot = Snapshot(
            now=self.now,
            site=Site(phases=3, voltage_v=VOLTAGE_V),
            circuits=(
                Circuit(id="main", name="Main", parent=None, limit_a=(25.0,) * 3),
            ),
            meters=(
                (
                    "main",
                    MeterReading(at=self.now, current_a=(house_a + draw_a,) * 3),
                ),
            ),
            connectors=(connector,),
        )
        decision, self.memory = decide(snapshot, self.memory)
        offer_a = decision.connectors[0].offer_a
        self.starts += offer_a > 0 and not self.offer_a
        self.offer_a = offer_a
        if step % PLANNED_EACH == 0:
            self._plan(snapshot, decision, car)

    def _plan(self, snapshot: Snapshot, decision: Decision, car: CarAsk) -> None:
        known = Known(
            now=self.now,
            snapshot=snapshot,
            decision=decision,
            cars=(car,),
            prices=tuple(slot for slot in PRICES if slot.end > self.now),
        )
        self.intention = intend(outlook_of(known))

    def _connector(self, draw_a: float) -> tuple[Connector, CarAsk]:
        facts = SessionFacts(
            vehicle="zoe",
            since=NOW,
            car=CarFacts(capacity_wh=CAPACITY_WH, phases=3),
            soc=self.soc,
        )
        leaves = Wishes(once=(OnceDeparture(at=self.leaves),))
        demand = demand_of(facts, Wishes(target_soc=self.target), leaves, self.now)
        status = self.withdrawn
        if self.offer_a:
            takes = draw_a > 0
            status = ConnectorStatus.CHARGING if takes else ConnectorStatus.SUSPENDED_EV
        connector = Connector(
            id="a",
            circuit="main",
            phases=(0, 1, 2),
            max_a=MAX_A,
            mode=Mode.ECO,
            status=status,
            offer_a=self.offer_a,
            draw_a=(draw_a,) * 3,
            draw_at=self.now,
            connected_at=NOW,
            departure=demand.departure,
            energy_needed_wh=demand.metered_wh,
        )
        if self.intention is not None:
            car = self.intention.car("a")
            advice = self.intention.slot("a", self.now)
            assert car
            assert advice
            slot = plan_slot(
                connector,
                car,
                advice,
                voltage_v=VOLTAGE_V,
                demand=demand,
                now=self.now,
            )
            connector = replace(connector, plan=slot)
        return connector, CarAsk(connector=connector, name="a", demand=demand)


@pytest.mark.parametrize("withdrawn", WITHDRAWN)
def test_a_driver_asks_for_more(withdrawn: ConnectorStatus) -> None:
    """His car stopped at 80 % of 85 %. Later he wants 100 %, in car and app: 20 % of 50 kWh are an hour of 11 kW."""
    stay = Stay(withdrawn=withdrawn, leaves=NOW + timedelta(hours=4), target=85.0)
    stay.run(120)
    assert 80 <= stay.soc < 81
    stay.limit = stay.target = 100.0
    stay.run(90)
    assert stay.soc >= 99.5


@pytest.mark.parametrize("withdrawn", WITHDRAWN)
def test_a_car_that_takes_no_more_is_tried_each_hour(
    withdrawn: ConnectorStatus,
) -> None:
    """It is not offered 6 A each twenty minutes, all night, and starts within little more than an hour once it takes more."""
    stay = Stay(withdrawn=withdrawn, leaves=NOW + timedelta(hours=9), target=100.0)
    stay.run(6 * 60)
    assert 80 <= stay.soc < 81
    assert 4 <= stay.starts <= 6
    stay.limit = 100.0
    stay.run(75)
    assert stay.soc > 81


@pytest.mark.parametrize("withdrawn", WITHDRAWN)
def test_a_plan_that_is_made_as_a_car_begins(withdrawn: ConnectorStatus) -> None:
    """Its charger may say that it takes nothing, until it has begun: it is not stopped for that."""
    stay = Stay(withdrawn=withdrawn, leaves=NOW + timedelta(hours=4), target=80.0)
    stay.run(60)
    assert stay.soc == 70.0
    stay.run(15)
    assert stay.starts == 1
    assert stay.soc > 74
