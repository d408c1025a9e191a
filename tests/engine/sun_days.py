"""Days of sun: a site whose meter shows a power, a car that waits for the sun, and what the engine decides as it changes."""

from dataclasses import replace
from typing import Any

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    BatteryReading,
    Connector,
    Decision,
    Mode,
    PowerReading,
    Snapshot,
)
from custom_components.sunfuse.engine.tuning import BatteryRules, Tuning

from .common import MAIN, NOW, car, later, site

AUTOMATIC = Tuning()
# What a user may set by hand, which means what it says.
NUMBERS = Tuning(
    start_delay_s=60,
    stop_delay_s=180,
    stop_import_w=0,
    average_s=30,
    average_down_s=10,
    min_on_s=180,
    min_off_s=60,
    dead_band=0.05,
    dead_band_a=1,
    ramp_a_per_s=1,
    to_one_phase_s=120,
    to_three_phases_s=300,
)


def balance(
    grid_w: float,
    *connectors: Connector,
    solar_w: float | None = 20_000,
    battery_w: float | None = None,
    soc: float | None = 50.0,
    tuning: Tuning = NUMBERS,
    **changes: Any,
) -> Snapshot:
    """Return a site whose meter shows this power, evenly on three phases, besides the cars."""
    return site(
        *connectors,
        house_a=(grid_w / 690,) * 3,
        solar=None if solar_w is None else PowerReading(at=NOW, power_w=solar_w),
        battery=None
        if battery_w is None
        else BatteryReading(at=NOW, power_w=battery_w, soc=soc),
        circuits=(replace(MAIN, limit_a=(80,) * 3),),
        tuning=tuning,
        **changes,
    )


FIRST = BatteryRules(battery_first_below_soc=80)


class Day:
    """A site that is decided on every five seconds, whose cars follow."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Begin with this snapshot."""
        self.snapshot = snapshot
        self.memory = Memory()
        self.decision, self.memory = decide(snapshot, self.memory)

    def run(self, seconds: int, grid_w: float | None = None) -> Decision:
        """Let so many seconds pass, with another power of the grid besides the cars."""
        for _ in range(seconds // 5):
            self.snapshot = later(self.snapshot, 5, self.decision)
            if grid_w is not None:
                drawn = [
                    sum((c.draw_a or (0, 0, 0))[p] for c in self.snapshot.connectors)
                    for p in range(3)
                ]
                name, reading = self.snapshot.meters[0]
                load = tuple(grid_w / 690 + a for a in drawn)
                self.snapshot = replace(
                    self.snapshot, meters=((name, replace(reading, current_a=load)),)
                )
            self.decision, self.memory = decide(self.snapshot, self.memory)
        return self.decision


def waiting(name: str = "a", **changes: Any) -> Connector:
    """Return a car that waits for the sun."""
    return car(name, **{"mode": Mode.SOLAR, "offer_a": 0.0, **changes})
