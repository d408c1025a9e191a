"""The page about Modbus says of every device what its file says, and its example is a file that works."""

from pathlib import Path
import re

from custom_components.sunfuse.sources.modbus import sunspec_models
from custom_components.sunfuse.sources.modbus.device import (
    UNITS,
    Device,
    DeviceKind,
    Information,
    Quantity,
)
from custom_components.sunfuse.sources.modbus.device_file import parse_device
from custom_components.sunfuse.sources.modbus.library import built_in_devices
from custom_components.sunfuse.sources.modbus.registers import RegisterTable, ValueType
from homeassistant.util.yaml import parse_yaml

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "modbus.md").read_text(encoding="utf-8")
FORMAT = (
    ROOT / "custom_components" / "sunfuse" / "sources" / "modbus" / "device_file.py"
)
BY_PHASE = ("power", "current", "voltage", "grid power", "grid current")
NAMES = {
    "current": {"current_l1"},
    "voltage": {"voltage_l1"},
    "energy": {"energy_import", "energy_export"},
    "state of charge": {"battery_soc"},
} | {
    f"{name} by phase": {f"{name.replace(' ', '_')}_l{phase}" for phase in (1, 2, 3)}
    for name in BY_PHASE
}


def tables() -> list[list[list[str]]]:
    """Return the cells of every table, without its head."""
    blocks = re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE)
    return [
        [[cell.strip() for cell in row.split("|")[1:-1]] for row in block.splitlines()]
        for block in blocks
    ]


def read_by(cell: str) -> set[str]:
    """Return the quantities that a cell names."""
    found: set[str] = set()
    for name in cell.split(", "):
        quantities = NAMES.get(name, {name.replace(" ", "_")})
        assert not found & quantities, name
        found |= quantities
    return found


def row_of(device: Device) -> tuple[str, str, str, frozenset[str], str]:
    """Return what the page has to say of a device."""
    name = device.name if device.identify else rf"{device.name} \*"
    quantities = frozenset(str(quantity) for quantity in device.readings)
    return device.manufacturer, name, device.kind, quantities, device.source


def test_the_table_of_devices_is_that_of_the_files() -> None:
    """Every device, no other, and of each what it is, what is read, from where that is known, and how it is found."""
    head = ["maker", "device", "kind", "what is read", "source"]
    rows = next(table for table in tables() if table[0] == head)[2:]
    said = [
        (maker, name, kind, frozenset(read_by(read)), source)
        for maker, name, kind, read, source in rows
    ]
    assert set(said) == {row_of(device) for device in built_in_devices().values()}
    assert len(said) == len(set(said))


def test_the_models_of_sunspec_are_those_that_are_read() -> None:
    """No model too many and none too few; the common model goes without saying."""
    rows = next(table for table in tables() if table[0][0] == "models")[2:]
    said: set[int] = set()
    for models, _ in rows:
        for part in models.split(", "):
            first, _, last = part.partition(" to ")
            said |= set(range(int(first), int(last or first) + 1))
    assert said == sunspec_models.KNOWN - {sunspec_models.COMMON}


def test_the_example_is_a_device() -> None:
    """Whoever copies it has a file that is read."""
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    device = parse_device(parse_yaml(example), file="my.yaml", device_id="user/my")
    assert device.name == "My meter"
    assert Quantity.CURRENT_L1 in device.readings


def test_every_reading_and_every_unit_is_named() -> None:
    """What a file may say."""
    rows = next(table for table in tables() if table[0][0] == "readings")[2:]
    said: set[str] = set()
    for names, _ in rows:
        for name in re.findall(r"`(\w+)`", names):
            if name != "l3":
                phases = (1, 2, 3) if name.endswith("_l1") else ()
                said |= {f"{name[:-1]}{phase}" for phase in phases} or {name}
    assert said == {str(quantity) for quantity in Quantity}
    units = next(row[1] for table in tables() for row in table if row[0] == "`unit`")
    assert set(re.split(r"[,;] ", units)) == {u for of in UNITS.values() for u in of}


def test_every_field_is_explained() -> None:
    """What the format takes is on the page, and every word that a field may have."""
    code = FORMAT.read_text(encoding="utf-8")
    fields = set(
        re.findall(r'(?:fields|inner|_seconds|self)\w*\.?\w*\(\s*"(\w+)"', code)
    )
    assert {"name", "readings", "signed_by", "interval_s", "most_registers"} <= fields
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert fields <= named
    for words in (DeviceKind, Information, RegisterTable):
        assert {word.value for word in words} <= named, words
    assert {kind.value for kind in ValueType} - {"string"} <= named
