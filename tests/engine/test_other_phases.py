"""A site that has another number of phases from now on: what was remembered of each phase is of another site."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    Circuit,
    Decision,
    MeterReading,
    Site,
    Snapshot,
)
from custom_components.sunfuse.engine.stored_items import Stored
from custom_components.sunfuse.engine.stored_memory import read_memory

from .common import NOW, car, offers


def _site(phases: int, at_s: int, *, metered: bool, total_only: bool) -> Snapshot:
    """Return a site of so many phases with a car that draws 10 A, one that is out of reach, and a house of 1 A."""
    now, used = NOW + timedelta(seconds=at_s), tuple(range(phases))
    one = replace(
        car("a", offer_a=10.0, switches_phases=phases > 1),
        phases=used,
        draw_a=(10.0,) * phases,
        draw_at=now,
    )
    away = replace(
        car("b", offer_a=10.0, reachable=False), phases=used, draw_a=None, draw_at=None
    )
    level_a = 11.0 + at_s % 7 / 10
    reading = MeterReading(at=now, current_a=(level_a,) * phases)
    if total_only:
        reading = MeterReading(at=now, power_w=level_a * phases * 230)
    limits = (25.0,) * phases
    return Snapshot(
        now=now,
        site=Site(phases=phases, voltage_v=230),
        circuits=(
            Circuit(id="main", name="Main", parent=None, limit_a=limits, margin_a=1),
            Circuit(id="sub", name="Sub", parent="main", limit_a=limits),
        ),
        meters=(("main", reading), ("sub", reading)) if metered else (),
        connectors=(one, replace(away, circuit="sub")),
    )


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("total_only", [False, True])
@pytest.mark.parametrize("metered", [True, False])
@pytest.mark.parametrize(("before", "after"), [(3, 1), (1, 3)])
def test_another_number_of_phases(
    before: int, after: int, metered: bool, total_only: bool, stored: bool
) -> None:
    """The car goes on, and no decision fails: neither in the running engine nor after a restart."""
    memory = Memory()
    for at_s in range(0, 200, 2):
        known = _site(before, at_s, metered=True, total_only=total_only)
        _, memory = decide(known, memory)
    if stored:
        memory = read_memory(Stored(memory.to_dict()), after)
    decision: Decision | None = None
    for at_s in range(200, 400, 2):
        known = _site(after, at_s, metered=metered, total_only=total_only)
        decision, memory = decide(known, memory)
    assert decision is not None
    assert offers(decision)["a"] >= 6
