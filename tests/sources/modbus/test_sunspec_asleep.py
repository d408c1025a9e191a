"""SunSpec devices that sleep when they are discovered again: what they can read is not forgotten."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from custom_components.sunfuse.sources.modbus.device import Device, Quantity
from custom_components.sunfuse.sources.modbus.device_reader import Reader
from custom_components.sunfuse.sources.modbus.library import Library
from custom_components.sunfuse.sources.modbus.registers import (
    Failure,
    RegisterTable,
    RequestError,
)
from custom_components.sunfuse.sources.modbus.site_devices import find_device
from custom_components.sunfuse.sources.modbus.sunspec import DISCOVERED, discover

from .chains import (
    DER,
    END,
    INVERTER,
    METER,
    battery_of_solaredge,
    chain,
    common,
    found,
    model,
    modules,
    ports,
    reading,
)

HYBRIDS = {
    "fronius": [
        common("Fronius"),
        model(103, INVERTER),
        modules(("", 3000), ("", 2000), ("", 0), ("", 500)),
        model(124, {"ChaState": 50}),
        END,
    ],
    "kostal": [
        common("Maker"),
        model(103, INVERTER),
        modules(("MPPT 1", 3000)),
        model(802, {"SoC": 50, "W": 500}),
        END,
    ],
    "ieee 1547": [
        common("Maker"),
        model(701, DER),
        model(713, {"WHRtg": 100, "SoC": 50}, {"WHRtg": 2}),
        ports((0, 3000), (1, 500)),
        END,
    ],
    "meter": [common("SolarEdge"), model(103, INVERTER), model(203, METER), END],
}


ASLEEP = {
    "fronius": [
        common("Fronius"),
        model(103),
        modules(("", None), ("", None), ("", None), ("", None)),
        model(124),
        END,
    ],
    "kostal": [
        common("Maker"),
        model(103),
        modules(("MPPT 1", None)),
        model(802),
        END,
    ],
    "ieee 1547": [
        common("Maker"),
        model(701, {"ACType": 2}),
        model(713),
        ports((0, 0), (1, 0)),
        END,
    ],
    "meter": [common("SolarEdge"), model(103), model(203), END],
}


@pytest.mark.parametrize("name", HYBRIDS)
async def test_a_device_that_is_discovered_again_while_it_sleeps(name: str) -> None:
    """At night it may say less than it can. What it is known to read is read again, as soon as it says so."""
    awake = chain(*HYBRIDS[name])
    before = await found(awake)
    again = await discover(reading(chain(*ASLEEP[name])), before.readings.keys())
    assert again
    assert again.readings.keys() >= before.readings.keys()
    said = before.values(awake)
    assert again.values(awake).items() >= said.items()
    assert None not in said.values()


async def test_a_site_that_starts_while_its_inverter_sleeps() -> None:
    """What was found when the device was added is looked for again."""
    before = await found(chain(*HYBRIDS["kostal"]))
    asleep = reading(chain(*ASLEEP["kostal"]))
    nothing = Library(devices={})
    again = await find_device(nothing, DISCOVERED, asleep, before.readings)
    assert again.readings.keys() >= before.readings.keys()
    fresh = await find_device(nothing, DISCOVERED, asleep)
    assert Quantity.BATTERY_POWER not in fresh.readings


async def test_a_solaredge_that_is_discovered_again_while_its_battery_sleeps() -> None:
    """What the inverter gives is not taken for what the sun gives meanwhile."""
    image = chain(
        common("SolarEdge", length=65),
        model(103, INVERTER | {"DCW": 4200}, {"DCW": 1}),
        END,
    )
    awake = image | battery_of_solaredge(0xE100, 1500, 64)
    before = await found(awake)
    again = await discover(reading(image), before.readings.keys())
    assert again
    assert again.values(awake) == before.values(awake)
    assert again.values(image)[Quantity.SOLAR_POWER] is None
    assert again.values(image)[Quantity.POWER] == 5000


@pytest.mark.parametrize("failure", [Failure.BUSY, Failure.REFUSED])
async def test_a_chain_that_breaks_off_for_a_moment(
    failure: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that starts answers half of its chain: the meter in the other half is found soon, not at the next restart."""
    monkeypatch.setattr(
        "custom_components.sunfuse.sources.modbus.device_reader._SLOW_EVERY_S", 0.1
    )
    image = chain(*HYBRIDS["meter"])
    known = tuple((await found(image)).readings)
    starts = True
    behind_the_inverter = 40002 + 68 + 52

    async def read(table: RegisterTable, address: int, count: int) -> tuple[int, ...]:
        if starts and address >= behind_the_inverter:
            raise RequestError(failure)
        return await reading(image)(table, address, count)

    find = partial(find_device, Library(devices={}), DISCOVERED, read, known)
    reader = Reader(read, find, name="Inverter", known=known)
    shown = asyncio.Event()
    reader.subscribe(shown.set)
    task = asyncio.create_task(reader.run())
    await shown.wait()
    assert reader.value(Quantity.POWER) == 5000
    assert reader.value(Quantity.GRID_POWER) is None
    starts = False
    async with asyncio.timeout(60):
        while reader.value(Quantity.GRID_POWER) is None:
            shown.clear()
            await shown.wait()
    task.cancel()
    assert reader.value(Quantity.GRID_POWER) == -1603


async def test_a_device_that_lacks_something_and_is_busy_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Looking for what it lacks, half of its chain is found at times: what is known of the other half stays."""
    monkeypatch.setattr(
        "custom_components.sunfuse.sources.modbus.device_reader._SLOW_EVERY_S", 0.0
    )
    whole = await found(chain(*HYBRIDS["meter"]))
    half = await found(chain(*HYBRIDS["meter"][:2], END))
    assert Quantity.GRID_POWER in whole.readings.keys() - half.readings.keys()
    shown, finds = asyncio.Event(), 0

    async def find() -> Device:
        nonlocal finds
        finds += 1
        return whole if finds == 1 else half

    reader = Reader(
        reading(chain(*HYBRIDS["meter"])),
        find,
        name="Inverter",
        known=(*whole.readings, Quantity.BATTERY_SOC),
    )
    reader.subscribe(shown.set)
    task = asyncio.create_task(reader.run())
    async with asyncio.timeout(60):
        while finds < 3:
            shown.clear()
            await shown.wait()
    task.cancel()
    assert reader.device is whole
    assert reader.value(Quantity.GRID_POWER) == -1603


@pytest.mark.usefixtures("jumping")
async def test_a_device_that_lacks_something_for_good() -> None:
    """A battery that was sold is looked for ever more rarely, so that the line is free for the meter."""
    looks: list[float] = []
    without = await found(chain(*HYBRIDS["meter"]))
    without = replace(without, interval_s=30.0)
    loop = asyncio.get_running_loop()

    async def find() -> Device:
        looks.append(loop.time())
        return without

    reader = Reader(
        reading(chain(*HYBRIDS["meter"])),
        find,
        name="Inverter",
        known=(*without.readings, Quantity.BATTERY_SOC),
    )
    started = loop.time()
    task = asyncio.create_task(reader.run())
    await asyncio.sleep(6 * 3600)
    task.cancel()
    assert len([at for at in looks if at - started < 300]) >= 3
    # Once an hour in the end.
    assert len(looks) <= 6 + 8
