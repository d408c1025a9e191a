"""The format of device files: what the registers mean by it, and what is said of a file that is not right."""

from pathlib import Path
import struct
from typing import Any

import pytest

from custom_components.sunfuse.sources.modbus.device import (
    Device,
    DeviceKind,
    Parity,
    Quantity,
    SerialSettings,
)
from custom_components.sunfuse.sources.modbus.device_file import (
    load_device,
    parse_device,
)
from custom_components.sunfuse.sources.modbus.fields import DeviceFileError
from custom_components.sunfuse.sources.modbus.library import (
    built_in_devices,
    load_library,
)
from custom_components.sunfuse.sources.modbus.registers import RegisterTable

POWER = {"table": "input", "address": 10, "type": "int16", "unit": "W"}


def content(**changes: Any) -> dict[str, Any]:
    """Return the content of a small file, with changes."""
    return {
        "name": "Meter",
        "manufacturer": "Maker",
        "kind": "meter",
        "source": "Manual, page 3",
        "readings": {"power": POWER},
    } | changes


def device(**changes: Any) -> Device:
    """Return the device of a small file."""
    return parse_device(content(**changes), file="meter.yaml", device_id="meter")


def power(registers: dict[int, int], **changes: Any) -> float | None:
    """Return the power that a file with these changes of its reading finds in these input registers."""
    found = device(readings={"power": POWER | changes})
    image = {
        (RegisterTable.INPUT, address): word for address, word in registers.items()
    }
    return found.values(image)[Quantity.POWER]


def words(packed: bytes) -> list[int]:
    """Return bytes as registers, the first byte the higher one."""
    return list(struct.unpack(f">{len(packed) // 2}H", packed))


@pytest.mark.parametrize(
    ("value_type", "registers", "expected"),
    [
        ("uint16", [0xFFFE], 65534),
        ("int16", [0xFFFE], -2),
        ("uint32", [0x0001, 0x0002], 65538),
        ("int32", [0xFFFF, 0xFFFF], -1),
        ("uint64", [0, 0, 1, 0], 65536),
        ("int64", [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE], -2),
        # IEEE 754: 0x43668000 is 230.5, 0x406CD00000000000 is 230.5.
        ("float32", [0x4366, 0x8000], 230.5),
        ("float64", [0x406C, 0xD000, 0, 0], 230.5),
    ],
)
def test_types(value_type: str, registers: list[int], expected: float) -> None:
    """Each type is read as the standard says, with the bytes and the words in every order."""
    found = dict(enumerate(registers, start=10))
    assert power(found, type=value_type) == expected
    turned = dict(enumerate(reversed(registers), start=10))
    assert power(turned, type=value_type, word_order="little") == expected
    swapped = {a: (w & 0xFF) << 8 | w >> 8 for a, w in found.items()}
    assert power(swapped, type=value_type, byte_order="little") == expected


def test_the_order_of_a_file_holds_for_all_of_its_registers() -> None:
    """A reading may still have an order of its own."""
    turned = device(
        word_order="little",
        readings={
            "power": POWER | {"type": "int32"},
            "power_l1": POWER | {"type": "int32", "address": 12, "word_order": "big"},
        },
    )
    image = {(RegisterTable.INPUT, 10 + i): word for i, word in enumerate((5, 0, 0, 7))}
    assert turned.values(image) == {Quantity.POWER: 5, Quantity.POWER_L1: 7}


@pytest.mark.parametrize(
    ("changes", "registers", "expected"),
    [
        ({"scale": 0.1}, {10: 25}, 2.5),
        ({"unit": "kW"}, {10: 2}, 2000),
        ({"invert": True}, {10: 25}, -25),
        ({"invert": True, "scale": -1}, {10: 25}, 25),
        # SunSpec: 2300 with an exponent of -1 is 230.
        ({"scale_register": {"address": 20}}, {10: 2300, 20: 0xFFFF}, 230),
        ({"scale_register": {"address": 20}}, {10: 23, 20: 2}, 2300),
        # No exponent is known, or one that the standard does not allow.
        ({"scale_register": {"address": 20}}, {10: 23, 20: 0x8000}, None),
        ({"scale_register": {"address": 20}}, {10: 23, 20: 11}, None),
        ({"scale_register": {"address": 20}}, {10: 23}, None),
        ({"not_available": 0x8000}, {10: 0x8000}, None),
        ({"not_available": [0x8000, 0x7FFF]}, {10: 0x7FFF}, None),
        ({"not_available": [0x8000]}, {10: 0x7FFF}, 32767),
        ({"not_available": [0x8000], "default": 0}, {10: 0x8000}, 0),
        # What was not read is not known, whatever the default.
        ({"not_available": [0x8000], "default": 0}, {}, None),
        ({"type": "float32"}, {10: 0x7FC0, 11: 0}, None),  # NaN
        ({"type": "float32"}, {10: 0x7F80, 11: 0}, None),  # infinite
        ({"type": "float32"}, {10: 0x4366}, None),  # half of it
        ({"plus": [POWER | {"address": 11}]}, {10: 5, 11: 7}, 12),
        ({"minus": [POWER | {"address": 11}]}, {10: 5, 11: 7}, -2),
        ({"minus": [POWER | {"address": 11}], "invert": True}, {10: 5, 11: 7}, 2),
        ({"plus": [POWER | {"address": 11}]}, {10: 5}, None),
    ],
)
def test_readings(
    changes: dict[str, Any], registers: dict[int, int], expected: float | None
) -> None:
    """Scale, unit, sign, exponent, parts and *not available*, by hand."""
    assert power(registers, **changes) == expected


@pytest.mark.parametrize(
    ("power_word", "expected"), [(500, 3), (0, 3), (0xFE0C, -3), (0x8000, None)]
)
def test_a_current_takes_the_sign_of_its_power(
    power_word: int, expected: float | None
) -> None:
    """Where the direction is not known, the current is not known: it may be either."""
    meter = device(
        readings={
            "power_l1": POWER | {"not_available": 0x8000},
            "current_l1": POWER
            | {"address": 11, "unit": "A", "scale": 0.1, "signed_by": "power_l1"},
        }
    )
    image = {(RegisterTable.INPUT, 10): power_word, (RegisterTable.INPUT, 11): 30}
    assert meter.values(image)[Quantity.CURRENT_L1] == expected


def test_what_no_house_can_show() -> None:
    """A value beyond what is physical is no value; a file may draw the line closer."""
    meter = device(
        readings={
            "power": POWER,
            "frequency": POWER | {"unit": "Hz", "between": [45, 65]},
        }
    )
    assert meter.plausible(Quantity.POWER, -20_000)
    assert not meter.plausible(Quantity.POWER, 1e9)
    assert meter.plausible(Quantity.FREQUENCY, 60)
    assert not meter.plausible(Quantity.FREQUENCY, 70)


def test_settings_of_a_file() -> None:
    """What is said of the device as such; and what holds where nothing is said."""
    plain = device()
    assert (plain.kind, plain.unit_ids, plain.most_registers) == (
        DeviceKind.METER,
        (1,),
        125,
    )
    assert (plain.gaps, plain.serial, plain.interval_s) == (False, None, 1.0)
    told = device(
        kind="system",
        serial={"baudrate": 19200, "parity": "even"},
        unit_ids=[100, 225],
        most_registers=60,
        gaps=True,
        interval_s=5,
        pause_s=0.05,
    )
    assert told.serial == SerialSettings(
        baudrate=19200, parity=Parity.EVEN, stop_bits=1
    )
    assert (told.unit_ids, told.most_registers, told.gaps) == ((100, 225), 60, True)
    assert (told.interval_s, told.pause_s) == (5, 0.05)


@pytest.mark.parametrize(
    ("condition", "registers", "expected"),
    [
        ({"type": "uint16", "one_of": [0x70, 0x71]}, [0x71], True),
        ({"type": "uint16", "one_of": [0x70]}, [0x71], False),
        ({"type": "float32", "between": [80, 300]}, [0x4366, 0x8000], True),
        ({"type": "float32", "between": [80, 300]}, [0, 0], False),
        ({"type": "float32", "between": [80, 300]}, [0x7FC0, 0], False),
        ({"type": "string(4)", "starts_with": "SUN"}, words(b"SUN2000\0"), True),
        ({"type": "string(4)", "starts_with": "SUN"}, words(b"A SUN\0\0\0"), False),
        ({"type": "string(4)", "contains": "200"}, words(b"SUN2000\0"), True),
        ({"type": "string(4)", "one_of": ["SUN2000"]}, words(b"SUN2000 "), True),
        ({"type": "uint16", "one_of": [0]}, [], False),
    ],
)
def test_recognising(
    condition: dict[str, Any], registers: list[int], expected: bool
) -> None:
    """What must hold for a device to be of a kind; what was not read does not hold."""
    found = device(identify=[{"table": "holding", "address": 0} | condition])
    image = {
        (RegisterTable.HOLDING, address): word for address, word in enumerate(registers)
    }
    assert found.identify[0].holds(image) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": None}, "name: is missing"),
        ({"name": 5}, "name: must be a text, not 5"),
        (
            {"kind": "meters"},
            "kind: must be one of meter, inverter, battery, system, not 'meters'",
        ),
        ({"sauce": "x"}, "sauce: is not known here; do you mean source?"),
        ({"most_registers": 126}, "most_registers: must be 1 to 125, not 126"),
        (
            {"most_registers": "60"},
            "most_registers: must be a whole number, not '60'",
        ),
        ({"gaps": "perhaps"}, "gaps: must be true or false, not 'perhaps'"),
        ({"interval_s": 0}, "interval_s: must be 0.1 to 3600 seconds, not 0"),
        ({"unit_ids": [256]}, "unit_ids: must be a list of numbers from 0 to 255"),
        ({"unit_ids": 1}, "unit_ids: must be a list of numbers from 0 to 255"),
        (
            {"serial": {"parity": "no"}},
            "serial.parity: must be one of none, even, odd, not 'no'",
        ),
        (
            {"serial": {"parity": ["even"]}},
            "serial.parity: must be one of none, even, odd, not ['even']",
        ),
        ({"information": {"model": None}}, "information.model: must be a mapping"),
        ({"serial": 9600}, "serial: must be a mapping of fields, not 9600"),
        ({"readings": {}}, "readings: is missing: there is nothing to read"),
        (
            {"readings": {"powre": POWER}},
            "readings.powre: is not known; do you mean power?",
        ),
        ({"readings": {"power": None}}, "readings.power: must be a mapping of fields"),
        ({"identify": {}}, "identify: must be a list, not {}"),
        (
            {"identify": [{"table": "input", "address": 0, "type": "uint16"}]},
            "identify[1]: must have exactly one of one_of, between",
        ),
        (
            {
                "identify": [
                    {"table": "input", "address": 0, "type": "uint16", "one_of": ["x"]}
                ]
            },
            "identify[1].one_of: must be a list of numbers, not ['x']",
        ),
        (
            {"information": {"colour": {}}},
            "information.colour: is not known; known are manufacturer, model,",
        ),
    ],
)
def test_errors(changes: dict[str, Any], expected: str) -> None:
    """Each error names the file and the field, says what is wrong and what would be right."""
    with pytest.raises(DeviceFileError) as err:
        device(**changes)
    assert str(err.value).startswith(f"meter.yaml: {expected}")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"table": "coil"}, "table: must be one of holding, input, not 'coil'"),
        ({"table": None}, "table: is missing"),
        ({"address": 65536}, "address: must be 0 to 65535, not 65536"),
        ({"address": True}, "address: must be a whole number, not True"),
        ({"address": "0x10"}, "address: must be a whole number, not '0x10'"),
        (
            {"address": 65535, "type": "int32"},
            "address: is too high: the value ends beyond 65535",
        ),
        ({"type": "float"}, "type: must be one of uint16, int16, uint32,"),
        ({"type": ["uint16"]}, "type: must be one of uint16, int16, uint32,"),
        ({"type": "string(2)"}, "type: must be a number; a text cannot be measured"),
        ({"type": "string(0)"}, "type: must be 1 to 125 registers"),
        ({"unit": "V"}, "unit: must be one of W, kW, MW, not 'V'"),
        ({"unit": None}, "unit: is missing"),
        ({"scale": 0}, "scale: must not be 0; it is what one unit counts"),
        ({"scale": "0,1"}, "scale: must be a number, not '0,1'"),
        (
            {"not_available": -1},
            "not_available: must be the bits as the device sends them, 0 to 0xffff",
        ),
        (
            {"not_available": 0x80000000},
            "not_available: must be the bits of int16, 0 to 0xffff, not 0x80000000",
        ),
        ({"not_available": "NaN"}, "not_available: must be whole numbers such as"),
        (
            {"signed_by": "power_l1"},
            "signed_by: names power_l1, which is not read; add it to readings",
        ),
        (
            {"between": [5, 1]},
            "between: must be [lowest, highest], two numbers, not [5, 1]",
        ),
        (
            {"scale_register": {"address": 1, "type": "int32"}},
            "scale_register.type: must be int16 or uint16",
        ),
        ({"plus": [{"address": 1}]}, "plus[1].table: is missing"),
        ({"factor": 2}, "factor: is not known here; known are"),
    ],
)
def test_errors_of_a_reading(changes: dict[str, Any], expected: str) -> None:
    """Likewise, down to the part of the reading that is wrong."""
    with pytest.raises(DeviceFileError) as err:
        device(readings={"power": POWER | changes})
    assert str(err.value).startswith(f"meter.yaml: readings.power.{expected}")


def test_a_file_that_is_no_yaml_or_no_text(tmp_path: Path) -> None:
    """What cannot be read at all is named too."""
    (tmp_path / "broken.yaml").write_text("name: [", encoding="utf-8")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "deep.yaml").write_text("a: " + "[" * 3000, encoding="utf-8")
    (tmp_path / "list.yaml").write_text("- name", encoding="utf-8")
    library = load_library(tmp_path)
    assert [str(err).partition(":")[0] for err in library.errors] == [
        "broken.yaml",
        "bytes.yaml",
        "deep.yaml",
        "list.yaml",
    ]
    assert library.devices == built_in_devices()


def test_a_file_of_the_users_own(tmp_path: Path) -> None:
    """It is one more device, or the user's view of one that is there."""
    (tmp_path / "mine.yaml").write_text(
        """
name: My meter
manufacturer: Me
kind: meter
source: The label on its back
readings:
  power: {table: holding, address: 0x1F, type: float32, unit: kW}
""",
        encoding="utf-8",
    )
    library = load_library(tmp_path)
    assert library.errors == ()
    mine = library.devices["user/mine"]
    assert mine == load_device(tmp_path / "mine.yaml", "user/")
    (term,) = mine.readings[Quantity.POWER].terms
    assert (term.register.table, term.register.address) == (RegisterTable.HOLDING, 31)


def test_every_device_that_comes_with_sunfuse_is_right() -> None:
    """Each file can be read, can be recognised or at least chosen, and says where its table is from."""
    devices = built_in_devices()
    assert devices
    names = [(device.manufacturer, device.name) for device in devices.values()]
    assert len(set(names)) == len(names)
