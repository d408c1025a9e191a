"""A restart in the middle of anything changes no offer for the worse: the engine goes on from what was saved."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
import json
from typing import override

import pytest

from custom_components.sunfuse.engine import Memory
from custom_components.sunfuse.engine.model import (
    Boost,
    Connector,
    ConnectorStatus,
    Mode,
)

from .common import restored
from .plant import START, Car, Plant, charger, main, steady

# Home Assistant needs this long to start, and chargers this long to reconnect and report their state.
AWAY_S = 20
SILENT_S = 5


@dataclass(kw_only=True)
class Restarted(Plant):
    """A site whose Home Assistant restarts once. Chargers go on with what they have; it begins with what was saved."""

    at_s: int
    known: bool = True  # whether the engine's memory was saved

    def _since_s(self, now: datetime) -> float:
        return (now - START).total_seconds() - self.at_s

    @override
    def _connector(self, car: Car, at_s: float, now: datetime) -> Connector:
        connector = super()._connector(car, at_s, now)
        since_s = self._since_s(now)
        if not 0 <= since_s < AWAY_S + SILENT_S:
            return connector
        connector = replace(connector, offer_a=None, offer_until=None)
        if since_s < AWAY_S or car.current_a > 0:
            return connector  # a transaction that is known is a car that charges
        return replace(connector, status=ConnectorStatus.UNAVAILABLE)

    def restart(self) -> None:
        """Forget everything but what is on disk."""
        saved = json.loads(json.dumps(self.memory.to_dict()))
        self.memory = restored(saved) if self.known else Memory()


def offers_after(
    plant: Restarted, seconds: int, *, since_s: int | None = None
) -> dict[str, list[float]]:
    """Let a site live with its restart, and return the offers from when the chargers are back."""
    passed_s = iter(range(seconds))

    def until() -> bool:
        if next(passed_s) == plant.at_s:
            plant.restart()
        return False

    plant.run(seconds, until=until)
    began_s = plant.at_s if since_s is None else since_s
    back = START + timedelta(seconds=began_s + AWAY_S + 2 * SILENT_S)
    return {
        car.connector.id: [
            connector.offer_a
            for decision in plant.decisions
            if decision.now >= back
            for connector in decision.connectors
            if connector.id == car.connector.id
        ]
        for car in plant.cars
    }


@dataclass(frozen=True, kw_only=True)
class Middle:
    """What a restart comes into the middle of."""

    cars: tuple[Connector, ...]
    house_a: tuple[float, float, float] = (5.0, 5.0, 5.0)
    solar_w: float | None = None


BOOST = Boost(started_at=START + timedelta(seconds=60), energy_wh=3000)
MIDDLES = {
    "charging": Middle(cars=(charger("a"),)),
    # 24 A less 5 A are 19 A: one of 16 A and none beside it, or one boosted and one at its minimum.
    "a boost": Middle(
        cars=(charger("a", boost=BOOST), charger("b", mode=Mode.SOLAR_MIN))
    ),
    # 24 A less 15 A carry one car: the other waits for its turn.
    "a turn": Middle(cars=(charger("a"), charger("b")), house_a=(15.0, 5.0, 5.0)),
    "one phase": Middle(
        cars=(
            charger("a", switches_phases=True, mode=Mode.SOLAR),
            charger("b", mode=Mode.SOLAR),
        ),
        house_a=(1.0, 1.0, 1.0),
        solar_w=3500.0,
    ),
    "sunshine": Middle(
        cars=(charger("a", mode=Mode.SOLAR),), house_a=(1.0, 1.0, 1.0), solar_w=7000.0
    ),
}


def plant(middle: Middle, at_s: int, *, known: bool = True) -> Restarted:
    """Return a site in the middle of something."""
    solar_w = middle.solar_w
    return Restarted(
        cars=[
            Car(
                connector=connector,
                reachable=lambda now_s: not at_s <= now_s < at_s + AWAY_S,
            )
            for connector in middle.cars
        ],
        circuits=(main(),),
        loads={"main": steady(*middle.house_a)},
        solar_w=None if solar_w is None else (lambda _: solar_w),
        at_s=at_s,
        known=known,
    )


@pytest.mark.parametrize("name", MIDDLES)
@pytest.mark.parametrize("at_s", [95, 200, 400])
def test_no_offer_is_worse(name: str, at_s: int) -> None:
    """From when the chargers are back, everyone has what he has without a restart, but for a step of the ramp."""
    restarted = offers_after(plant(MIDDLES[name], at_s), at_s + 200)
    undisturbed = offers_after(plant(MIDDLES[name], 10_000), at_s + 200, since_s=at_s)
    for connector, offers in restarted.items():
        for offer_a, expected_a in zip(offers, undisturbed[connector], strict=True):
            assert offer_a >= expected_a - 1.0, (connector, offers)


def test_a_restart_without_memory_is_worse() -> None:
    """The test itself can fail: without what was saved, a car begins at its minimum again."""
    offers = offers_after(plant(MIDDLES["charging"], 200, known=False), 400)
    assert min(offers["a"]) < 15
    offers = offers_after(plant(MIDDLES["charging"], 200), 400)
    assert min(offers["a"]) >= 15


def test_a_turn_is_not_lost() -> None:
    """Who waits is let in when the turn of the other ends, as if nothing had happened."""
    site = plant(MIDDLES["a turn"], 600)
    offers = offers_after(site, 1000)
    # 900 s after the first began, the second has its turn.
    assert offers["a"][0] > 0 == offers["b"][0]
    assert offers["a"][-1] == 0 < offers["b"][-1]


LOST_S, BACK_S, LAPSES_S = 120, 420, 100


@dataclass(kw_only=True)
class Lapsed(Plant):
    """A site whose chargers are out of reach for minutes: their offers lapse, and their cars go on with the fail-safe current."""

    late_s: int = -10  # after the offers lapsed, by the chargers' own clocks

    @override
    def _connector(self, car: Car, at_s: float, now: datetime) -> Connector:
        car.reports = car.reachable(at_s)
        if at_s == LOST_S + LAPSES_S + self.late_s:
            car.offer_a = car.connector.fail_safe_a
        connector = super()._connector(car, at_s, now)
        back = START + timedelta(seconds=BACK_S)
        if at_s < LOST_S or (car.offered_at and car.offered_at >= back):
            return connector
        lapses = START + timedelta(seconds=LOST_S + LAPSES_S)
        return replace(connector, offer_a=self.given_a(car), offer_until=lapses)

    def given_a(self, car: Car) -> float:
        """Return the last offer that its charger received."""
        (given_a,) = (
            connector.offer_a
            for connector in self.decisions[LOST_S // int(self.tick_s) - 1].connectors
            if connector.id == car.connector.id
        )
        return given_a


def three_cars(limit_a: float, late_s: int = -10) -> Lapsed:
    """Return a site of three cars beside a house of 3 A, whose limit is set while its chargers are out of reach."""
    return Lapsed(
        cars=[
            Car(
                connector=charger(name),
                reachable=lambda at_s: not LOST_S <= at_s < BACK_S,
            )
            for name in ("a", "b", "c")
        ],
        circuits=(main(40.0),),
        loads={"main": steady(3.0, 2.0, 2.0)},
        limits=((BACK_S - 10, "main", limit_a),),
        report_s=1.0,
        late_s=late_s,
    )


@pytest.mark.parametrize("limit_a", [40.0, 24.0])
def test_whose_offer_has_lapsed_goes_on(limit_a: float) -> None:
    """Three cars at 6 A. A limit of 24 A was set meanwhile: all of them keep their minimum, or rise from it."""
    plant = three_cars(limit_a)
    plant.run(BACK_S + 60)
    since = START + timedelta(seconds=BACK_S)
    back = [d for d in plant.decisions if d.now >= since]
    assert all(c.offer_a >= 6 for d in back for c in d.connectors)
    assert [car.stops for car in plant.cars] == [0, 0, 0]
    # What is left to each is what a rise of half an ampere is not worth.
    fair_a = (limit_a - 1 - 3) / 3
    for connector in back[-1].connectors:
        assert fair_a - 1 < connector.offer_a < fair_a + 1


def test_who_falls_back_late() -> None:
    """For 10 s, 18 A of three cars out of reach looked like a load of the house, which may be there beside them.

    Nobody can know better before they report. Then they pause for two minutes, beside 24 A, as after a load that may come back.
    """
    plant = three_cars(24.0, late_s=10)
    plant.run(BACK_S + 180)
    assert plant.decisions[-1].circuits[0].uncontrolled_a[0] == pytest.approx(3.0)
    assert [car.starts for car in plant.cars] == [2, 2, 2]
    assert min(car.current_a for car in plant.cars) > 5.5
    flows = [max(flow["main"]) for flow in plant.flows[LOST_S + LAPSES_S + 15 :]]
    assert max(flows) <= 24.0
