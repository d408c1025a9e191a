"""What docs/modbus.md says of device files is what the code takes."""

from pathlib import Path
import re

from custom_components.sunfuse.sources.modbus.device import (
    UNITS,
    DeviceKind,
    Information,
    Quantity,
)
from custom_components.sunfuse.sources.modbus.device_file import parse_device
from custom_components.sunfuse.sources.modbus.registers import Table, ValueType
from homeassistant.util.yaml import parse_yaml

ROOT = Path(__file__).parent.parent.parent.parent
PAGE = (ROOT / "docs" / "modbus.md").read_text("utf-8")
CODE = (
    ROOT / "custom_components" / "sunfuse" / "sources" / "modbus" / "device_file.py"
).read_text("utf-8")


def test_the_example_is_right() -> None:
    """Whoever begins with it begins with a file that works."""
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    device = parse_device(parse_yaml(example), file="example.yaml", device_id="x")
    assert device.name == "Solar meter"
    assert set(device.readings) == {
        Quantity.POWER,
        Quantity.POWER_L1,
        Quantity.CURRENT_L1,
        Quantity.ENERGY_IMPORT,
    }


def test_every_field_is_explained() -> None:
    """And every word that a field may have."""
    fields = set(
        re.findall(r'(?:fields|inner|_seconds|self)\w*\.?\w*\(\s*"(\w+)"', CODE)
    )
    assert {"name", "readings", "signed_by", "interval_s", "most_registers"} <= fields
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert fields <= named | {"parity", "baudrate", "stop_bits"}
    for words in (DeviceKind, Information, Table):
        assert {word.value for word in words} <= named, words
    assert {t.value for t in ValueType} - {"string"} <= named
    for units in UNITS.values():
        assert all(unit in PAGE for unit in units)
    # The phases are written as from the first to the last.
    assert {q.value for q in Quantity if not q.value.endswith("_l2")} <= named
