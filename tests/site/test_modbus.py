"""A site with a Modbus meter: found, shown, saved, read once a second, lost, found again; and a charger that obeys it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
import logging
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from pymodbus.framer import FramerType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.diagnostics import async_get_config_entry_diagnostics
from custom_components.sunfuse.sources.modbus.device import Device, Quantity
from custom_components.sunfuse.sources.modbus.library import built_in_devices
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)

from ..common import charger, site_entry, wait_until
from ..site_fixtures import Home, free_port, limits, obeys
from ..sources.modbus.chains import (
    END,
    INVERTER,
    METER_OF_SOLAREDGE,
    chain,
    common,
    model,
)
from ..sources.modbus.server import (
    RegisterWords,
    Server,
    image_of,
    serial_line,
    serving,
)

pytestmark = pytest.mark.usefixtures("jumping")

SDM = "eastron_sdm630"
HOUSE = {
    Quantity.POWER: 4140,
    Quantity.POWER_L1: 2300,
    Quantity.POWER_L2: 920,
    Quantity.POWER_L3: 920,
    Quantity.CURRENT_L1: 10,
    Quantity.CURRENT_L2: 4,
    Quantity.CURRENT_L3: 4,
    Quantity.VOLTAGE_L1: 230,
    Quantity.VOLTAGE_L2: 230,
    Quantity.VOLTAGE_L3: 230,
    Quantity.FREQUENCY: 50,
    Quantity.ENERGY_IMPORT: 12_345_000,
    Quantity.ENERGY_EXPORT: 0,
}


SOLAREDGE = chain(
    common("SolarEdge", "SE10K", length=65),
    model(103, INVERTER),
    common("WattNode", length=65),
    model(203, METER_OF_SOLAREDGE),
    END,
)


@pytest.fixture(autouse=True)
def _loopback(socket_enabled: None) -> None:
    """Let the tests use real sockets."""


def sdm() -> Device:
    """Return the meter."""
    return built_in_devices()[SDM]


def house(current_l1_a: float = 10, car_a: float = 0) -> RegisterWords:
    """Return the registers of the meter of a house, with a car on all phases."""
    amperes = [current_l1_a + car_a, 4 + car_a, 4 + car_a]
    shown = HOUSE | {Quantity.POWER: sum(amperes) * 230}
    for phase, current_a in enumerate(amperes, start=1):
        # The meter shows currents without a sign.
        shown |= {
            Quantity(f"current_l{phase}"): abs(current_a),
            Quantity(f"power_l{phase}"): current_a * 230,
        }
    return image_of(sdm(), shown)


def meter(port: int, **changes: Any) -> ConfigSubentryData:
    """Return the sub-entry of the meter, as the form makes it."""
    return ConfigSubentryData(
        data={
            "link": {
                "kind": "tcp",
                "host": "127.0.0.1",
                "port": port,
                "baudrate": 9600,
                "parity": "N",
                "stop_bits": 1,
            },
            "unit": 1,
            "device": SDM,
            "quantities": [quantity.value for quantity in sdm().readings],
            "information": {"manufacturer": "Eastron", "model": "SDM630-Modbus"},
        }
        | changes,
        subentry_type="modbus",
        title="Meter",
        unique_id=None,
    )


@pytest.fixture(name="server")
async def server_fixture() -> AsyncIterator[Server]:
    """Return a server of one meter."""
    async with serving({1: house()}) as server:
        yield server


@pytest.fixture(name="site")
async def site_fixture(hass: HomeAssistant) -> AsyncIterator[MockConfigEntry]:
    """Return a site without devices, unloaded in the end."""
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    yield entry
    if entry.state is ConfigEntryState.LOADED:
        await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


async def site_with(
    hass: HomeAssistant, *subentries: ConfigSubentryData, **changes: Any
) -> MockConfigEntry:
    """Return a loaded site with these devices."""
    entry = site_entry(free_port(), *subentries, **changes)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    return entry


class Form:
    """The form of a Modbus device, as a user fills it in."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        """Remember the site."""
        self._hass = hass
        self._entry = entry
        self.result: Any = None

    async def start(self, subentry_id: str | None = None) -> None:
        """Open it, for a new device or for one that there is."""
        context: Any = {"source": "user"}
        if subentry_id:
            context = {"source": "reconfigure", "subentry_id": subentry_id}
        self.result = await self._hass.config_entries.subentries.async_init(
            (self._entry.entry_id, "modbus"), context=context
        )

    async def fill(self, **fields: Any) -> None:
        """Fill a step in, and wait for what may take a while."""
        self.result = await self._hass.config_entries.subentries.async_configure(
            self.result["flow_id"], fields
        )
        while self.result["type"] is FlowResultType.SHOW_PROGRESS:
            await asyncio.sleep(0.05)
            self.result = await self._hass.config_entries.subentries.async_configure(
                self.result["flow_id"]
            )

    async def network(self, server: Server, connection: str = "tcp") -> None:
        """Go as far as the choice between looking and choosing."""
        await self.start()
        assert self.result["step_id"] == "user"
        await self.fill(next_step_id="network")
        await self.fill(connection=connection, host="127.0.0.1", port=server.port)
        assert self.result["step_id"] == "method"

    @property
    def errors(self) -> Mapping[str, str]:
        """Return what is wrong."""
        errors: Mapping[str, str] = self.result["errors"]
        return errors


async def test_a_meter_is_found_shown_and_saved(
    hass: HomeAssistant, site: MockConfigEntry, server: Server
) -> None:
    """From host and port to sensors, the meter recognised by its registers, its values shown before it is saved."""
    form = Form(hass, site)
    await form.network(server)
    await form.fill(next_step_id="search")
    await form.fill(units="1-2")
    if form.result["step_id"] == "found":
        await form.fill(found="0")
    assert form.result["step_id"] == "confirm"
    shown = form.result["description_placeholders"]
    assert "SDM630" in shown["device"]
    assert "- Power: 4140 W" in shown["values"]
    assert "- Current L1: 10 A" in shown["values"]
    assert "- Voltage L3: 230 V" in shown["values"]
    assert "- Imported energy: 12345 kWh" in shown["values"]
    await form.fill(name="Main meter")
    assert form.result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()

    await wait_until(
        lambda: (
            (state := hass.states.get("sensor.main_meter_power"))
            and state.state == "4140.0"
        ),
        "the meter's power",
    )
    state = hass.states.get("sensor.main_meter_current_l1")
    assert state
    assert state.state == "10.0"
    assert state.attributes["device_class"] == "current"
    assert state.attributes["unit_of_measurement"] == "A"
    energy = hass.states.get("sensor.main_meter_imported_energy")
    assert energy
    assert (energy.state, energy.attributes["unit_of_measurement"]) == (
        "12345.0",
        "kWh",
    )
    # What nobody decides on is there for who wants it.
    assert hass.states.get("sensor.main_meter_frequency") is None

    (device,) = [
        device
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), site.entry_id
        )
        if device.name == "Main meter"
    ]
    assert (device.manufacturer, device.serial_number) == ("Eastron", "4711")
    assert "SDM630" in str(device.model)
    assert device.via_device_id is not None


async def test_devices_that_describe_themselves(
    hass: HomeAssistant, site: MockConfigEntry, server: Server
) -> None:
    """An inverter with a meter that speaks SunSpec: found without a file, and found again after a restart."""
    server.devices.images = {1: SOLAREDGE}
    form = Form(hass, site)
    await form.network(server)
    await form.fill(next_step_id="search")
    await form.fill(units="1")
    assert form.result["step_id"] == "confirm"
    shown = form.result["description_placeholders"]
    assert shown["device"] == "SolarEdge SE10K"
    assert "- Solar power: " in shown["values"]
    assert "- Grid current L3: " in shown["values"]
    await form.fill(name="Inverter")
    await hass.async_block_till_done()

    def power() -> str | None:
        state = hass.states.get("sensor.inverter_solar_power")
        return state.state if state else None

    await wait_until(lambda: power() not in (None, STATE_UNAVAILABLE), "the power")
    await hass.config_entries.async_reload(site.entry_id)
    await wait_until(lambda: power() not in (None, STATE_UNAVAILABLE), "the power")
    # By hand as well; and what does not speak it is another device.
    await form.network(server)
    await form.fill(next_step_id="choose")
    server.devices.images[2] = house()
    await form.fill(device="sunspec/discovered", unit=2)
    assert form.errors == {"base": "wrong_device"}
    await form.fill(device="sunspec/discovered", unit=1)
    assert form.result["reason"] == "already_configured"


async def test_a_device_whose_chain_breaks_off_while_it_is_added(
    hass: HomeAssistant, site: MockConfigEntry, server: Server
) -> None:
    """The meter in the other half gets its sensors once the device reports it."""
    meter_at = 40002 + 2 + 65 + 52
    half = {key: word for key, word in SOLAREDGE.items() if key[1] < meter_at}
    server.devices.images = {1: half}
    form = Form(hass, site)
    await form.network(server)
    await form.fill(next_step_id="search")
    await form.fill(units="1")
    assert "Grid power" not in form.result["description_placeholders"]["values"]
    await form.fill(name="Inverter")
    await hass.async_block_till_done()

    def shown(name: str) -> str:
        state = hass.states.get(f"sensor.inverter_{name}")
        return state.state if state else "none"

    await wait_until(lambda: shown("solar_power") == "5000.0", "the power")
    assert shown("grid_power") == "none"
    server.devices.images[1] = SOLAREDGE
    await wait_until(lambda: shown("grid_power") == "1603.0", "the meter's power")
    assert site.state is ConfigEntryState.LOADED


async def test_nobody_and_nothing_known(
    hass: HomeAssistant, site: MockConfigEntry, server: Server
) -> None:
    """What cannot be reached, does not answer or is not recognised is said where it can be put right."""
    form = Form(hass, site)
    await form.start()
    await form.fill(next_step_id="network")
    await form.fill(connection="tcp", host="127.0.0.1", port=free_port())
    assert form.errors == {"base": "cannot_connect"}
    await form.fill(connection="tcp", host="127.0.0.1", port=server.port)
    await form.fill(next_step_id="search")
    for units in ("", "x", "5-1", "256", "1-40", "1,,2"):
        await form.fill(units=units)
        assert form.errors == {"units": "units"}, units
    await form.fill(units="7")
    assert form.errors == {"base": "nothing_found"}
    # A device that answers, and refuses everything.
    server.devices.images[7] = {}
    await form.fill(units="7")
    assert form.errors == {"base": "nothing_found"}
    await server.stop()
    await form.fill(units="1")
    assert form.errors == {"base": "cannot_connect"}
    await server.start()


async def test_a_form_that_is_closed(
    hass: HomeAssistant, site: MockConfigEntry, server: Server
) -> None:
    """Whoever closes the form while it looks for devices leaves no connection and no task."""
    form = Form(hass, site)
    await form.network(server)
    await form.fill(next_step_id="search")
    result = await hass.config_entries.subentries.async_configure(
        form.result["flow_id"], {"units": "10-20"}
    )
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    await wait_until(lambda: server.connections == 1, "the search")
    hass.config_entries.subentries.async_abort(form.result["flow_id"])
    await wait_until(lambda: server.connections == 0, "the end of it")


async def test_a_device_that_sleeps(
    hass: HomeAssistant, site: MockConfigEntry, server: Server
) -> None:
    """What is not known at night has its sensor all the same; what the device does not have has none."""
    night = house() | {
        (register.table, register.address): 0x7FC0  # not a number
        for quantity in (Quantity.POWER, Quantity.POWER_L1)
        for register in sdm().readings[quantity].registers
    }
    for register in sdm().readings[Quantity.ENERGY_EXPORT].registers:
        del night[register.table, register.address]
    server.devices.images[1] = night
    form = Form(hass, site)
    await form.network(server)
    await form.fill(next_step_id="choose")
    await form.fill(device=SDM, unit=1)
    assert "- Power:" not in form.result["description_placeholders"]["values"]
    await form.fill(name="Meter")
    await hass.async_block_till_done()
    await wait_until(
        lambda: (
            (state := hass.states.get("sensor.meter_power_l2"))
            and state.state == "920.0"
        ),
        "what is known",
    )
    power = hass.states.get("sensor.meter_power")
    assert power
    assert power.state == STATE_UNAVAILABLE
    assert hass.states.get("sensor.meter_exported_energy") is None
    assert hass.states.get("sensor.meter_imported_energy")


async def test_a_device_is_chosen_by_hand(
    hass: HomeAssistant, site: MockConfigEntry, server: Server
) -> None:
    """One's own file is in the list, and errors of another one are shown."""
    folder = Path(hass.config.path("sunfuse", "modbus"))
    write = """
name: Mine
manufacturer: Me
kind: meter
source: Its label
readings:
  power: {table: input, address: 52, type: float32, unit: %s}
"""

    def files(unit: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "mine.yaml").write_text(write % unit, encoding="utf-8")

    try:
        await hass.async_add_executor_job(files, "Watt")
        form = Form(hass, site)
        await form.network(server)
        await form.fill(next_step_id="choose")
        assert form.errors == {"base": "device_files"}
        problems = form.result["description_placeholders"]["problems"]
        assert "mine.yaml: readings.power.unit: must be one of W, kW, MW" in problems

        await hass.async_add_executor_job(files, "W")
        await form.network(server)
        await form.fill(next_step_id="choose")
        assert not form.errors
        await form.fill(device="user/mine", unit=9)
        assert form.errors == {"base": "no_answer"}
        await form.fill(device="huawei_sun2000", unit=1)
        assert form.errors == {"base": "wrong_device"}
        await form.fill(device="user/mine", unit=1)
        assert form.result["step_id"] == "confirm"
        assert form.result["description_placeholders"]["values"] == "- Power: 4140 W"
        await form.fill(name="Mine")
        await hass.async_block_till_done()
        await wait_until(
            lambda: (
                (state := hass.states.get("sensor.mine_power"))
                and state.state == "4140.0"
            ),
            "the power",
        )
        # The same place cannot be added twice.
        await form.network(server)
        await form.fill(next_step_id="choose")
        await form.fill(device="user/mine", unit=1)
        assert form.result["type"] is FlowResultType.ABORT
        assert form.result["reason"] == "already_configured"
    finally:
        await hass.async_add_executor_job((folder / "mine.yaml").unlink)


async def test_a_serial_line(hass: HomeAssistant, site: MockConfigEntry) -> None:
    """The same over a serial port."""
    async with serial_line() as (device_end, our_end), serving({1: house()}) as server:
        await server.stop()
        await server.start_serial(device_end)
        form = Form(hass, site)
        await form.start()
        await form.fill(next_step_id="serial")
        settings = {"baudrate": "9600", "parity": "none", "stop_bits": "1"}
        await form.fill(device_path="/dev/there_is_none", **settings)
        assert form.errors == {"base": "cannot_connect"}
        await form.fill(device_path=our_end, **settings)
        await form.fill(next_step_id="choose")
        await form.fill(device=SDM, unit=1)
        assert form.result["step_id"] == "confirm"
        await form.fill(name="Main meter")
        await hass.async_block_till_done()
        await wait_until(
            lambda: (
                (state := hass.states.get("sensor.main_meter_power"))
                and state.state == "4140.0"
            ),
            "the meter's power",
        )
        await hass.config_entries.async_unload(site.entry_id)


async def test_two_devices_share_a_connection(
    hass: HomeAssistant, server: Server
) -> None:
    """Many inverters accept a single one. What speaks otherwise on it is refused by the form."""
    server.devices.images[2] = house(20)
    entry = await site_with(hass, meter(server.port), meter(server.port, unit=2))
    device_1, device_2 = entry.runtime_data.modbus.devices.values()
    await wait_until(
        lambda: (
            device_1.reader.value(Quantity.CURRENT_L1) == 10
            and device_2.reader.value(Quantity.CURRENT_L1) == 20
        ),
        "both meters",
    )
    assert server.connections == 1
    form = Form(hass, entry)
    await form.start()
    await form.fill(next_step_id="network")
    await form.fill(connection="rtu_over_tcp", host="127.0.0.1", port=server.port)
    assert form.errors == {"base": "in_use"}
    # The form reads over the same connection.
    await form.fill(connection="tcp", host="127.0.0.1", port=server.port)
    await form.fill(next_step_id="choose")
    await form.fill(device=SDM, unit=3)
    assert form.errors == {"base": "no_answer"}
    assert server.connections == 1
    await hass.config_entries.async_unload(entry.entry_id)


async def test_two_devices_that_cannot_share(
    hass: HomeAssistant, server: Server
) -> None:
    """One connection has one setting: the second device says why it is silent, and cannot be moved to the first's place."""
    other = meter(server.port, unit=2)
    other["data"]["link"]["kind"] = "rtu_over_tcp"
    entry = await site_with(hass, meter(server.port), other)
    first, second = entry.runtime_data.modbus.devices.values()
    await wait_until(lambda: first.reader.value(Quantity.POWER) == 4140, "the first")
    await wait_until(lambda: second.reader.last_error, "the second's error")
    assert "in use" in str(second.reader.last_error)
    assert second.reader.value(Quantity.POWER) is None
    found = await async_get_config_entry_diagnostics(hass, entry)
    assert [told["connection"] is None for told in found["modbus"]] == [False, True]
    form = Form(hass, entry)
    await form.start(list(entry.subentries)[1])
    place = {"host": "127.0.0.1", "port": server.port}
    await form.fill(connection="rtu_over_tcp", **place, unit=2)
    assert form.errors == {"base": "in_use"}
    await form.fill(connection="tcp", **place, unit=1)
    assert form.result["reason"] == "already_configured"
    await hass.config_entries.async_unload(entry.entry_id)


async def test_reloads_leave_nothing_behind(
    hass: HomeAssistant, server: Server
) -> None:
    """However often a site is reloaded: one connection while it is loaded, none after, and no task."""
    entry = await site_with(hass, meter(server.port))
    for _ in range(4):
        await wait_until(lambda: server.connections == 1, "a connection")
        await hass.config_entries.async_reload(entry.entry_id)
    await wait_until(lambda: server.connections == 1, "a connection")
    await hass.config_entries.async_unload(entry.entry_id)
    await wait_until(lambda: server.connections == 0, "no connection")
    assert not [task for task in asyncio.all_tasks() if "modbus" in task.get_name()]


async def test_a_meter_that_goes_and_comes_back(
    hass: HomeAssistant,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its sensors are unavailable after ten seconds, a repair says so after ten minutes; both end when it is back.

    Here ten seconds are one, and ten minutes are eight seconds.
    """
    reader = "custom_components.sunfuse.sources.modbus.device_reader"
    monkeypatch.setattr(f"{reader}._LEAST_AGE", timedelta(seconds=1))
    monkeypatch.setattr(f"{reader}._MISSED_READINGS", 1)
    monkeypatch.setattr(
        "custom_components.sunfuse.sources.modbus.connection._STEADY_S", 0.0
    )
    monkeypatch.setattr(
        "custom_components.sunfuse.repair_issues.open_issues.MODBUS_GONE_AFTER",
        timedelta(seconds=8),
    )
    caplog.set_level(logging.INFO)
    entry = await site_with(hass, meter(server.port))

    def shows(state: str) -> bool:
        found = hass.states.get("sensor.meter_power")
        return found is not None and found.state == state

    await wait_until(lambda: shows("4140.0"), "the power")
    await server.stop()
    await wait_until(lambda: shows(STATE_UNAVAILABLE), "no power")
    issues = ir.async_get(hass).issues
    assert not [key for key in issues if "modbus_gone" in key[1]]
    await wait_until(
        lambda: [key for key in issues if "modbus_gone" in key[1]], "a repair"
    )
    await server.start()
    await wait_until(lambda: shows("4140.0"), "the power again")
    await wait_until(
        lambda: not [key for key in issues if "modbus_gone" in key[1]], "no repair"
    )
    ours = [
        record.message
        for record in caplog.records
        if record.name.startswith("custom_components.sunfuse.sources.modbus")
    ]
    assert [("is lost" in text, "is back" in text) for text in ours] == [
        (True, False),
        (False, True),
    ]
    await hass.config_entries.async_unload(entry.entry_id)


async def test_lies(hass: HomeAssistant, server: Server) -> None:
    """What cannot be is not shown, and counted; the rest of the device goes on."""
    entry = await site_with(hass, meter(server.port))
    (device,) = entry.runtime_data.modbus.devices.values()
    await wait_until(
        lambda: device.reader.value(Quantity.POWER) == 4140, "the meter's power"
    )
    # 1e30 W, and no number at all.
    server.devices.images[1] = image_of(
        sdm(), HOUSE | {Quantity.POWER: 1e30, Quantity.POWER_L1: float("nan")}
    )
    await wait_until(lambda: device.reader.poll.lies[Quantity.POWER] > 1, "lies")
    assert device.reader.measured[Quantity.POWER].value == 4140
    found = await async_get_config_entry_diagnostics(hass, entry)
    (told,) = found["modbus"]
    assert told["implausible_values"]["power"] > 1
    assert told["connection"]["connected"] is True
    assert 0 <= told["connection"]["latency_s"] < 5
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_device_is_given_another_address(
    hass: HomeAssistant, server: Server
) -> None:
    """Changed in place: its sensors keep their names; another device there is refused."""
    entry = await site_with(hass, meter(free_port()))
    (subentry_id,) = entry.subentries
    before = {
        e.entity_id
        for e in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    }
    form = Form(hass, entry)
    await form.start(subentry_id)
    assert form.result["step_id"] == "reconfigure_network"
    new = {"connection": "tcp", "host": "127.0.0.1", "port": server.port}
    await form.fill(**new, unit=5)
    assert form.errors == {"base": "no_answer"}
    other = dict(house())
    for condition in sdm().identify:
        other |= {
            (condition.register.table, a): 9 for a in condition.register.addresses
        }
    server.devices.images[5] = other
    await form.fill(**new, unit=5)
    assert form.errors == {"base": "wrong_device"}
    await form.fill(**new | {"port": free_port()}, unit=1)
    assert form.errors == {"base": "cannot_connect"}
    await form.fill(**new, unit=1)
    assert form.result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    await wait_until(
        lambda: (
            (state := hass.states.get("sensor.meter_power")) and state.state == "4140.0"
        ),
        "the meter's power",
    )
    after = {
        e.entity_id
        for e in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    }
    assert before == after
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_device_whose_file_is_gone(hass: HomeAssistant, server: Server) -> None:
    """The site runs on without it, and says why."""
    entry = await site_with(hass, meter(server.port, device="user/gone"))
    assert entry.state is ConfigEntryState.LOADED
    (device,) = entry.runtime_data.modbus.devices.values()
    await wait_until(lambda: device.reader.last_error, "an error")
    assert "user/gone" in str(device.reader.last_error)
    (subentry_id,) = entry.subentries
    form = Form(hass, entry)
    await form.start(subentry_id)
    await form.fill(connection="tcp", host="127.0.0.1", port=server.port, unit=1)
    assert form.errors == {"base": "no_file"}
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("framer", [FramerType.SOCKET, FramerType.RTU])
async def test_a_charger_follows_a_modbus_meter(
    hass: HomeAssistant, framer: FramerType
) -> None:
    """The site's meter is an SDM630: what the house draws, the charger leaves to it."""
    sources = {
        "grid": {"entity": "sensor.meter_power"},
        "grid_phases": [f"sensor.meter_current_l{phase}" for phase in (1, 2, 3)],
    }
    kind = "tcp" if framer is FramerType.SOCKET else "rtu_over_tcp"
    async with serving({1: house()}, framer) as server, ClientSession() as session:
        subentry = meter(server.port)
        subentry["data"]["link"]["kind"] = kind
        entry = await site_with(hass, subentry, charger("CP1"), sources=sources)
        await wait_until(
            lambda: (
                (state := hass.states.get("sensor.meter_power"))
                and state.state == "4140.0"
            ),
            "the meter's power",
        )
        home = Home(hass, entry, session)
        station = await home.charge("CP1")
        house_a = 10.0

        async def live() -> None:
            """Let the car draw what it is offered, and the meter show it."""
            while not station.websocket.closed:
                if told := limits(station):
                    await home.draw(station, told[-1])
                server.devices.images[1] = house(house_a, home.car_a)
                await asyncio.sleep(0.5)

        living = asyncio.create_task(live())
        # 25 A of fuse, less 1 A of margin, less 10 A of the house.
        await obeys(station, 14)
        house_a = 17
        await obeys(station, 7)
        # What the sun feeds in on a phase is no reason to go beyond what the charger may take.
        house_a = -5
        await obeys(station, 16)
        living.cancel()
        await station.websocket.close()
        await hass.config_entries.async_unload(entry.entry_id)
