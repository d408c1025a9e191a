"""What a device shows of a meter that it does not hear means nothing: it shows 0."""

import pytest

from custom_components.sunfuse.sources.modbus import sunspec_models as models
from custom_components.sunfuse.sources.modbus.device import Device, Quantity
from custom_components.sunfuse.sources.modbus.device_file import (
    load_device,
    parse_device,
)
from custom_components.sunfuse.sources.modbus.fields import DeviceFileError
from custom_components.sunfuse.sources.modbus.library import BUILT_IN
from custom_components.sunfuse.sources.modbus.registers import Image, RegisterTable
from custom_components.sunfuse.sources.modbus.sunspec_chain import Block
from custom_components.sunfuse.sources.modbus.sunspec_readings import readings_of

from .images import HOLDING, INPUT, goodwe, huawei, put, victron_grid_meter


def built_in(name: str) -> Device:
    """Return a device that Sunfuse knows."""
    return load_device(BUILT_IN / f"{name}.yaml")


@pytest.mark.parametrize(
    ("name", "image", "table", "address", "power", "kept"),
    [
        ("huawei_sun2000", huawei(), HOLDING, 37100, "grid_power", "solar_power"),
        ("goodwe_et", goodwe(), HOLDING, 36004, "grid_power", "solar_power"),
        (
            "victron_grid_meter",
            victron_grid_meter(),
            INPUT,
            2616,
            "power",
            "voltage_l2",
        ),
    ],
)
def test_a_meter_that_is_not_heard(
    name: str, image: Image, table: RegisterTable, address: int, power: str, kept: str
) -> None:
    """Its powers and currents are not known; the device's other values are."""
    device = built_in(name)
    heard = device.values(image)
    assert heard[Quantity(power)] is not None
    silent = dict(image)
    put(silent, table, {address: 0}, "H")
    values = device.values(silent)
    for quantity in device.readings:
        if quantity.value.removeprefix("grid_").startswith(("power", "current")) and (
            power == "power" or quantity.value.startswith("grid_")
        ):
            assert values[quantity] is None, quantity
    assert values[Quantity(kept)] == heard[Quantity(kept)]


def test_a_condition_that_is_wrong() -> None:
    """It is read like one of `identify`."""
    register = {"table": "input", "address": 1, "type": "uint16"}
    content = {
        "name": "x",
        "manufacturer": "y",
        "kind": "meter",
        "source": "z",
        "readings": {"power": {**register, "unit": "W", "valid_if": register}},
    }
    with pytest.raises(DeviceFileError, match="exactly one of one_of, between"):
        parse_device(content, file="x.yaml", device_id="x")


def test_a_sunspec_meter_that_sees_no_line() -> None:
    """An inverter that sleeps shows 0 for all of its meter: no voltage, no word. A meter that works sees the line."""
    point = models.METERS[203][Quantity.POWER]
    live = models.METERS[203][Quantity.FREQUENCY]
    image = {(HOLDING, address): 0 for address in range(100, 207)}
    image[HOLDING, 102 + live.offset - 2] = 5000
    block = Block(model=203, address=100, end=207, image=image)
    readings = readings_of([block], "Maker", [], frozenset())
    power = readings[Quantity.POWER]
    awake = dict(image)
    awake[HOLDING, 100 + live.offset] = 5000
    awake[HOLDING, 100 + point.offset] = 1000
    assert power.value(awake) == 1000
    awake[HOLDING, 100 + live.offset] = 0
    assert power.value(awake) is None
