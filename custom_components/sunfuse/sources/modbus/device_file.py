"""The format of device files: turns a file into a Device, or into an error that explains what would be right."""

from pathlib import Path
import re
from typing import Any

from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.yaml import parse_yaml

from .device import (
    PLAUSIBLE,
    UNITS,
    Alternative,
    Condition,
    Device,
    DeviceKind,
    Information,
    Parity,
    Quantity,
    QuantityReading,
    SerialSettings,
    Term,
)
from .fields import DeviceFileError, Fields, hint
from .registers import NUMBERS, Order, Register, RegisterTable, ValueType, register

_TEXT = re.compile(r"string\((\d+)\)")
_LARGEST_ADDRESS = 0xFFFF
# Modbus Application Protocol 1.1b3, section 6.3.
_MOST_REGISTERS = 125
_PARITIES = {"none": Parity.NONE, "even": Parity.EVEN, "odd": Parity.ODD}


def load_device(path: Path, prefix: str = "") -> Device:
    """Return the device of a file. Reads the file, so not on the event loop. Raises DeviceFileError."""
    try:
        content = parse_yaml(path.read_text(encoding="utf-8"))
    except RecursionError as err:
        problem = "there are too many lists or mappings inside each other"
        raise DeviceFileError(path.name, "", f"cannot be read: {problem}") from err
    except (HomeAssistantError, OSError, UnicodeDecodeError) as err:
        problem = " ".join(str(err).split())
        raise DeviceFileError(path.name, "", f"cannot be read: {problem}") from err
    return parse_device(content, file=path.name, device_id=f"{prefix}{path.stem}")


def parse_device(content: Any, *, file: str, device_id: str) -> Device:
    """Return the device that a file's content describes. Raises DeviceFileError."""
    return _Parser(Fields(file, "", content)).device(device_id)


class _Parser:
    """Reads a file from top to bottom. The order of bytes and words applies to all of its registers."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._byte_order = fields.one_of("byte_order", Order, Order.BIG)
        self._word_order = fields.one_of("word_order", Order, Order.BIG)

    def device(self, device_id: str) -> Device:
        fields = self._fields
        device = Device(
            id=device_id,
            name=fields.text("name"),
            manufacturer=fields.text("manufacturer"),
            kind=fields.one_of("kind", DeviceKind, None),
            source=fields.text("source"),
            serial=self._serial(),
            unit_ids=self._unit_ids(),
            most_registers=fields.integer(
                "most_registers", 1, _MOST_REGISTERS, _MOST_REGISTERS
            ),
            gaps=fields.flag("gaps"),
            interval_s=self._seconds("interval_s", 1.0, 0.1, 3600),
            pause_s=self._seconds("pause_s", 0.0, 0.0, 5),
            identify=fields.items("identify", self._condition),
            information=self._information(),
            readings=self._readings(),
        )
        fields.done()
        return device

    def _seconds(self, name: str, default: float, low: float, high: float) -> float:
        value = self._fields.number(name, default)
        if value is None or not low <= value <= high:
            raise self._fields.error(
                name, f"must be {low:g} to {high:g} seconds, not {value}"
            )
        return value

    def _serial(self) -> SerialSettings | None:
        fields = self._fields.inner("serial")
        if fields is None:
            return None
        parity = fields.take("parity")
        if parity is None:
            parity = "none"
        if not isinstance(parity, str) or parity not in _PARITIES:
            raise fields.error(
                "parity", f"must be one of {', '.join(_PARITIES)}, not {parity!r}"
            )
        settings = SerialSettings(
            baudrate=fields.integer("baudrate", 300, 1_000_000, 9600),
            parity=_PARITIES[parity],
            stop_bits=fields.integer("stop_bits", 1, 2, 1),
        )
        fields.done()
        return settings

    def _unit_ids(self) -> tuple[int, ...]:
        value = self._fields.take("unit_ids")
        if value is None:
            return (1,)
        if (
            not isinstance(value, list)
            or not value
            or any(
                isinstance(unit, bool)
                or not isinstance(unit, int)
                or not 0 <= unit <= 255
                for unit in value
            )
        ):
            raise self._fields.error(
                "unit_ids", f"must be a list of numbers from 0 to 255, not {value!r}"
            )
        return tuple(value)

    def _information(self) -> dict[Information, Register]:
        found = self._fields.inner("information")
        if found is None:
            return {}
        registers = {}
        for name in found.names:
            if name not in {information.value for information in Information}:
                raise found.error(name, f"is not known{hint(name, Information)}")
            fields = found.inner(name)
            if fields is None:
                raise found.error(name, "must be a mapping of fields")
            registers[Information(name)] = self._register(fields)
            fields.done()
        return registers

    def _readings(self) -> dict[Quantity, QuantityReading]:
        found = self._fields.inner("readings")
        if found is None or not found.names:
            raise self._fields.error("readings", "is missing: there is nothing to read")
        readings: dict[Quantity, QuantityReading] = {}
        for name in found.names:
            if name not in {quantity.value for quantity in Quantity}:
                raise found.error(name, f"is not known{hint(name, Quantity)}")
            fields = found.inner(name)
            if fields is None:
                raise found.error(name, "must be a mapping of fields")
            readings[Quantity(name)] = self._reading(Quantity(name), fields)
            fields.done()
        for quantity, reading in readings.items():
            if reading.signed_by and reading.signed_by not in readings:
                raise found.error(
                    f"{quantity}.signed_by",
                    f"names {reading.signed_by}, which is not read; add it to readings",
                )
        return readings

    def _reading(self, quantity: Quantity, fields: Fields) -> QuantityReading:
        units = UNITS[quantity.dimension]
        sign = -1 if fields.flag("invert") else 1
        first = self._term(fields, units, sign)

        def plus(term: Fields) -> Term:
            return self._term(term, units, sign)

        def minus(term: Fields) -> Term:
            return self._term(term, units, -sign)

        signed_by = (
            fields.one_of("signed_by", Quantity, None)
            if "signed_by" in fields
            else None
        )
        return QuantityReading(
            terms=(first, *fields.items("plus", plus), *fields.items("minus", minus)),
            signed_by=signed_by,
            between=fields.pair("between") or PLAUSIBLE[quantity.dimension],
            otherwise=self._alternative(quantity, fields),
            valid_if=self._valid_if(fields),
        )

    def _valid_if(self, fields: Fields) -> tuple[Condition, ...]:
        inner = fields.inner("valid_if")
        if inner is None:
            return ()
        condition = self._condition(inner)
        inner.done()
        return (condition,)

    def _alternative(self, quantity: Quantity, fields: Fields) -> Alternative | None:
        inner = fields.inner("otherwise")
        if inner is None:
            return None
        when = inner.inner("when")
        condition = self._condition(when) if when else None
        if when:
            when.done()
        other = Alternative(reading=self._reading(quantity, inner), when=condition)
        inner.done()
        return other

    def _term(self, fields: Fields, units: dict[str, float] | Any, sign: int) -> Term:
        place = self._register(fields)
        if place.type is ValueType.STRING:
            raise fields.error("type", "must be a number; a text cannot be measured")
        unit = fields.text("unit")
        if unit not in units:
            raise fields.error(
                "unit", f"must be one of {', '.join(units)}, not {unit!r}"
            )
        scale = fields.number("scale", 1.0)
        if not scale:
            raise fields.error("scale", "must not be 0; it is what one unit counts")
        return Term(
            register=place,
            factor=sign * scale * units[unit],
            scale_register=self._scale_register(fields, place),
            not_available=self._not_available(fields, place),
            default=fields.number("default", None),
        )

    def _scale_register(self, fields: Fields, of: Register) -> Register | None:
        inner = fields.inner("scale_register")
        if inner is None:
            return None
        place = register(
            inner.one_of("table", RegisterTable, of.table),
            inner.integer("address", 0, _LARGEST_ADDRESS, None),
            inner.one_of("type", ValueType, ValueType.INT16),
            byte_order=self._byte_order,
            count=1,
        )
        if place.type not in (ValueType.INT16, ValueType.UINT16):
            raise inner.error("type", "must be int16 or uint16: an exponent of ten")
        inner.done()
        return place

    def _not_available(self, fields: Fields, place: Register) -> frozenset[int]:
        value = fields.take("not_available")
        if value is None:
            return frozenset()
        values = value if isinstance(value, list) else [value]
        largest = (1 << 16 * place.count) - 1
        for bits in values:
            if isinstance(bits, bool) or not isinstance(bits, int):
                raise fields.error(
                    "not_available",
                    f"must be whole numbers such as 0x8000, not {bits!r}",
                )
            if not 0 <= bits <= largest:
                raise fields.error(
                    "not_available",
                    f"must be the bits of {place.type}, 0 to {largest:#x}, not {bits:#x}"
                    if bits >= 0
                    else f"must be the bits as the device sends them, 0 to {largest:#x}, not {bits}",
                )
        return frozenset(values)

    def _condition(self, fields: Fields) -> Condition:
        place = self._register(fields)
        text = place.type is ValueType.STRING
        ways = ("one_of", "starts_with", "contains") if text else ("one_of", "between")
        given = [way for way in ways if way in fields]
        if len(given) != 1:
            raise fields.error("", f"must have exactly one of {', '.join(ways)}")
        one_of = fields.take("one_of")
        wanted = str if text else int | float
        if one_of is not None and (
            not isinstance(one_of, list)
            or not one_of
            or not all(isinstance(item, wanted) for item in one_of)
        ):
            kind = "texts" if text else "numbers"
            raise fields.error("one_of", f"must be a list of {kind}, not {one_of!r}")
        return Condition(
            register=place,
            one_of=tuple(one_of or ()),
            between=None if text else fields.pair("between"),
            starts_with=fields.text("starts_with") if "starts_with" in given else None,
            contains=fields.text("contains") if "contains" in given else None,
        )

    def _register(self, fields: Fields) -> Register:
        table = fields.one_of("table", RegisterTable, None)
        address = fields.integer("address", 0, _LARGEST_ADDRESS, None)
        written = fields.required("type")
        if match := _TEXT.fullmatch(str(written).replace(" ", "")):
            value_type, count = ValueType.STRING, int(match[1])
            if not 1 <= count <= _MOST_REGISTERS:
                raise fields.error("type", f"must be 1 to {_MOST_REGISTERS} registers")
        elif isinstance(written, str) and written in NUMBERS:
            value_type = ValueType(written)
            count = NUMBERS[value_type][1]
        else:
            raise fields.error(
                "type",
                f"must be one of {', '.join(NUMBERS)} or string(number of registers), "
                f"not {written!r}",
            )
        if address + count > _LARGEST_ADDRESS + 1:
            raise fields.error("address", "is too high: the value ends beyond 65535")
        return register(
            table,
            address,
            value_type,
            count=count,
            byte_order=fields.one_of("byte_order", Order, self._byte_order),
            word_order=fields.one_of("word_order", Order, self._word_order),
        )
