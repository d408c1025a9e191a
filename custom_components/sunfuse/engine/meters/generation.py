"""What panels and battery supply, by readings that are possible and of now."""

from datetime import datetime, timedelta
import math

from ..model import Snapshot

# Generation that was reported earlier says nothing about now.
GENERATED = timedelta(seconds=120)


def generated_w(snapshot: Snapshot, *, since: datetime | None = None) -> float:
    """Return the generation of the site, by readings no older than `since`; impossible ones count as none."""
    readings = (snapshot.solar, snapshot.battery)
    return sum(
        max(reading.power_w, 0.0)
        for reading in readings
        if reading is not None
        and (since is None or reading.at >= since)
        and can_supply(reading.power_w, snapshot)
    )


def can_supply(power_w: float, snapshot: Snapshot) -> bool:
    """Whether panels or a battery can supply this much: what the main fuse carries feeds the grid, and as much the site."""
    root = next(circuit for circuit in snapshot.circuits if circuit.parent is None)
    fuse_w = sum(root.rated_a or root.limit_a) * snapshot.site.voltage_v
    return math.isfinite(power_w) and power_w <= 2 * fuse_w


def lowest_a(snapshot: Snapshot) -> float:
    """Return the lowest load (negative) that a phase can have: all generation of the site feeds it.

    A site that reports no generation has none: what looks like it is a car that stopped since its last report.
    """
    since = snapshot.now - GENERATED
    return -generated_w(snapshot, since=since) / snapshot.site.voltage_v
