"""A battery or an inverter that keeps the meter at zero: a coarse meter then shows the same, whatever cars do.

Such a regulator keeps each phase at zero, or the total. With the total, a battery that supplies the same on each phase leaves
what the phases differ by, and that is the same for as long as the house takes the same. A meter that shows tenths
trembles all the same, and one that stands still has failed.
"""

from dataclasses import dataclass
from datetime import datetime

from ..memory import CircuitMemory
from ..model import BatteryReading, MeterReading, PerPhase, PowerReading, Snapshot
from .generation import GENERATED, can_supply

# A meter that shows less shows nothing. Even beside solar power, one below a charging car does not show exactly zero.
ZERO_A = 0.05
# A meter that has changed by less is not coarse.
COARSE_A = 0.2
# Regulators keep within 50 to 100 W of zero, and whole amperes are rounded.
AT_ZERO_A = 1.0
TOTAL_AT_ZERO_A = 2.0


def balanced(
    reading: MeterReading, past: CircuitMemory, snapshot: Snapshot
) -> tuple[bool, ...]:
    """Return for each value of a meter whether it may rightly stand still while cars change: also of one that never changed yet."""
    flows = values_of(reading, snapshot)
    fine = past.finest_a is not None and past.finest_a < COARSE_A
    if fine or not _regulates(snapshot):
        return (False,) * len(flows)
    if abs(sum(flows)) <= TOTAL_AT_ZERO_A:
        return (True,) * len(flows)
    return tuple(abs(a) <= AT_ZERO_A for a in flows)


def values_of(reading: MeterReading, snapshot: Snapshot) -> PerPhase:
    """Return what a meter shows in amperes: of each phase, or in all if it knows no more."""
    if reading.current_a is not None:
        return reading.current_a
    return ((reading.power_w or 0.0) / snapshot.site.voltage_v,)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSupply:
    """What panels and battery supply in all, on one phase; negative while they are charged."""

    current_a: float
    at: datetime  # of the oldest reading


def supply_of(snapshot: Snapshot) -> LocalSupply | None:
    """Return what panels and battery supply by their readings; None if nothing is known."""
    known = _readings(snapshot)
    if not known:
        return None
    return LocalSupply(
        current_a=sum(one.power_w for one in known) / snapshot.site.voltage_v,
        at=min(one.at for one in known),
    )


def _regulates(snapshot: Snapshot) -> bool:
    """Whether panels or a battery report that they supply something, or are charged."""
    return any(one.power_w != 0 for one in _readings(snapshot))


def _readings(snapshot: Snapshot) -> list[PowerReading | BatteryReading]:
    return [
        one
        for one in (snapshot.solar, snapshot.battery)
        if one is not None
        and snapshot.now - one.at <= GENERATED
        and can_supply(abs(one.power_w), snapshot)
    ]
