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
        self.memory = Memory.from_dict(saved) if self.known else Memory()


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
