"""SolarEdge's inverters: meters and batteries in blocks of their own, beside SunSpec's."""

import pytest

from custom_components.sunfuse.sources.modbus.device import DeviceKind, Quantity
from custom_components.sunfuse.sources.modbus.registers import (
    Failure,
    RegisterTable,
    RequestError,
)
from custom_components.sunfuse.sources.modbus.sunspec import discover

from .chains import (
    AT_THE_GRID,
    END,
    INVERTER,
    METER,
    METER_OF_SOLAREDGE,
    OF_THE_INVERTER,
    battery_of_solaredge,
    chain,
    common,
    found,
    model,
    reading,
)


async def test_a_solaredge_with_a_meter() -> None:
    """A second common model begins the meter, both are one short; its power is positive on export, ours on import."""
    image = chain(
        common("SolarEdge ", "SE10K", length=65),
        model(103, INVERTER, {"W": 1, "A": -3}),
        common("WattNode", "WNC-3Y-400-MB", length=65),
        model(203, METER_OF_SOLAREDGE, {"W": -1, "A": -1}),
        END,
    )
    device = await found(image)
    assert {str(q): v for q, v in device.values(image).items()} == pytest.approx(
        OF_THE_INVERTER | AT_THE_GRID
    )
    assert device.kind is DeviceKind.SYSTEM
    assert device.name == "SolarEdge SE10K"


PRODUCTION = METER_OF_SOLAREDGE | {"W": 5000, "WphA": 1700, "WphB": 1600, "WphC": 1700}


@pytest.mark.parametrize(
    ("options", "at_the_grid"),
    [
        (("Production", "Export+Import"), 1),
        (("Export+Import", "Production"), 0),
        (("Consumption", "Export+Import"), 1),
        (("", ""), 0),
        (("", "Export+Import"), 1),
        (("Production", "Consumption"), None),
    ],
)
@pytest.mark.parametrize("numbers", [(203, 201), (201, 203), (203, 203)])
async def test_which_of_two_meters_is_at_the_grid(
    options: tuple[str, str], at_the_grid: int | None, numbers: tuple[int, int]
) -> None:
    """The one that is said to be, else the first that is not said to be elsewhere, whatever the numbers of the models."""
    shown = [PRODUCTION, PRODUCTION]
    if at_the_grid is not None:
        shown[at_the_grid] = METER_OF_SOLAREDGE
    meters = [
        part
        for option, number, values in zip(options, numbers, shown, strict=True)
        for part in (
            common("WattNode", length=65, option=option),
            model(number, values),
        )
    ]
    image = chain(common("SolarEdge", length=65), model(103, INVERTER), *meters, END)
    device = await found(image)
    assert device.values(image).get(Quantity.GRID_POWER) == (
        None if at_the_grid is None else 1603
    )


async def test_a_meter_alone_is_read_whatever_it_is_for() -> None:
    """Who chooses a meter of the production knows that it is one."""
    image = chain(common("WattNode", option="Production"), model(203, METER), END)
    device = await found(image)
    assert device.values(image)[Quantity.POWER] == 1603


async def test_a_battery_that_sleeps() -> None:
    """It shows -32768 W, which is nothing (binsentsu/home-assistant-solaredge-modbus issue 45)."""
    inverter = model(103, INVERTER | {"W": 0, "DCW": 0}, {"DCW": 1})
    image = chain(common("SolarEdge", length=65), inverter, END)
    image |= battery_of_solaredge(0xE100, -32768, 64)
    device = await found(image)
    said = device.values(image)
    assert said[Quantity.BATTERY_POWER] == 0
    assert said[Quantity.SOLAR_POWER] == 0
    assert said[Quantity.BATTERY_SOC] == pytest.approx(64)


@pytest.mark.parametrize("number", [101, 102, 103])
async def test_a_solaredge_with_a_battery(number: int) -> None:
    """The inputs give 4200 W after the battery took 1500 W, so the sun gives 5700 W."""
    inverter = model(number, INVERTER | {"W": 4100, "DCW": 4200}, {"DCW": 1})
    image = chain(common("SolarEdge", length=65), inverter, END)
    image |= battery_of_solaredge(0xE100, 1500, 64)
    device = await found(image)
    said = {str(q): v for q, v in device.values(image).items()}
    assert said["solar_power"] == pytest.approx(5700)
    assert said["battery_power"] == pytest.approx(-1500)
    assert said["battery_soc"] == pytest.approx(64)
    assert said["power"] == 4100
    assert "solar_energy" not in said
    assert device.kind is DeviceKind.SYSTEM


async def test_a_solaredge_with_two_batteries_and_a_meter() -> None:
    """Their powers add up, and the larger one counts more for the state of charge."""
    image = chain(
        common("SolarEdge", length=65),
        model(103, INVERTER | {"DCW": 4200}, {"DCW": 1}),
        common("WattNode", length=65),
        model(203, METER_OF_SOLAREDGE),
        END,
    )
    image |= battery_of_solaredge(0xE100, -1000, 50, rated_wh=15_000)
    image |= battery_of_solaredge(0xE200, -200, 90, rated_wh=5_000)
    device = await found(image)
    said = {str(q): v for q, v in device.values(image).items()}
    assert said["battery_power"] == pytest.approx(1200)
    assert said["solar_power"] == pytest.approx(3000)
    # (15 kWh * 50 % + 5 kWh * 90 %) / 20 kWh
    assert said["battery_soc"] == pytest.approx(60)
    assert said["grid_power"] == 1603


LOWEST_FLOAT = -3.4028234663852886e38


@pytest.mark.parametrize("rated_wh", [0, float("nan"), LOWEST_FLOAT, 1e12])
async def test_a_solaredge_whose_battery_is_none(rated_wh: float) -> None:
    """The block is there, and says so of no battery."""
    image = chain(common("SolarEdge", length=65), model(103, INVERTER), END)
    image |= battery_of_solaredge(0xE100, 0, 0, rated_wh=rated_wh)
    device = await found(image)
    assert device.kind is DeviceKind.INVERTER
    assert {str(q): v for q, v in device.values(image).items()} == pytest.approx(
        OF_THE_INVERTER
    )


async def test_a_solaredge_whose_battery_is_silent_now() -> None:
    """What is not known is not made up: neither the battery nor the sun, only what the inverter gives."""
    image = chain(common("SolarEdge", length=65), model(103, INVERTER), END)
    image |= battery_of_solaredge(0xE100, 0, 64)
    device = await found(image)
    image |= battery_of_solaredge(0xE100, LOWEST_FLOAT, LOWEST_FLOAT)
    said = {str(q): v for q, v in device.values(image).items()}
    assert [said[q] for q in ("battery_power", "battery_soc", "solar_power")] == [
        None,
        None,
        None,
    ]
    assert said["power"] == 5000


@pytest.mark.parametrize("failure", [Failure.NO_ANSWER, Failure.REFUSED])
async def test_a_solaredge_without_the_blocks_of_batteries(failure: Failure) -> None:
    """Some inverters refuse what is not there, others say nothing."""
    image = chain(common("SolarEdge", length=65), model(103, INVERTER), END)
    good = reading(image)

    async def read(table: RegisterTable, address: int, count: int) -> tuple[int, ...]:
        if address >= 0xE100:
            raise RequestError(failure)
        return await good(table, address, count)

    device = await discover(read)
    assert device
    assert device.kind is DeviceKind.INVERTER


async def test_a_solaredge_of_floats_with_a_battery() -> None:
    """Without the power of its inputs nobody knows what the sun gives; what the inverter gives is not that."""
    image = chain(common("SolarEdge"), model(113, INVERTER), END)
    device = await found(image | battery_of_solaredge(0xE100, 1500, 64))
    assert Quantity.SOLAR_POWER not in device.readings
    assert Quantity.BATTERY_POWER in device.readings
