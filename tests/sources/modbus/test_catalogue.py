"""The devices that come with Sunfuse: that their files are right, against what their makers say of the registers."""

from pathlib import Path
import re

import pytest

from custom_components.sunfuse.flows.modbus.modbus_forms import USUAL_UNITS
from custom_components.sunfuse.sources.modbus.device import Device, DeviceKind, Quantity
from custom_components.sunfuse.sources.modbus.library import BUILT_IN, built_in_devices
from custom_components.sunfuse.sources.modbus.polling import Poll
from custom_components.sunfuse.sources.modbus.registers import Image, RegisterTable
from custom_components.sunfuse.sources.modbus.scan import parse_units, scan

from .images import INPUT, KNOWN, OF_OLD, Known, put
from .server import serving
from .test_connection import connected

# What the issue asks for, by the makers' names. Fronius and SolarEdge are found by SunSpec (test_sunspec.py).
ASKED_FOR = {
    "Eastron": 5,
    "Carlo Gavazzi": 4,
    "ABB": 1,
    "Schneider Electric": 1,
    "Janitza": 1,
    "Siemens": 1,
    "Victron Energy": 2,
    "SMA": 3,
    "Huawei": 1,
    "Sungrow": 2,
    "GoodWe": 1,
    "KOSTAL": 2,
    "Growatt": 4,
}
# They have nothing that distinguishes them from others; the user chooses them.
CHOSEN_BY_HAND = {
    "eastron_sdm230",
    "growatt_min_tlx",
    "growatt_sph",
    "growatt_tl3x",
    "growatt_tlxh",
    "sma_home_manager",
}


def recognised(device: Device, image: Image) -> bool:
    """Whether a scan that reads this takes it for that device."""
    return bool(device.identify) and all(c.holds(image) for c in device.identify)


def phases_of(values: dict[Quantity, float | None], name: str) -> list[float]:
    """Return the known values of three phases."""
    found = (values.get(Quantity(f"{name}_l{phase}")) for phase in (1, 2, 3))
    return [value for value in found if value is not None]


def test_the_catalogue_has_what_was_asked_for() -> None:
    """Each maker's devices are there, and each of them has an image here that checks it."""
    devices = built_in_devices()
    makers = [device.manufacturer for device in devices.values()]
    assert {maker: makers.count(maker) for maker in makers} == ASKED_FOR
    assert devices.keys() == KNOWN.keys()


@pytest.mark.parametrize("name", KNOWN)
def test_the_readings_of_a_device(name: str) -> None:
    """Every reading has the value, the unit and the sign that the device's documents give it."""
    values = built_in_devices()[name].values(KNOWN[name].image)
    assert {str(q): v for q, v in values.items()} == {
        quantity: pytest.approx(value) for quantity, value in KNOWN[name].values.items()
    }


@pytest.mark.parametrize(
    ("name", "known"),
    [*KNOWN.items(), *OF_OLD.items()],
    ids=[*KNOWN, *map("old {}".format, OF_OLD)],
)
async def test_a_device_is_read_over_a_real_connection(name: str, known: Known) -> None:
    """The same by few requests to a server that refuses what the device lacks, and asks for no more than it allows."""
    device = built_in_devices()[name]
    async with (
        serving({known.unit_id: known.image}) as server,
        connected(server) as connection,
    ):

        async def read(
            table: RegisterTable, address: int, count: int
        ) -> tuple[int, ...]:
            return await connection.read(known.unit_id, table, address, count)

        values = await Poll(read).values(device, device.readings)
        counts = [count for *_, count in server.devices.requests]
    assert {str(q): v for q, v in values.items()} == {
        quantity: pytest.approx(value) for quantity, value in known.values.items()
    }
    assert max(counts) <= device.most_registers


@pytest.mark.parametrize(
    ("name", "table", "address", "swap", "scale"),
    [
        ("growatt_min_tlx", INPUT, 3001, False, 0.1),
        ("growatt_sph", INPUT, 1, False, 0.1),
        ("growatt_tl3x", INPUT, 1, False, 0.1),
        ("growatt_tlxh", INPUT, 3001, False, 0.1),
        ("sungrow_sg", INPUT, 5016, True, 1),
        ("sungrow_sh", INPUT, 5016, True, 1),
    ],
)
def test_what_an_inverter_draws_at_night_is_no_sunshine(
    name: str, table: RegisterTable, address: int, swap: bool, scale: float
) -> None:
    """The sun's power is unsigned by the document, and shows -30 counts at night as 4 billion."""
    image = dict(KNOWN[name].image)
    put(image, table, {address: -30}, "i", swap=swap)
    values = built_in_devices()[name].values(image)
    assert values[Quantity.SOLAR_POWER] == pytest.approx(-30 * scale)


def test_what_an_inverter_at_a_victron_draws_at_night_is_no_sunshine() -> None:
    """It draws 5 W at the grid, which an unsigned register would show as 65 kW or more."""
    image = dict(KNOWN["victron_gx"].image)
    put(image, INPUT, {890: -5}, "i")
    put(image, INPUT, {850: 0}, "H")
    values = built_in_devices()["victron_gx"].values(image)
    assert values[Quantity.SOLAR_POWER] == -5


@pytest.mark.parametrize("name", KNOWN)
def test_every_reading_is_plausible(name: str) -> None:
    """Nothing that a device really says is taken for a lie."""
    device = built_in_devices()[name]
    for quantity, value in device.values(KNOWN[name].image).items():
        assert value is not None
        assert device.plausible(quantity, value)


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("prefix", ["", "grid_"])
def test_the_phases_agree(name: str, prefix: str) -> None:
    """The phases' powers add up to the power; none is more than voltage times current, nor much less, nor against it."""
    values = built_in_devices()[name].values(KNOWN[name].image)
    powers = phases_of(values, f"{prefix}power")
    if powers:
        assert sum(powers) == pytest.approx(
            values[Quantity(f"{prefix}power")], rel=0.01
        )
    currents = phases_of(values, f"{prefix}current")
    for power, current in zip(powers, currents, strict=False):
        assert power * current > 0
        assert 0.2 < power / (230 * current) < 1.07


@pytest.mark.parametrize("name", KNOWN)
def test_a_device_is_recognised_as_itself_and_as_no_other(name: str) -> None:
    """A scan finds one device, or none if nothing identifies it."""
    image = KNOWN[name].image
    found = {
        other
        for other, device in built_in_devices().items()
        if recognised(device, image)
    }
    assert found == (set() if name in CHOSEN_BY_HAND else {name})


@pytest.mark.parametrize("name", KNOWN)
async def test_a_search_finds_it(name: str) -> None:
    """Over a real connection, at its unit id, with what it says."""
    known = KNOWN[name]
    async with (
        serving({known.unit_id: known.image}) as server,
        connected(server) as connection,
    ):
        found = await scan(
            connection, [known.unit_id], built_in_devices().values(), lambda _: None
        )
    assert [f.device.id for f in found] == ([] if name in CHOSEN_BY_HAND else [name])
    for device in found:
        assert {str(q): v for q, v in device.values.items()} == {
            quantity: pytest.approx(value) for quantity, value in known.values.items()
        }


@pytest.mark.parametrize("word", [0, 0xFFFF, 0x8000, 230, 500])
def test_a_device_with_the_same_value_everywhere_is_not_recognised(word: int) -> None:
    """Simulators and gateways answer every address; that is no device."""
    addresses = {
        (condition.register.table, address)
        for device in built_in_devices().values()
        for condition in device.identify
        for address in condition.register.addresses
    }
    image = dict.fromkeys(addresses, word)
    assert [d.id for d in built_in_devices().values() if recognised(d, image)] == []


@pytest.mark.parametrize("name", KNOWN)
def test_a_device_answers_at_a_unit_that_its_file_names(name: str) -> None:
    """A scan asks the units of the files first."""
    assert KNOWN[name].unit_id in built_in_devices()[name].unit_ids


def test_a_search_asks_where_devices_usually_are() -> None:
    """The form's suggestion reaches each device that a search can recognise."""
    suggested = parse_units(USUAL_UNITS)
    assert suggested
    missed = [
        device.id
        for device in built_in_devices().values()
        if device.identify and not set(suggested) & set(device.unit_ids)
    ]
    assert missed == []
    # SunSpec: SMA, and the meters of Fronius.
    assert {126, 200, 240} <= set(suggested)


@pytest.mark.parametrize("name", KNOWN)
def test_a_meter_has_a_power_and_a_system_a_grid(name: str) -> None:
    """What a kind is for is there."""
    device = built_in_devices()[name]
    needed = {
        DeviceKind.METER: Quantity.POWER,
        DeviceKind.INVERTER: Quantity.SOLAR_POWER,
        DeviceKind.BATTERY: Quantity.BATTERY_POWER,
        DeviceKind.SYSTEM: Quantity.GRID_POWER,
    }
    assert needed[device.kind] in device.readings


@pytest.mark.parametrize("path", sorted(BUILT_IN.glob("*.yaml")), ids=lambda p: p.stem)
def test_a_file_names_its_source(path: Path) -> None:
    """A document or a repository, and against what it was checked; lines that a screen shows whole."""
    text = path.read_text(encoding="utf-8")
    assert re.search(r"^source: \S.{20,}$", text, re.MULTILINE)
    head = " ".join(
        line.removeprefix("# ") for line in text.splitlines() if line.startswith("#")
    )
    assert "hecked against" in head
    assert max(len(line) for line in text.splitlines()) <= 120
