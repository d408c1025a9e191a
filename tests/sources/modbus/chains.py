"""SunSpec devices: chains of models, built by the names of their points.

`data/sunspec_models.json` has where points lie, of the Information Model Reference (github.com/sunspec/models, as JSON in
pysunspec2 1.3.7), so that the offsets in the code are checked against the standard's own.
"""

from collections.abc import Mapping, Sequence
import json
from pathlib import Path
import struct
from typing import Any

from custom_components.sunfuse.sources.modbus.device import Device
from custom_components.sunfuse.sources.modbus.registers import (
    Failure,
    ReadRegisters,
    RegisterTable,
    RequestError,
)
from custom_components.sunfuse.sources.modbus.sunspec import discover

REFERENCE: Mapping[str, Mapping[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "sunspec_models.json").read_text()
)

MARK = [0x5375, 0x6E53]
END = [0xFFFF, 0]
# The length that each model says of itself, of those with a fixed one.
LENGTHS = {
    **dict.fromkeys((101, 102, 103), 50),
    **dict.fromkeys((111, 112, 113), 60),
    **dict.fromkeys((201, 202, 203, 204), 105),
    **dict.fromkeys((211, 212, 213, 214), 124),
    1: 66,
    124: 24,
    701: 153,
    713: 7,
    802: 62,
}
CODES = {
    "int16": "h",
    "sunssf": "h",
    "uint16": "H",
    "count": "H",
    "enum16": "H",
    "acc32": "I",
    "uint32": "I",
    "uint64": "Q",
    "float32": "f",
}
# Device Information Model Specification 1.1, section 4.2. An accumulator has none: it is 0.
NOT_IMPLEMENTED: Mapping[str, float] = {
    "int16": -0x8000,
    "sunssf": -0x8000,
    "uint16": 0xFFFF,
    "count": 0xFFFF,
    "enum16": 0xFFFF,
    "acc32": 0,
    "uint32": 0xFFFFFFFF,
    "uint64": 0xFFFFFFFFFFFFFFFF,
    "float32": float("nan"),
}
# By what power of ten devices scale, by how the point's name begins.
EXPONENTS: Mapping[str, int] = {
    "W": 0,
    "A": -2,
    "PhV": -1,
    "V": -1,
    "Hz": -2,
    "Tmp": -1,
    "SoC": -1,
    "ChaState": -2,
    "DCW": -1,
    "TotWh": 0,
}


# 5000 W of sun on three phases: 230 V * 7.25 A * 3 = 5002.5 VA.
INVERTER = {
    "W": 5000,
    "AphA": 7.25,
    "AphB": 7.25,
    "AphC": 7.25,
    "PhVphA": 230,
    "PhVphB": 230,
    "PhVphC": 230,
    "Hz": 50,
    "WH": 12_345_678,
    "TmpCab": 41.5,
}
# The same as IEEE 1547-2018 has it.
DER = {
    "ACType": 2,
    "W": 5000,
    "AL1": 7.25,
    "AL2": 7.25,
    "AL3": 7.25,
    "VL1": 230,
    "VL2": 230,
    "VL3": 230,
    "Hz": 50,
    "TotWhInj": 12_345_678_901,
    "TmpCab": 41.5,
}
# 2300 W are drawn on L1, 1155 W are fed in on L2 and 458 W are drawn on L3.
METER = {
    "W": 1603,
    "WphA": 2300,
    "WphB": -1155,
    "WphC": 458,
    "AphA": 10,
    "AphB": 5,
    "AphC": 2,
    "PhVphA": 230,
    "PhVphB": 231,
    "PhVphC": 229,
    "Hz": 50,
    "TotWhExp": 8_000_000,
    "TotWhImp": 9_000_000,
}
# SolarEdge's meters say the same with the powers' signs turned.
METER_OF_SOLAREDGE = METER | {"W": -1603, "WphA": -2300, "WphB": 1155, "WphC": -458}
AT_THE_GRID = {
    "grid_power": 1603,
    "grid_power_l1": 2300,
    "grid_power_l2": -1155,
    "grid_power_l3": 458,
    "grid_current_l1": 10,
    "grid_current_l2": -5,
    "grid_current_l3": 2,
    "energy_import": 9_000_000,
    "energy_export": 8_000_000,
}
OF_THE_INVERTER = {
    "power": 5000,
    "solar_power": 5000,
    "current_l1": 7.25,
    "current_l2": 7.25,
    "current_l3": 7.25,
    "voltage_l1": 230,
    "voltage_l2": 230,
    "voltage_l3": 230,
    "frequency": 50,
    "solar_energy": 12_345_678,
    "temperature": 41.5,
}
OF_THE_METER = {
    "power": 1603,
    "power_l1": 2300,
    "power_l2": -1155,
    "power_l3": 458,
    "current_l1": 10,
    "current_l2": -5,
    "current_l3": 2,
    "voltage_l1": 230,
    "voltage_l2": 231,
    "voltage_l3": 229,
    "frequency": 50,
    "energy_import": 9_000_000,
    "energy_export": 8_000_000,
}


def words(code: str, value: float) -> list[int]:
    """Return a number as registers."""
    packed = struct.pack(f">{code}", value if code == "f" else round(value))
    return list(struct.unpack(f">{len(packed) // 2}H", packed))


def text(value: str, count: int) -> list[int]:
    """Return a text as registers."""
    return list(struct.unpack(f">{count}H", value.encode().ljust(2 * count, b"\0")))


def common(
    manufacturer: str,
    model: str = "A model",
    *,
    length: int = 66,
    serial: str = "4711",
    option: str = "",
) -> list[int]:
    """Return the model with which every device begins."""
    content = (
        text(manufacturer, 16)
        + text(model, 16)
        + text(option, 8)
        + text("1.2.3", 8)
        + text(serial, 16)
        + [1, 0x8000]
    )
    return [1, length, *content[:length]]


def model(
    number: int,
    values: Mapping[str, float] | None = None,
    exponents: Mapping[str, int] | None = None,
) -> list[int]:
    """Return a model with these values. Every other point that we know is not implemented."""
    content = [number, LENGTHS[number]] + [0] * LENGTHS[number]
    points = REFERENCE[str(number)]
    known = values or {}
    scales = {**EXPONENTS, **(exponents or {})}
    assert known.keys() <= points.keys()
    for scale in {point["scale"] for point in points.values() if "scale" in point}:
        content[scale] = 0x8000
    for name, point in points.items():
        raw = NOT_IMPLEMENTED[point["type"]]
        if name in known:
            raw = known[name]
            if "scale" in point:
                exponent = scales[_longest(name, scales)]
                content[point["scale"]] = exponent & 0xFFFF
                raw = round(raw / 10.0**exponent)
        put = words(CODES[point["type"]], raw)
        content[point["offset"] : point["offset"] + len(put)] = put
    return content


def _longest(name: str, prefixes: Mapping[str, int]) -> str:
    return max((p for p in prefixes if name.startswith(p)), key=len)


def modules(*inputs: tuple[str, float | None], exponent: int = -1) -> list[int]:
    """Return model 160 with inputs of direct current, each with its name and power."""
    points = REFERENCE["160"]
    group = points["group"]
    content = [160, 8 + group["length"] * len(inputs)] + [0] * 8
    content[points["DCW_SF"]["offset"]] = exponent & 0xFFFF
    content[points["N"]["offset"]] = len(inputs)
    for name, power in inputs:
        module = [0] * group["length"]
        at = group["IDStr"]["offset"]
        module[at : at + 8] = text(name, 8)
        raw = 0xFFFF if power is None else round(power / 10.0**exponent)
        module[group["DCW"]["offset"]] = raw
        content += module
    return content


def ports(*inputs: tuple[int, float], exponent: int = 0) -> list[int]:
    """Return model 714 with ports of direct current, each with its kind and power."""
    points = REFERENCE["714"]
    group = points["group"]
    content = [714, 18 + group["length"] * len(inputs)] + [0] * 18
    content[points["DCW_SF"]["offset"]] = exponent & 0xFFFF
    content[points["NPrt"]["offset"]] = len(inputs)
    for kind, power in inputs:
        port = [0] * group["length"]
        port[group["PrtTyp"]["offset"]] = kind
        port[group["DCW"]["offset"]] = round(power / 10.0**exponent) & 0xFFFF
        content += port
    return content


def chain(
    *models: Sequence[int], base: int = 40000
) -> dict[tuple[RegisterTable, int], int]:
    """Return the registers of a device with these models, and nothing else."""
    every = MARK + [word for content in models for word in content]
    return {
        (RegisterTable.HOLDING, base + index): word for index, word in enumerate(every)
    }


def reading(
    image: Mapping[tuple[RegisterTable, int], int],
    log: list[tuple[int, int]] | None = None,
) -> ReadRegisters:
    """Return what reads this device. It refuses registers that it lacks, and requests for more than the protocol allows."""

    async def read(table: RegisterTable, address: int, count: int) -> tuple[int, ...]:
        if log is not None:
            log.append((address, count))
        found = [image.get((table, address + index)) for index in range(count)]
        known = tuple(word for word in found if word is not None)
        if len(known) < count or not 1 <= count <= 125 or address + count > 0x10000:
            raise RequestError(Failure.REFUSED)
        return known

    return read


async def found(image: Mapping[tuple[RegisterTable, int], int]) -> Device:
    """Return the device that is discovered."""
    device = await discover(reading(image))
    assert device
    return device


async def values(*models: Sequence[int]) -> dict[str, float | None]:
    """Return what a device with these models says."""
    image = chain(*models)
    device = await found(image)
    return {str(q): v for q, v in device.values(image).items()}


def battery_of_solaredge(
    base: int, charging_w: float, soc: float, rated_wh: float = 9700
) -> dict[tuple[RegisterTable, int], int]:
    """Return the block of a battery, whose floats have the less significant word first."""
    image = {(RegisterTable.HOLDING, base + offset): 0 for offset in range(0x90)}
    for offset, value in ((0x42, rated_wh), (0x74, charging_w), (0x84, soc)):
        high, low = words("f", value)
        image[RegisterTable.HOLDING, base + offset] = low
        image[RegisterTable.HOLDING, base + offset + 1] = high
    return image
