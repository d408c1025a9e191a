"""The simulated site, added from the UI, as any user would: real sockets, real entities."""

import asyncio

import pytest

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.data import SunfuseConfigEntry
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ...common import free_port, wait_until

pytestmark = [pytest.mark.debug_loop, pytest.mark.usefixtures("jumping")]

CHARGERS = ("SIM-GARAGE", "SIM-CARPORT", "SIM-STREET")


@pytest.fixture
async def site(
    hass: HomeAssistant, socket_enabled: None, request: pytest.FixtureRequest
) -> SunfuseConfigEntry:
    """Add the simulated site through the config flow, in the language of the test's parameter."""
    hass.config.language = getattr(request, "param", "en")
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert flow["type"] is FlowResultType.MENU
    form = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"next_step_id": "simulated"}
    )
    assert form["type"] is FlowResultType.FORM
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {"port": free_port()}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry: SunfuseConfigEntry = result["result"]
    await wait_until(
        lambda: entry.state is ConfigEntryState.LOADED, "the site is loaded"
    )
    return entry


def entity_id(hass: HomeAssistant, domain: str, unique_id: str) -> str:
    """Return an entity by its unique id."""
    found = er.async_get(hass).async_get_entity_id(domain, DOMAIN, unique_id)
    assert found, unique_id
    return found


def number(hass: HomeAssistant, domain: str, unique_id: str) -> float:
    """Return the number that an entity shows; -1 where it shows none."""
    state = hass.states.get(entity_id(hass, domain, unique_id))
    assert state
    try:
        return float(state.state)
    except ValueError:
        return -1.0


@pytest.mark.timeout(300)
async def test_lowering_the_fuse_lowers_every_car(
    hass: HomeAssistant, site: SunfuseConfigEntry
) -> None:
    """Three cars charge; the main fuse is turned down; every phase of their sum follows within 5 s."""
    entry_id = site.entry_id
    for charger in CHARGERS:
        await hass.services.async_call(
            "select",
            "select_option",
            {
                "entity_id": entity_id(hass, "select", f"{entry_id}_{charger}/1_mode"),
                "option": "fast",
            },
            blocking=True,
        )
    house = site.runtime_data.simulated_house
    assert house
    cars = house.simulation.chargers

    def drawn() -> list[float]:
        return [sum(car.draw_a[phase] for car in cars.values()) for phase in range(3)]

    await wait_until(
        lambda: all(sum(car.draw_a) > 5 for car in cars.values()), "all cars charge"
    )
    await wait_until(lambda: max(drawn()) > 14, "more than the new limit is drawn")
    limit = entity_id(hass, "number", f"{entry_id}_limit")
    clock = asyncio.get_running_loop().time
    lowered_s = clock()
    await hass.services.async_call(
        "number", "set_value", {"entity_id": limit, "value": 10}, blocking=True
    )
    await wait_until(lambda: max(drawn()) <= 10, "the cars follow the limit")
    assert clock() - lowered_s <= 5
    state = hass.states.get(
        entity_id(hass, "sensor", f"{entry_id}_SIM-GARAGE/1_reason")
    )
    assert state
    assert state.attributes["explanation"].endswith(".")


async def test_unload_leaves_nothing(
    hass: HomeAssistant, site: SunfuseConfigEntry
) -> None:
    """After unloading nothing listens, and it can be set up again on the same port."""
    house = site.runtime_data.simulated_house
    assert house
    await wait_until(
        lambda: all(c.values.connected for c in house.simulation.chargers.values()),
        "the chargers connect",
    )
    assert await hass.config_entries.async_unload(site.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await hass.config_entries.async_setup(site.entry_id)
    assert site.state is ConfigEntryState.LOADED


async def test_its_own_sensors_are_renamed(
    hass: HomeAssistant, site: SunfuseConfigEntry
) -> None:
    """Home Assistant proposes that to whoever renames the device of the house: the meter is not lost."""
    old = entity_id(hass, "sensor", f"{site.entry_id}_simulated_grid_power")
    assert old in site.runtime_data.sources.entities
    er.async_get(hass).async_update_entity(old, new_entity_id="sensor.mill_lane_power")
    await wait_until(
        lambda: (
            site.state is ConfigEntryState.LOADED
            and "sensor.mill_lane_power" in site.runtime_data.sources.entities
        ),
        "it reads from the new name",
    )


@pytest.mark.parametrize("site", ["de"], indirect=True)
async def test_it_speaks_the_users_language(
    hass: HomeAssistant, site: SunfuseConfigEntry
) -> None:
    """Titles and device models, which Home Assistant does not translate itself, are in the user's language."""
    assert site.title == "Simulierte Anlage"
    titles = {subentry.title for subentry in site.subentries.values()}
    assert titles == {
        "Garage",
        "Carport",
        "Straße",
        "Garagenauto",
        "Carportauto",
        "Stellplätze",
        "Simulierter Tarif",
        "Simulierter Leistungstarif",
    }
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), site.entry_id)
    models = {device.model for device in devices if device.manufacturer == "Sunfuse"}
    assert models >= {"Anlage", "Stromkreis", "Leistungstarif", "Simulator"}
    assert not models & {"Site", "Circuit", "Capacity tariff"}
