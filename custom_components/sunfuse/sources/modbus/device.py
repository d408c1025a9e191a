"""A Modbus device: its readings, their registers, and how to recognise it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
import math

from .registers import Image, Register, ValueType


class DeviceKind(StrEnum):
    """What a device is."""

    METER = "meter"
    INVERTER = "inverter"
    BATTERY = "battery"
    # An inverter with battery and grid meter, or a controller that represents all of them.
    SYSTEM = "system"


class Quantity(StrEnum):
    """What a reading measures. Powers and currents of the grid are positive on import, of a battery on discharge."""

    # What a meter measures where it is installed; for an inverter, at its own terminals, positive on production.
    POWER = "power"
    POWER_L1 = "power_l1"
    POWER_L2 = "power_l2"
    POWER_L3 = "power_l3"
    CURRENT_L1 = "current_l1"
    CURRENT_L2 = "current_l2"
    CURRENT_L3 = "current_l3"
    VOLTAGE_L1 = "voltage_l1"
    VOLTAGE_L2 = "voltage_l2"
    VOLTAGE_L3 = "voltage_l3"
    FREQUENCY = "frequency"
    ENERGY_IMPORT = "energy_import"
    ENERGY_EXPORT = "energy_export"
    SOLAR_POWER = "solar_power"
    SOLAR_ENERGY = "solar_energy"
    BATTERY_POWER = "battery_power"
    BATTERY_SOC = "battery_soc"
    # What an inverter or a system knows of the grid connection from a meter of its own.
    GRID_POWER = "grid_power"
    GRID_POWER_L1 = "grid_power_l1"
    GRID_POWER_L2 = "grid_power_l2"
    GRID_POWER_L3 = "grid_power_l3"
    GRID_CURRENT_L1 = "grid_current_l1"
    GRID_CURRENT_L2 = "grid_current_l2"
    GRID_CURRENT_L3 = "grid_current_l3"
    LOAD_POWER = "load_power"
    TEMPERATURE = "temperature"

    @property
    def dimension(self) -> Dimension:
        """Return what kind of quantity it is."""
        if self in (Quantity.BATTERY_SOC, Quantity.FREQUENCY, Quantity.TEMPERATURE):
            return Dimension(self.value)
        words = self.value.split("_")
        return next(d for d in Dimension if d.value in words)


class Dimension(StrEnum):
    """What a quantity is measured in: W, A, V, Wh, Hz, percent or degrees Celsius."""

    POWER = "power"
    CURRENT = "current"
    VOLTAGE = "voltage"
    ENERGY = "energy"
    FREQUENCY = "frequency"
    BATTERY_SOC = "battery_soc"
    TEMPERATURE = "temperature"


# The units that a device may use, and how many of ours each is.
UNITS: Mapping[Dimension, Mapping[str, float]] = {
    Dimension.POWER: {"W": 1, "kW": 1e3, "MW": 1e6},
    Dimension.CURRENT: {"A": 1, "mA": 1e-3},
    Dimension.VOLTAGE: {"V": 1, "mV": 1e-3, "kV": 1e3},
    Dimension.ENERGY: {"Wh": 1, "kWh": 1e3, "MWh": 1e6},
    Dimension.FREQUENCY: {"Hz": 1},
    Dimension.BATTERY_SOC: {"%": 1},
    Dimension.TEMPERATURE: {"°C": 1},
}

# Impossible for a home or a small business: a wrong register, a wrong order of words, a broken device.
PLAUSIBLE: Mapping[Dimension, tuple[float, float]] = {
    Dimension.POWER: (-2e6, 2e6),
    Dimension.CURRENT: (-4000, 4000),
    Dimension.VOLTAGE: (0, 1000),
    Dimension.ENERGY: (0, 1e12),
    Dimension.FREQUENCY: (0, 100),
    Dimension.BATTERY_SOC: (0, 100),
    Dimension.TEMPERATURE: (-60, 200),
}

# SunSpec Information Model Specification, section on sunssf: -10 to 10; 0x8000 where there is none.
LARGEST_EXPONENT = 10


class Parity(StrEnum):
    """The parity bit of a serial line, by the letters that pyserial knows."""

    NONE = "N"
    EVEN = "E"
    ODD = "O"


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialSettings:
    """The speed and the form of the bytes on a serial line."""

    baudrate: int = 9600
    parity: Parity = Parity.NONE
    stop_bits: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One value of a device, times a factor that converts it to our unit and sign."""

    register: Register
    factor: float = 1.0
    # A register with an exponent of ten that also scales the value.
    scale_register: Register | None = None
    # The bits, as one unsigned number, that mean that the device does not know the value.
    not_available: frozenset[int] = frozenset()
    # The value to use when the device does not know it, for parts that it may lack.
    default: float | None = None
    # The bits that mean that the device sleeps: nothing flows.
    asleep: frozenset[int] = frozenset()

    @property
    def registers(self) -> tuple[Register, ...]:
        """Return the registers to read."""
        return tuple(r for r in (self.register, self.scale_register) if r)

    def value(self, image: Image) -> float | None:
        """Return the value in our unit and sign, None if it is not known."""
        words = self.register.words(image)
        if words is None:
            return None
        bits = self.register.bits(words)
        if bits in self.asleep:
            return 0.0
        if bits in self.not_available:
            return self.default
        number = self.register.number(words)
        if not math.isfinite(number):
            return self.default
        exponent = self._exponent(image)
        return None if exponent is None else number * self.factor * 10.0**exponent

    def _exponent(self, image: Image) -> int | None:
        if self.scale_register is None:
            return 0
        words = self.scale_register.words(image)
        if words is None:
            return None
        exponent = int(self.scale_register.number(words))
        return exponent if abs(exponent) <= LARGEST_EXPONENT else None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityReading:
    """A quantity: the sum of its terms."""

    terms: tuple[Term, ...]
    # The power whose sign a current without a sign takes.
    signed_by: Quantity | None = None
    between: tuple[float, float]
    # Its register in older firmware.
    otherwise: Alternative | None = None
    # What the device must report for this to be valid: many show 0 for a meter that they cannot reach.
    valid_if: tuple[Condition, ...] = ()

    @property
    def registers(self) -> Iterator[Register]:
        """Yield the registers to read."""
        for term in self.terms:
            yield from term.registers
        for condition in self.valid_if:
            yield condition.register

    def value(self, image: Image) -> float | None:
        """Return the sum of the terms, None if one is not known or the device reports that they are not valid."""
        if not all(condition.holds(image) for condition in self.valid_if):
            return None
        values = [term.value(image) for term in self.terms]
        known = [value for value in values if value is not None]
        return sum(known) if len(known) == len(values) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A second register of a quantity: used if the device refuses the first, or if a condition says so."""

    reading: QuantityReading
    when: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The value that a register must have for a device to be of this kind. Exactly one of the four is given."""

    register: Register
    one_of: tuple[float | str, ...] = ()
    between: tuple[float, float] | None = None
    starts_with: str | None = None
    contains: str | None = None

    def holds(self, image: Image) -> bool:
        """Whether the registers that were read fulfil it. Unread registers do not."""
        words = self.register.words(image)
        if words is None:
            return False
        if self.register.type is ValueType.STRING:
            text = self.register.text(words)
            if self.starts_with is not None:
                return text.startswith(self.starts_with)
            if self.contains is not None:
                return self.contains in text
            return text in self.one_of
        number = self.register.number(words)
        if self.between is not None:
            low, high = self.between
            return low <= number <= high
        return number in self.one_of


class Information(StrEnum):
    """What a device reports about itself, for its page in Home Assistant."""

    MANUFACTURER = "manufacturer"
    MODEL = "model"
    SERIAL_NUMBER = "serial_number"
    VERSION = "version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A kind of device: everything that is needed to read one."""

    # The file's name; a user's own begin with "user/", discovered ones with "sunspec/".
    id: str
    name: str
    manufacturer: str
    kind: DeviceKind
    source: str
    serial: SerialSettings | None = None
    unit_ids: tuple[int, ...] = (1,)
    # The limits of one request. Modbus Application Protocol 1.1b3, section 6.3: at most 125.
    most_registers: int = 125
    # Whether unknown registers in between may be read as well.
    gaps: bool = False
    # How often the device may be polled, and the pause that it needs between two requests.
    interval_s: float = 1.0
    pause_s: float = 0.0
    identify: tuple[Condition, ...] = ()
    information: Mapping[Information, Register] = field(default_factory=dict)
    readings: Mapping[Quantity, QuantityReading] = field(default_factory=dict)
    # False if the device describes itself, and refused a part of that: it may have more readings.
    whole: bool = True

    def values(
        self, image: Image, readings: Mapping[Quantity, QuantityReading] | None = None
    ) -> dict[Quantity, float | None]:
        """Return the value of each quantity from the registers, None if unknown. It may be wrong; see `plausible`.

        `readings` are those in use, if a device has some of them in a second register.
        """
        readings = {**self.readings, **(readings or {})}
        plain = {
            quantity: reading.value(image) for quantity, reading in readings.items()
        }
        return {
            quantity: _signed(value, plain[sign])
            if (sign := readings[quantity].signed_by)
            else value
            for quantity, value in plain.items()
        }

    def plausible(self, quantity: Quantity, value: float) -> bool:
        """Whether a value is possible."""
        low, high = self.readings[quantity].between
        return low <= value <= high


def _signed(value: float | None, sign: float | None) -> float | None:
    """Return a current with the direction of its power; unknown without that."""
    if value is None or sign is None:
        return None
    return -abs(value) if sign < 0 else abs(value)
