"""How much solar power there is for cars."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite

from ..cars.following import drawn_w
from ..memory import ConnectorMemory, Memory
from ..meters.generation import can_supply
from ..model import (
    BatteryReading,
    CircuitState,
    Connector,
    MeterReading,
    PowerReading,
    Snapshot,
)
from ..sharing.capacity import Capacity

# Older readings of solar and battery power say nothing about now.
READING_AGE = timedelta(minutes=5)
# The home battery is held for this long after it last was necessary.
HOLD = timedelta(seconds=60)
# The battery comes first again when it is this far below the state of charge up to which it does: while cars take all of
# the sun it loses a little, and they would stop and start with each percent.
AGAIN_SOC = 2.0
# Smaller differences are within the accuracy of meters.
HOLD_W = 200.0
# The highest charging power of the battery is learned with this time constant, so that a single wrong reading teaches
# little, and forgotten while it takes less than it could: there is solar power that nobody takes.
LEARN_S = 30.0
FORGET_S = 300.0
# How old what a meter reports may be, and for how long the battery's readings are remembered to compare them with it.
METERED = timedelta(seconds=1)
REMEMBERED = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sun:
    """Powers in watts. `surplus_w` is for cars; `own_w` is what is left after the house, before the battery."""

    surplus_w: float
    own_w: float
    measured_w: float  # what is left after the house, with its sign
    lacks_w: float | None  # what house and cars take beside it; None: not measured
    supported: bool  # whether the battery may discharge into cars
    charge_max_w: float  # the highest charging power of the battery so far
    battery_first: bool  # whether its state of charge says so
    batteries: tuple[BatteryReading, ...]  # of the last minute


def sunshine(
    snapshot: Snapshot,
    main: Capacity,
    memory: Memory,
    cars: Iterable[tuple[Connector, ConnectorMemory]],
) -> Sun:
    """Return the solar power that cars may use by the battery's rules, averaged.

    What is left after the house is the same whether the battery takes it, adds to it, or cars do: the grid's power
    without cars, with its sign, and the battery's. Without a grid meter it is the solar power less the
    assumed load.
    """
    solar = _fresh(snapshot.solar, snapshot)
    battery = _plausible(_fresh(snapshot.battery, snapshot), solar, main, snapshot)
    battery_w = battery.power_w if battery else 0.0
    batteries = _batteries(battery, memory, snapshot)
    charge_max_w = _charge_max_w(battery, main, memory, snapshot)
    supported = _may_support(battery, snapshot)
    if main.uncontrolled_w is not None:
        own_w = _own_w(main, batteries, cars, snapshot, memory)
    elif main.circuit.assumed_load_a is not None and solar is not None:
        own_w = solar.power_w - sum(main.uncontrolled_a) * snapshot.site.voltage_v
    else:
        own_w = 0.0
    measured_w = own_w
    if snapshot.battery is not None and battery is None:
        own_w = 0.0  # what looks like solar power may be the battery
    if solar is not None:
        own_w = min(own_w, max(solar.power_w, 0.0))
    first = _is_first(battery, memory, snapshot)
    surplus_w = max(own_w, 0.0)
    if first and battery is not None:
        surplus_w -= _for_battery_w(surplus_w, battery, charge_max_w, snapshot)
    if supported and battery is not None:
        support_w = snapshot.battery_rules.support_w
        surplus_w += max(battery_w, 0.0) if support_w is None else support_w
    return Sun(
        surplus_w=_average_w(max(surplus_w, 0.0), memory, snapshot),
        own_w=max(own_w, 0.0),
        measured_w=measured_w,
        lacks_w=_lacks_w(main, batteries, snapshot),
        supported=supported,
        charge_max_w=charge_max_w,
        battery_first=first,
        batteries=batteries,
    )


def _batteries(
    battery: BatteryReading | None, memory: Memory, snapshot: Snapshot
) -> tuple[BatteryReading, ...]:
    """Return the readings of the battery in the last minute; none while nothing is known of it."""
    if battery is None:
        return ()
    known = tuple(
        one
        for one in memory.batteries
        if one.at < battery.at and snapshot.now - one.at <= REMEMBERED
    )
    return (*known, battery)


def _battery_w(batteries: tuple[BatteryReading, ...], read_at: datetime) -> float:
    """Return what the battery supplied when the meter measured: between its readings before and after that.

    It keeps the grid's power at zero within seconds. If it is read after the meter, it has already answered what the meter
    shows, and both together would count that twice.
    """
    at = read_at - METERED
    before = [one for one in batteries if one.at <= at]
    after = [one for one in batteries if one.at > at]
    if not before or not after:
        return (*before[-1:], *after[:1])[0].power_w if batteries else 0.0
    first, second = before[-1], after[0]
    part = (at - first.at) / (second.at - first.at)
    return first.power_w + (second.power_w - first.power_w) * part


def _own_w(
    main: Capacity,
    batteries: tuple[BatteryReading, ...],
    cars: Iterable[tuple[Connector, ConnectorMemory]],
    snapshot: Snapshot,
    memory: Memory,
) -> float:
    """Return what is left of solar power after the house, with its sign: within what cars and battery may take, nearest to the last."""
    assert main.uncontrolled_w is not None
    reading, read_at = _metered(main, snapshot)
    battery_w = _battery_w(batteries, read_at)
    drawn = None
    if reading is not None and main.state is not CircuitState.METER_LOST:
        drawn = drawn_w(cars, read_at, snapshot)
    if drawn is None or main.measured_w is None:
        return -main.uncontrolled_w - battery_w
    without_w = -main.measured_w - battery_w
    low_w, high_w = without_w + drawn[0], without_w + drawn[1]
    return low_w if memory.own_w is None else min(max(memory.own_w, low_w), high_w)


def _metered(
    main: Capacity, snapshot: Snapshot
) -> tuple[MeterReading | None, datetime]:
    """Return the grid meter's reading, and of when it is."""
    reading = snapshot.meter(main.circuit.id)
    return reading, snapshot.now if reading is None else min(reading.at, snapshot.now)


def _lacks_w(
    main: Capacity, batteries: tuple[BatteryReading, ...], snapshot: Snapshot
) -> float | None:
    """Return what house and cars take beside the sun: what the grid supplies and the battery, with their signs."""
    reading, read_at = _metered(main, snapshot)
    lost = reading is None or main.state is CircuitState.METER_LOST
    if lost or main.measured_w is None or not batteries:
        return None
    return main.measured_w + _battery_w(batteries, read_at)


def _fresh[R: (PowerReading, BatteryReading)](
    reading: R | None, snapshot: Snapshot
) -> R | None:
    if reading is None or not isfinite(reading.power_w):
        return None
    return reading if snapshot.now - reading.at <= READING_AGE else None


def _plausible(
    battery: BatteryReading | None,
    solar: PowerReading | None,
    main: Capacity,
    snapshot: Snapshot,
) -> BatteryReading | None:
    """Return the battery's reading unless it takes more than grid and solar power can supply, or supplies more than flows there."""
    if battery is None or not can_supply(battery.power_w, snapshot):
        return None
    rated_a = main.circuit.rated_a or main.circuit.limit_a
    grid_w = sum(rated_a) * snapshot.site.voltage_v
    # If solar power is not reported, it is at most what the grid connection could export.
    sun_w = grid_w if solar is None else max(solar.power_w, 0.0)
    return battery if -battery.power_w <= grid_w + sun_w else None


def _charge_max_w(
    battery: BatteryReading | None, main: Capacity, memory: Memory, snapshot: Snapshot
) -> float:
    """Return the highest charging power of the battery, as far as it was observed."""
    known_w = memory.battery_charge_w
    if battery is None:
        return known_w
    takes_w = max(-battery.power_w, 0.0)
    if memory.at is None:
        return max(known_w, takes_w)
    exports = main.measured_w is not None and main.measured_w < -HOLD_W
    if takes_w < known_w and not (exports and takes_w > HOLD_W):
        return known_w
    elapsed_s = max((snapshot.now - memory.at).total_seconds(), 0.0)
    constant_s = LEARN_S if takes_w > known_w else FORGET_S
    return known_w + (takes_w - known_w) * elapsed_s / (elapsed_s + constant_s)


def _may_support(battery: BatteryReading | None, snapshot: Snapshot) -> bool:
    above_soc = snapshot.battery_rules.support_above_soc
    if battery is None or battery.soc is None or above_soc is None:
        return False
    return battery.soc > above_soc


def _is_first(
    battery: BatteryReading | None, memory: Memory, snapshot: Snapshot
) -> bool:
    """Whether the battery goes before the cars: until it is charged as far as it is to be."""
    if battery is None:
        return memory.battery_first  # its reading is late
    if battery.soc is None:
        return snapshot.battery_rules.battery_first_below_soc > 0
    up_to_soc = min(snapshot.battery_rules.battery_first_below_soc, 100.0)
    if not memory.battery_first:
        up_to_soc -= AGAIN_SOC
    return battery.soc < up_to_soc


def _for_battery_w(
    own_w: float, battery: BatteryReading, charge_max_w: float, snapshot: Snapshot
) -> float:
    """Return which part of solar power is that of a battery that goes first."""
    rules = snapshot.battery_rules
    if rules.charge_max_w is None:
        most_w = max(charge_max_w, -battery.power_w)
    else:
        most_w = rules.charge_max_w
    return min(own_w * (1.0 - rules.car_share), most_w)


def _average_w(surplus_w: float, memory: Memory, snapshot: Snapshot) -> float:
    """Return the running average of the surplus, which falls faster than it rises."""
    if memory.surplus_w is None or memory.at is None:
        return surplus_w
    tuning = snapshot.tuning
    falls = surplus_w < memory.surplus_w
    constant_s = (tuning.average_down_s if falls else tuning.average_s) or 0.0
    elapsed_s = max((snapshot.now - memory.at).total_seconds(), 0.0)
    if constant_s <= 0:
        return surplus_w
    weight = elapsed_s / (elapsed_s + constant_s)
    return memory.surplus_w + (surplus_w - memory.surplus_w) * weight


def hold_battery(
    sun: Sun, cars_w: float, snapshot: Snapshot, memory: Memory
) -> tuple[bool, datetime | None]:
    """Return whether to prevent the battery from discharging, and when that last was necessary.

    It is, while cars take more than the solar power and the battery is not to support them.
    """
    if not snapshot.battery_rules.hold or snapshot.battery is None or sun.supported:
        return False, None
    if cars_w > sun.own_w + HOLD_W:
        return True, snapshot.now
    needed_at = memory.hold_needed_at
    return needed_at is not None and snapshot.now - needed_at < HOLD, needed_at
