"""Devices that say themselves, by SunSpec, where their readings lie: found, and understood."""

from collections.abc import Mapping, Sequence

import pytest

from custom_components.sunfuse.sources.modbus import sunspec_models
from custom_components.sunfuse.sources.modbus.device import DeviceKind, Information
from custom_components.sunfuse.sources.modbus.polling import Poll
from custom_components.sunfuse.sources.modbus.registers import (
    Failure,
    RegisterTable,
    RequestError,
)
from custom_components.sunfuse.sources.modbus.sunspec import DISCOVERED, discover

from .chains import (
    AT_THE_GRID,
    DER,
    END,
    INVERTER,
    METER,
    METER_OF_SOLAREDGE,
    OF_THE_INVERTER,
    OF_THE_METER,
    REFERENCE,
    chain,
    common,
    found,
    model,
    modules,
    ports,
    reading,
    values,
)
from .server import serving
from .test_connection import connected


def only(every: Mapping[str, float], phases: int) -> dict[str, float]:
    """Return the values without those of the phases that there are not."""
    missing = tuple(f"_l{phase}" for phase in range(phases + 1, 4))
    return {q: v for q, v in every.items() if not missing or not q.endswith(missing)}


# --- Where the values lie -------------------------------------------------------------------------------------------

NAMES = {
    "power": ("W",),
    "power_l1": ("WphA",),
    "power_l2": ("WphB",),
    "power_l3": ("WphC",),
    "current_l1": ("AphA", "AL1"),
    "current_l2": ("AphB", "AL2"),
    "current_l3": ("AphC", "AL3"),
    "voltage_l1": ("PhVphA", "VL1"),
    "voltage_l2": ("PhVphB", "VL2"),
    "voltage_l3": ("PhVphC", "VL3"),
    "frequency": ("Hz",),
    "solar_energy": ("WH", "TotWhInj"),
    "energy_export": ("TotWhExp",),
    "energy_import": ("TotWhImp",),
    "temperature": ("TmpCab",),
}


TYPES = {"acc32": "uint32", "enum16": "uint16", "count": "uint16"}


@pytest.mark.parametrize("number", [*sunspec_models.INVERTERS, *sunspec_models.METERS])
def test_every_point_lies_where_the_standard_has_it(number: int) -> None:
    """Offset, type and exponent of each point, against the reference's own files."""
    reference = REFERENCE[str(number)]
    points = {**sunspec_models.INVERTERS, **sunspec_models.METERS}[number]
    for quantity, point in points.items():
        name = next(name for name in NAMES[quantity] if name in reference)
        expected = reference[name]
        assert point.offset == expected["offset"], name
        assert point.type == TYPES.get(expected["type"], expected["type"]), name
        assert point.scale == expected.get("scale"), name


@pytest.mark.parametrize(
    ("point", "number", "name"),
    [
        (sunspec_models.DC_POWER, 101, "DCW"),
        (sunspec_models.DC_POWER, 102, "DCW"),
        (sunspec_models.DC_POWER, 103, "DCW"),
        (sunspec_models.STORAGE_SOC, 124, "ChaState"),
        (sunspec_models.BATTERY_SOC, 802, "SoC"),
        (sunspec_models.BATTERY_POWER, 802, "W"),
        (sunspec_models.CAPACITY_SOC, 713, "SoC"),
        (sunspec_models.WIRING, 701, "ACType"),
        (sunspec_models.MODULE_COUNT, 160, "N"),
        (sunspec_models.PORT_COUNT, 714, "NPrt"),
    ],
)
def test_single_points_lie_where_the_standard_has_them(
    point: sunspec_models.Point, number: int, name: str
) -> None:
    """Likewise, of batteries and counts."""
    expected = REFERENCE[str(number)][name]
    assert point.offset == expected["offset"]
    assert point.type == TYPES.get(expected["type"], expected["type"])
    assert point.scale == expected.get("scale")


# --- Whole devices --------------------------------------------------------------------------------------------------


async def test_a_fronius_inverter_with_three_phases() -> None:
    """What it gives is what the sun gives; the type plate is read from the common model."""
    image = chain(common("Fronius", "Symo 8.2-3-M"), model(103, INVERTER), END)
    device = await found(image)
    assert {str(q): v for q, v in device.values(image).items()} == pytest.approx(
        OF_THE_INVERTER
    )
    assert (device.id, device.kind) == (DISCOVERED, DeviceKind.INVERTER)
    assert (device.name, device.manufacturer) == ("Fronius Symo 8.2-3-M", "Fronius")
    assert "103" in device.source
    assert await Poll(reading(image)).information(device) == {
        Information.MANUFACTURER: "Fronius",
        Information.MODEL: "Symo 8.2-3-M",
        Information.VERSION: "1.2.3",
        Information.SERIAL_NUMBER: "4711",
    }


@pytest.mark.parametrize(("number", "phases"), [(101, 1), (102, 2), (103, 3)])
@pytest.mark.parametrize("floats", [False, True])
async def test_inverters_of_one_two_and_three_phases(
    number: int, phases: int, floats: bool
) -> None:
    """As whole numbers with exponents, and as floating-point numbers. Phases that there are not are not read."""
    content = model(number + 10 * floats, INVERTER)
    said = await values(common("Fronius"), content, END)
    assert said == pytest.approx(only(OF_THE_INVERTER, phases))


@pytest.mark.parametrize("number", [203, 213])
async def test_a_smart_meter_of_fronius(number: int) -> None:
    """At a unit of its own, without an inverter: positive on import, its currents in the direction of their powers."""
    image = chain(common("Fronius", "Smart Meter 63A"), model(number, METER), END)
    device = await found(image)
    assert {str(q): v for q, v in device.values(image).items()} == pytest.approx(
        OF_THE_METER
    )
    assert device.kind is DeviceKind.METER


@pytest.mark.parametrize("number", [201, 211])
async def test_a_meter_of_one_phase(number: int) -> None:
    """The one current goes where the power goes."""
    fed_in = {"W": -1150, "AphA": 5, "PhVphA": 230, "Hz": 50}
    said = await values(common("Fronius"), model(number, fed_in), END)
    assert said == pytest.approx(
        {
            "power": -1150,
            "current_l1": -5,
            "voltage_l1": 230,
            "frequency": 50,
            "energy_import": None,
            "energy_export": None,
        }
    )


@pytest.mark.parametrize("number", [204, 214])
async def test_a_meter_in_a_delta(number: int) -> None:
    """There is no neutral, so there are no voltages to it."""
    said = await values(common("Fronius"), model(number, METER), END)
    assert said == pytest.approx(
        {q: v for q, v in OF_THE_METER.items() if not q.startswith("voltage")}
    )


async def test_a_meter_that_knows_no_single_phases() -> None:
    """Currents without a known direction are without sign; what is not implemented is not read."""
    known = {"W": -3450, "AphA": 5, "AphB": 5, "AphC": 5}
    said = await values(common("Maker"), model(203, known), END)
    assert said["power"] == -3450
    assert [said[f"current_l{phase}"] for phase in (1, 2, 3)] == [5, 5, 5]
    assert "power_l1" not in said


async def test_the_first_of_several_meters_is_the_one_at_the_grid() -> None:
    """SolarEdge's second and third meter count something else."""
    said = await values(
        common("SolarEdge", length=65),
        model(103, INVERTER),
        common("WattNode", length=65),
        model(203, METER_OF_SOLAREDGE),
        common("WattNode", length=65),
        model(203, METER | {"W": 77}),
        END,
    )
    assert said["grid_power"] == 1603


async def test_a_connection_that_is_lost_on_the_way() -> None:
    """An inverter with a battery is not to be taken for one without."""
    good = reading(chain(common("SolarEdge"), model(103, INVERTER), END))

    async def read(table: RegisterTable, address: int, count: int) -> tuple[int, ...]:
        if address >= 0xE100:
            raise RequestError(Failure.NOT_CONNECTED)
        return await good(table, address, count)

    with pytest.raises(RequestError):
        await discover(read)


async def test_a_hybrid_whose_inputs_are_not_reported() -> None:
    """Likewise."""
    battery = model(802, {"SoC": 48, "W": -1200})
    said = await values(common("Maker"), model(103, INVERTER), battery, END)
    assert "solar_power" not in said
    assert (said["power"], said["battery_power"]) == (5000, -1200)


GEN24_CHARGES = [
    ("MPPT 1", 3000.0),
    ("MPPT 2", 2500.0),
    ("StCha 3", 450.0),
    ("StDisCha 4", 0.0),
]


@pytest.mark.parametrize(
    ("inputs", "solar", "battery"),
    [
        (GEN24_CHARGES, 5500, -450),
        ([*GEN24_CHARGES[:2], ("StCha 3", 0), ("StDisCha 4", 800.0)], 5500, 800),
        ([*GEN24_CHARGES[:2], ("StCha 3", None), ("StDisCha 4", 800.0)], 5500, 800),
        ([("", power) for _, power in GEN24_CHARGES], 5500, -450),
        ([("MPPT 1", None), ("MPPT 2", None), ("StCha 3", 0), ("StDisCha 4", 800.0)], 0, 800),
    ],
)  # fmt: skip
async def test_a_fronius_gen24_with_a_battery(
    inputs: Sequence[tuple[str, float | None]], solar: float, battery: float
) -> None:
    """The battery's two directions are inputs of their own; what the inverter gives is no longer what the sun gives."""
    image = chain(
        common("Fronius", "Primo GEN24 6.0"),
        model(101, INVERTER),
        modules(*inputs),
        model(124, {"ChaState": 62.5}),
        END,
    )
    device = await found(image)
    said = {str(q): v for q, v in device.values(image).items()}
    assert said["solar_power"] == pytest.approx(solar)
    assert said["battery_power"] == pytest.approx(battery)
    assert said["battery_soc"] == pytest.approx(62.5)
    assert said["power"] == 5000
    assert "solar_energy" not in said
    assert device.kind is DeviceKind.SYSTEM


async def test_a_fronius_gen24_without_a_battery() -> None:
    """It has the storage's model, but no state of charge; its four inputs are four strings."""
    said = await values(
        common("Fronius", "Verto"),
        model(103, INVERTER),
        modules(("", 1000), ("", 1000), ("", 1500), ("", 1600)),
        model(124),
        END,
    )
    assert "battery_soc" not in said
    assert "battery_power" not in said
    assert said["solar_power"] == 5000


async def test_an_inverter_of_sma_at_night() -> None:
    """It knows no power then, which is none: the site is not to be without a reading because it is dark."""
    asleep = {q: INVERTER[q] for q in ("WH",)}
    said = await values(common("SMA"), model(103, asleep), END)
    assert (said["power"], said["solar_power"]) == (0, 0)
    assert said["voltage_l1"] is None


async def test_what_a_device_does_not_implement_is_not_read() -> None:
    """No reading of a temperature that there is not."""
    known = {q: v for q, v in INVERTER.items() if q != "TmpCab"}
    assert "temperature" not in await values(common("SMA"), model(103, known), END)


@pytest.mark.parametrize(("wiring", "phases"), [(0, 1), (1, 2), (2, 3)])
async def test_the_models_of_ieee_1547(wiring: int, phases: int) -> None:
    """Model 701, whose wiring is a value; its energy has 64 bits."""
    content = model(701, DER | {"ACType": wiring})
    said = await values(common("Maker"), content, END)
    expected = OF_THE_INVERTER | {"solar_energy": 12_345_678_901}
    assert said == pytest.approx(only(expected, phases))


async def test_the_ports_of_a_hybrid() -> None:
    """Models 713 and 714: two strings give 3000 W, the battery is charged with 500 W."""
    said = await values(
        common("Maker"),
        model(701, DER),
        model(713, {"WHRtg": 100, "SoC": 71.5}, {"WHRtg": 2}),
        ports((0, 1800), (0, 1200), (1, -500), (2, 42)),
        END,
    )
    assert (said["solar_power"], said["battery_power"]) == (3000, -500)
    assert said["battery_soc"] == 71.5
    assert said["power"] == 5000


async def test_a_device_without_storage_has_no_state_of_charge() -> None:
    """A model of storage with a capacity of 0."""
    content = model(713, {"WHRtg": 0, "SoC": 0}, {"WHRtg": 2})
    assert "battery_soc" not in await values(
        common("Maker"), model(701, DER), content, END
    )


async def test_a_plenticore() -> None:
    """KOSTAL's models come twice; the floating-point ones are read. No document gives the sign of its meter's model."""
    battery = {"SoC": 48.0, "W": -1200}
    said = await values(
        common("KOSTAL", "PLENTICORE plus"),
        model(103, INVERTER | {"W": 1}),
        model(113, INVERTER),
        modules(("", 2500), ("", 2500)),
        model(203, METER),
        model(802, battery),
        END,
    )
    assert said["power"] == 5000
    assert (said["battery_soc"], said["battery_power"]) == (48, -1200)
    assert "grid_power" not in said


async def test_a_hybrid_without_a_battery() -> None:
    """It has the models of one, and leaves them empty."""
    said = await values(
        common("KOSTAL"), model(103, INVERTER), modules(("", 5000)), model(802), END
    )
    assert said == pytest.approx(OF_THE_INVERTER)


async def test_a_battery_alone() -> None:
    """Positive on discharge."""
    image = chain(common("Maker"), model(802, {"SoC": 48.0, "W": 1200}), END)
    device = await found(image)
    assert {str(q): v for q, v in device.values(image).items()} == {
        "battery_soc": 48,
        "battery_power": 1200,
    }
    assert device.kind is DeviceKind.BATTERY


async def test_a_device_without_a_name() -> None:
    """It is called by what it speaks."""
    device = await found(chain(common("", ""), model(203, METER), END))
    assert (device.name, device.manufacturer) == ("SunSpec", "SunSpec")


@pytest.mark.parametrize("base", [0, 40000, 50000])
async def test_where_a_chain_may_begin(base: int) -> None:
    """The three addresses of the specification; the readings lie behind the one where it was found."""
    image = chain(common("Fronius"), model(203, METER), END, base=base)
    device = await found(image)
    assert {str(q): v for q, v in device.values(image).items()} == pytest.approx(
        OF_THE_METER
    )
    assert all(condition.holds(image) for condition in device.identify)


async def test_unknown_models_are_passed_over() -> None:
    """Nameplates, settings and a maker's own models, however long, are not even read."""
    log: list[tuple[int, int]] = []
    image = chain(
        common("Fronius"),
        [120, 26, *[7] * 26],
        [64001, 900, *[7] * 900],
        model(203, METER),
        END,
    )
    device = await discover(reading(image, log))
    assert device
    assert {str(q): v for q, v in device.values(image).items()} == pytest.approx(
        OF_THE_METER
    )
    assert sum(count for _, count in log) < 250


# --- Over the wire --------------------------------------------------------------------------------------------------


async def test_a_real_connection() -> None:
    """Discovered and read from a server on the loopback interface, which refuses the addresses that it lacks."""
    image = chain(
        common("SolarEdge", "SE10K", length=65),
        model(103, INVERTER),
        common("WattNode", length=65),
        model(203, METER_OF_SOLAREDGE),
        END,
    )
    async with serving({1: image}) as server, connected(server) as connection:

        async def read(
            table: RegisterTable, address: int, count: int
        ) -> tuple[int, ...]:
            return await connection.read(1, table, address, count)

        device = await discover(read)
        assert device
        server.devices.requests.clear()
        said = await Poll(read).values(device, device.readings)
        assert {str(q): v for q, v in said.items()} == pytest.approx(
            OF_THE_INVERTER | AT_THE_GRID
        )
        # The inverter and the meter lie too far apart for one request.
        assert len(server.devices.requests) <= 3
