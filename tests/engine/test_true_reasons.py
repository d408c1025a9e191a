"""Random sites, in which no reason contradicts the facts."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
import random

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    Boost,
    ConnectorStatus,
    Decision,
    Mode,
    PerPhase,
    PowerReading,
    ReasonKey,
    Site,
    Snapshot,
)
from custom_components.sunfuse.engine.tuning import Policy

from .common import NOW, car, decided, offers, site
from .honest_sites import HonestPlant, random_honest_site
from .plant import START, VOLTAGE_V, Car, charger, main
from .reason_facts import false_reasons

LASTS_S = 1000
# In each of them a reason was false, or a car waited in vain.
SEEDS = (
    *(0, 8, 12, 14, 21, 30, 48, 54, 82, 1002, 1043, 1046, 1067, 2002, 2023, 2048, 7013),
    *(3001, 3022, 4025, 4042, 5041, 9004, 9010, 9012, 9034, 20043, 31026, 31027, 32057),
    *(32059, 32097, 33047),
)
# An offer that is on its way rises in steps of seconds; a meter in doubt is given this long.
RISES_S = 90
# Nothing was measured before, and all start at once.
BEGINS_S = 60
BOOST = Boost(
    started_at=START + timedelta(seconds=300),
    person=None,
    until=START + timedelta(seconds=700),
)


def _found(seed: int) -> list[str]:
    """Run a site with up to six cars; returns its false reasons."""
    site, chance = random_honest_site(seed), random.Random(f"reasons {seed}")
    every = tuple(range(site.phases))
    cars = [
        *site.cars,
        *(
            Car(
                connector=charger(
                    f"x{place}",
                    phases=chance.choice((every, every, every[-1:])),
                    mode=chance.choice((Mode.FAST, Mode.SOLAR, Mode.SOLAR_MIN)),
                    max_a=chance.choice((16.0, 32.0)),
                    priority=chance.choice((5, 5, 8)),
                ),
                max_a=chance.choice((10.0, 16.0, 32.0)),
                arrives_s=chance.choice((0.0, chance.uniform(0, 800))),
                wants_wh=chance.choice((1e9, 800.0)),
            )
            for place in range(chance.choice((0, 1, 2, 3)))
        ),
    ]
    boosts, lowered = chance.choice((None, None, len(cars) - 1)), chance.random() < 0.3
    policy = chance.choice(list(Policy))
    lately: deque[PerPhase] = deque(maxlen=150 // site.tick_s)
    found: list[str] = []
    rising: dict[str, tuple[float, float]] = {}  # with this offer since

    def stuck(decision: Decision, at_s: float) -> Iterator[str]:
        """Yield who is said to rise, and does not."""
        for one in decision.connectors:
            if one.reason.key is not ReasonKey.RAMPING:
                rising.pop(one.id, None)
                continue
            offer_a, since_s = rising.get(one.id, (0.0, at_s))
            if one.offer_a > offer_a:
                since_s = at_s
            rising[one.id] = one.offer_a, since_s
            if at_s - since_s > RISES_S:
                yield f"{one.id} stays at {one.offer_a} {one.reason}"

    def judged(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        at_s = (snapshot.now - START).total_seconds()
        connectors = list(snapshot.connectors)
        if boosts is not None and 300 <= at_s < 700:
            connectors[boosts] = replace(connectors[boosts], boost=BOOST)
        snapshot = replace(
            snapshot,
            solar=plant.told_solar,
            battery=plant.told_battery,
            connectors=tuple(connectors),
        )
        decision, memory = decide(snapshot, memory)
        lately.append(decision.circuits[0].headroom_a)
        if at_s >= BEGINS_S:
            false = (*false_reasons(snapshot, decision, lately), *stuck(decision, at_s))
            found.extend(f"{at_s} {one}" for one in false)
        return decision, memory

    def house(at_s: float) -> PerPhase:
        noise = random.Random(int(at_s) // 6)
        return tuple(
            max(base + noise.gauss(0, 0.3), 0.0)
            + (step if at_s % period < on * period else 0.0)
            for base, step, period, on in site.house
        )

    kind = Site(phases=site.phases, voltage_v=VOLTAGE_V)
    plant = HonestPlant(
        honest=site,
        inverter=site.inverter,
        storage=site.battery,
        cars=cars,
        circuits=(
            replace(
                main(site.fuse_a, meter_max_age_s=max(30.0, 2.5 * site.meter_s)),
                limit_a=(site.fuse_a,) * site.phases,
            ),
        ),
        site=kind,
        loads={"main": house},
        meter_s=site.meter_s,
        meter_lag_s=site.meter_lag_s,
        tick_s=site.tick_s,
        noise_a=site.noise_a,
        report_s=site.report_s,
        total_only=site.total_only,
        reports_total=site.reports_total,
        decide=judged,
        seed=site.seed,
        settings=Snapshot(now=START, site=kind, circuits=(), policy=policy),
        limits=((600, "main", 5.0),) if lowered else (),
    )
    plant.run(LASTS_S)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_no_reason_contradicts_the_facts(seed: int) -> None:
    """Fast and solar cars, boosts, a fuse that is lowered to 5 A, sun and clouds, batteries, slow meters and chargers."""
    assert _found(seed) == []


def test_what_only_the_sun_would_give_keeps_nobody_waiting() -> None:
    """A car at its minimum on a dark evening claimed the whole circuit by its departure: the next one waited beside 12 A."""
    waiting = car("b", offer_a=0.0, status=ConnectorStatus.PREPARING)
    for policy in Policy:
        snapshot = site(
            car("a", mode=Mode.SOLAR_MIN, offer_a=6.0),
            waiting,
            solar=PowerReading(at=NOW, power_w=0),
            policy=policy,
        )
        assert offers(decided(snapshot))["b"] == 6.0, policy
