"""How long one decision takes: `python -m benchmarks.engine`.

Sites of 1 to 1000 connectors in 1 to 50 circuits, all of them contested: every car wants all that it can have, half of
the cars tell their draw at every tick. Printed is the processor time, median and worst, of some ticks on one core.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
import sys
from time import process_time

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    Circuit,
    Connector,
    ConnectorStatus,
    MeterReading,
    Mode,
    PowerReading,
    Site,
    Snapshot,
)
from custom_components.sunfuse.engine.tuning import Policy

START = datetime(2026, 6, 21, 10, tzinfo=UTC)
SIZES = ((1, 1), (10, 2), (50, 5), (200, 20), (1000, 50))
# Milliseconds that one decision may take on one core.
TARGETS = {50: 2.0, 1000: 50.0}


def site(connectors: int, circuits: int, policy: Policy) -> Snapshot:
    """Return a site whose circuits are three deep: main, panels, feeders."""
    per_circuit = -(-connectors // circuits)
    panels = max(1, circuits // 5)
    tree = [
        Circuit(
            id="main",
            name="Main fuse",
            parent=None,
            limit_a=(8.0 * connectors + 10,) * 3,
            margin_a=1,
        )
    ]
    for number in range(1, circuits):
        panel = number <= panels
        share = per_circuit * (circuits / panels if panel else 1)
        tree.append(
            Circuit(
                id=f"circuit {number}",
                name=f"Circuit {number}",
                parent="main" if panel else f"circuit {number % panels + 1}",
                limit_a=(10.0 * share + 6,) * 3,
                assumed_load_a=(1.0, 2.0, 0.5),
            )
        )
    modes = (Mode.FAST, Mode.FAST, Mode.SOLAR_MIN, Mode.SOLAR)
    phases: tuple[tuple[int, ...], ...] = ((0, 1, 2), (1, 2, 0), (2,), (0, 1, 2), (1,))
    return Snapshot(
        now=START,
        site=Site(phases=3, voltage_v=230.0),
        circuits=tuple(tree),
        solar=PowerReading(at=START, power_w=2000.0 * connectors),
        policy=policy,
        connectors=tuple(
            Connector(
                id=f"charger {number}",
                circuit=tree[number % len(tree)].id,
                phases=phases[number % len(phases)],
                max_a=16.0 if number % 3 else 32.0,
                mode=modes[number % len(modes)],
                status=ConnectorStatus.CHARGING,
                priority=1 + number % 10,
                energy_needed_wh=1000.0 * (number % 40),
                departure=START + timedelta(minutes=10 * (number % 50)),
                connected_at=START - timedelta(minutes=number % 70),
            )
            for number in range(connectors)
        ),
    )


def tick(snapshot: Snapshot, offers: dict[str, float], number: int) -> Snapshot:
    """Return the site five seconds later: cars follow, and the meters have moved."""
    now = START + timedelta(seconds=5 * number)
    connectors = []
    load = [3.0 + number % 4, 5.0 + number % 3, 2.0]
    for place, connector in enumerate(snapshot.connectors):
        offer_a = offers.get(connector.id, 0.0)
        drawn = [0.0, 0.0, 0.0]
        for phase in connector.phases:
            drawn[phase] = max(offer_a - 0.3, 0.0)
            load[phase] += drawn[phase]
        changed = (place + number) % 2 == 0 or connector.draw_at is None
        connectors.append(
            replace(
                connector,
                offer_a=offer_a,
                offered_at=now - timedelta(seconds=3),
                draw_a=tuple(drawn) if changed else connector.draw_a,
                draw_at=now if changed else connector.draw_at,
            )
        )
    meter = MeterReading(at=now, current_a=(load[0], load[1], load[2]))
    return replace(
        snapshot, now=now, meters=(("main", meter),), connectors=tuple(connectors)
    )


def measure(connectors: int, circuits: int, policy: Policy) -> tuple[float, float]:
    """Return the median and the worst time of a decision, in milliseconds."""
    snapshot, memory = site(connectors, circuits, policy), Memory()
    offers: dict[str, float] = {}
    times = []
    for number in range(max(12, 400 // connectors)):
        snapshot = tick(snapshot, offers, number)
        begun = process_time()
        decision, memory = decide(snapshot, memory)
        times.append((process_time() - begun) * 1000)
        offers = {c.id: c.offer_a for c in decision.connectors}
    return median(times), max(times)


def main() -> int:
    """Print the table, and fail where a target is missed."""
    late = 0
    medians = []
    print("connectors  circuits  policy      median ms  worst ms")
    for connectors, circuits in SIZES:
        for policy in Policy:
            middle, worst = measure(connectors, circuits, policy)
            target = TARGETS.get(connectors)
            verdict = ""
            if target is not None:
                late += middle > target
                verdict = f"  target {target:g}"
            if policy is Policy.EQUAL:
                medians.append((connectors, middle))
            print(
                f"{connectors:10}  {circuits:8}  {policy:10}  {middle:9.2f}"
                f"  {worst:8.2f}{verdict}"
            )
    for (few, before), (many, after) in pairwise(medians):
        print(f"{few} to {many} connectors: {after / before:.1f} times as long")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
