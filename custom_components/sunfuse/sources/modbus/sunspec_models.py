"""The offsets of values in SunSpec's models, from a model's first register, which holds its id.

SunSpec Alliance, Information Model Reference (the JSON files of github.com/sunspec/models).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from .device import Quantity
from .registers import NUMBERS, ValueType

COMMON = 1
STORAGE = 124
MODULES = 160
CAPACITY = 713
PORTS = 714
BATTERY = 802


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A value of a model, and the register of its exponent of ten."""

    offset: int
    type: ValueType
    scale: int | None = None

    @property
    def count(self) -> int:
        """Return how many registers it takes."""
        return NUMBERS[self.type][1]


# What a device reports for a value that it does not implement: Device Information Model Specification, section 4.2.
NOT_IMPLEMENTED: Mapping[ValueType, int] = {
    ValueType.INT16: 0x8000,
    ValueType.UINT16: 0xFFFF,
    ValueType.UINT32: 0xFFFFFFFF,
    ValueType.UINT64: 0xFFFFFFFFFFFFFFFF,
    # Any NaN will do for a float; this is the one that the specification names.
    ValueType.FLOAT32: 0x7FC00000,
}


def _integer(offset: int, scale: int) -> Point:
    return Point(offset=offset, type=ValueType.INT16, scale=scale)


def _unsigned(offset: int, scale: int) -> Point:
    return Point(offset=offset, type=ValueType.UINT16, scale=scale)


def _counter(offset: int, scale: int) -> Point:
    return Point(offset=offset, type=ValueType.UINT32, scale=scale)


def _float(offset: int) -> Point:
    return Point(offset=offset, type=ValueType.FLOAT32)


type Points = Mapping[Quantity, Point]

# Models 101, 102 and 103 are one map for one, two and three phases, as are 111, 112 and 113.
_INVERTER: Points = {
    Quantity.POWER: _integer(14, 15),
    Quantity.CURRENT_L1: _unsigned(3, 6),
    Quantity.CURRENT_L2: _unsigned(4, 6),
    Quantity.CURRENT_L3: _unsigned(5, 6),
    Quantity.VOLTAGE_L1: _unsigned(10, 13),
    Quantity.VOLTAGE_L2: _unsigned(11, 13),
    Quantity.VOLTAGE_L3: _unsigned(12, 13),
    Quantity.FREQUENCY: _unsigned(16, 17),
    Quantity.SOLAR_ENERGY: _counter(24, 26),
    Quantity.TEMPERATURE: _integer(33, 37),
}
_INVERTER_FLOAT: Points = {
    Quantity.POWER: _float(22),
    Quantity.CURRENT_L1: _float(4),
    Quantity.CURRENT_L2: _float(6),
    Quantity.CURRENT_L3: _float(8),
    Quantity.VOLTAGE_L1: _float(16),
    Quantity.VOLTAGE_L2: _float(18),
    Quantity.VOLTAGE_L3: _float(20),
    Quantity.FREQUENCY: _float(24),
    Quantity.SOLAR_ENERGY: _float(32),
    Quantity.TEMPERATURE: _float(40),
}
# Of models 101 to 103: what comes from the sun and from a battery at the same inputs.
DC_POWER = _integer(31, 32)
WITH_DC_POWER = frozenset((101, 102, 103))
# Model 701, of IEEE 1547-2018: its wiring gives the number of phases.
WIRING = Point(offset=2, type=ValueType.UINT16)
PHASES_BY_WIRING = {0: 1, 1: 2, 2: 3}
DER_AC = 701
_DER: Points = {
    Quantity.POWER: _integer(10, 116),
    Quantity.CURRENT_L1: _integer(45, 113),
    Quantity.CURRENT_L2: _integer(68, 113),
    Quantity.CURRENT_L3: _integer(91, 113),
    Quantity.VOLTAGE_L1: _unsigned(47, 114),
    Quantity.VOLTAGE_L2: _unsigned(70, 114),
    Quantity.VOLTAGE_L3: _unsigned(93, 114),
    Quantity.FREQUENCY: Point(offset=17, type=ValueType.UINT32, scale=115),
    Quantity.SOLAR_ENERGY: Point(offset=19, type=ValueType.UINT64, scale=120),
    Quantity.TEMPERATURE: _integer(36, 122),
}
# Models 201 to 204 and 211 to 214 are one map each: one phase, split phase, star and delta.
_METER: Points = {
    Quantity.POWER: _integer(18, 22),
    Quantity.POWER_L1: _integer(19, 22),
    Quantity.POWER_L2: _integer(20, 22),
    Quantity.POWER_L3: _integer(21, 22),
    Quantity.CURRENT_L1: _integer(3, 6),
    Quantity.CURRENT_L2: _integer(4, 6),
    Quantity.CURRENT_L3: _integer(5, 6),
    Quantity.VOLTAGE_L1: _integer(8, 15),
    Quantity.VOLTAGE_L2: _integer(9, 15),
    Quantity.VOLTAGE_L3: _integer(10, 15),
    Quantity.FREQUENCY: _integer(16, 17),
    Quantity.ENERGY_EXPORT: _counter(38, 54),
    Quantity.ENERGY_IMPORT: _counter(46, 54),
}
_METER_FLOAT: Points = {
    Quantity.POWER: _float(28),
    Quantity.POWER_L1: _float(30),
    Quantity.POWER_L2: _float(32),
    Quantity.POWER_L3: _float(34),
    Quantity.CURRENT_L1: _float(4),
    Quantity.CURRENT_L2: _float(6),
    Quantity.CURRENT_L3: _float(8),
    Quantity.VOLTAGE_L1: _float(12),
    Quantity.VOLTAGE_L2: _float(14),
    Quantity.VOLTAGE_L3: _float(16),
    Quantity.FREQUENCY: _float(26),
    Quantity.ENERGY_EXPORT: _float(60),
    Quantity.ENERGY_IMPORT: _float(68),
}
# A device that has both, as KOSTAL's do, is read with floating-point numbers.
INVERTERS: Mapping[int, Points] = {
    113: _INVERTER_FLOAT,
    112: _INVERTER_FLOAT,
    111: _INVERTER_FLOAT,
    103: _INVERTER,
    102: _INVERTER,
    101: _INVERTER,
    DER_AC: _DER,
}
# Model 1: the purpose of a device, in its maker's words; SolarEdge's meters name their location.
OPTION = 34
OPTION_LENGTH = 8
METERS: Mapping[int, Points] = {
    **dict.fromkeys((211, 212, 213, 214), _METER_FLOAT),
    **dict.fromkeys((201, 202, 203, 204), _METER),
}
# A delta has no neutral, so there are no voltages to it.
DELTA = frozenset((204, 214))
PHASES: Mapping[int, int] = {
    **dict.fromkeys((101, 111, 201, 211), 1),
    **dict.fromkeys((102, 112, 202, 212), 2),
    **dict.fromkeys((103, 113, 203, 204, 213, 214), 3),
}

STORAGE_SOC = _unsigned(8, 22)
BATTERY_SOC = _unsigned(11, 56)
BATTERY_POWER = _integer(47, 63)
CAPACITY_RATING = Point(offset=2, type=ValueType.UINT16)
CAPACITY_SOC = _unsigned(4, 8)

# Model 160: inputs of direct current, in repeated groups.
MODULE_COUNT = Point(offset=8, type=ValueType.UINT16)
MODULE_START = 10
MODULE_LENGTH = 20
MODULE_NAME_LENGTH = 8
MODULE_POWER = 11
MODULE_POWER_SCALE = 4

# Model 714: ports of direct current, likewise.
PORT_COUNT = Point(offset=4, type=ValueType.UINT16)
PORT_START = 20
PORT_LENGTH = 25
PORT_POWER = 12
PORT_POWER_SCALE = 17
PORT_SOLAR = 0
PORT_STORAGE = 1

# All models with useful content; others are skipped.
KNOWN = (
    frozenset((COMMON, STORAGE, MODULES, CAPACITY, PORTS, BATTERY))
    | INVERTERS.keys()
    | METERS.keys()
)
