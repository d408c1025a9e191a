"""A user gives a device of Sunfuse another name, on Home Assistant's page of devices."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from ..common import charger, wait_until
from ..site_fixtures import Home, limits
from .cars.test_vehicles import id_of, vehicle
from .ledger.test_ledger import ledger_of, start_transaction
from .people.test_cards import add_card, add_person
from .people.test_people import persons_of
from .planning.test_capacity import capacity
from .test_circuits import circuit

pytestmark = pytest.mark.usefixtures("socket_enabled")


def device_of(home: Home, identifier: str = "") -> Any:
    """Return a device by the end of its identifier; the site's has none."""
    end = f"_{identifier}" if identifier else ""
    registry, entry_id = dr.async_get(home.hass), home.entry.entry_id
    identifiers = ("sunfuse", f"{entry_id}{end}")
    return registry.async_get_device_by_identifier(
        identifiers, entry_id
    ) or registry.async_get_child_device_by_identifier(identifiers, entry_id)


async def rename(home: Home, identifier: str, name: str | None) -> None:
    """Do what Home Assistant's page does."""
    registry, device = dr.async_get(home.hass), device_of(home, identifier)
    if isinstance(device, dr.ChildDeviceEntry):
        registry.async_update_child_device(device.id, name_by_user=name)
    else:
        registry.async_update_device(device.id, name_by_user=name)
    await home.hass.async_block_till_done()


async def shown(home: Home, hass_ws_client: Any) -> dict[str, str]:
    """Return what cards call the chargers."""
    client = await hass_ws_client(home.hass)
    await client.send_json_auto_id({"type": "sunfuse/sites"})
    names: dict[str, str] = (await client.receive_json())["result"][0]["names"]
    await client.send_json_auto_id({"type": "sunfuse/site/subscribe"})
    assert (await client.receive_json())["success"]
    view = (await client.receive_json())["event"]["set"]["chargers"]
    assert {key: one["name"] for key, one in view.items()} == names
    return names


async def test_a_charger(
    hass: HomeAssistant, start: Callable[..., Any], hass_ws_client: Any
) -> None:
    """Cards, sessions, events and the integration's page use its new name, and its car goes on charging."""
    home: Home = await start("CP1", "CP2")
    station = await home.boot("CP1", "Preparing")
    await start_transaction(home, station)
    await home.tell(station, "Charging")
    await wait_until(lambda: limits(station), "a limit")
    await rename(home, "CP1", " Garage ")
    assert await shown(home, hass_ws_client) == {
        "CP1/1": "Garage",
        "CP2/1": "Charger CP2",
    }
    # It is written in a thread, and read in another one.
    await asyncio.wrap_future(ledger_of(home).ledger.note())
    assert await ledger_of(home).async_names("station") == {
        "CP1": "Garage",
        "CP2": "Charger CP2",
    }
    device = device_of(home, "CP1")
    assert (device.name, device.name_by_user) == ("Garage", None)
    # The words of the engine, such as who holds what is reserved.
    home.entry.runtime_data.controller.tick()
    snapshot = home.entry.runtime_data.coordinator.data.snapshot
    assert [one.name for one in snapshot.connectors] == ["Garage", "Charger CP2"]
    assert home.entry.state is ConfigEntryState.LOADED
    assert not station.websocket.closed
    # The form of the charger renames it again, though its device was given a name.
    subentry = next(
        one for one in home.entry.subentries.values() if one.title == "Garage"
    )
    hass.config_entries.async_update_subentry(home.entry, subentry, title="Carport")
    await hass.async_block_till_done()
    assert device_of(home, "CP1").name == "Carport"
    assert (await shown(home, hass_ws_client))["CP1/1"] == "Carport"
    assert not station.websocket.closed


async def test_one_of_several_connectors(
    hass: HomeAssistant, start: Callable[..., Any], hass_ws_client: Any
) -> None:
    """Its name stands after the charger's, unless it contains that; without one it has its number."""
    home: Home = await start({**charger("CP1", connectors=2), "title": "Yard"})
    assert list((await shown(home, hass_ws_client)).values()) == ["Yard 1", "Yard 2"]
    await rename(home, "CP1_1", "left")
    await rename(home, "CP1_2", "Yard right")
    assert list((await shown(home, hass_ws_client)).values()) == [
        "Yard left",
        "Yard right",
    ]
    await hass.config_entries.async_reload(home.entry.entry_id)
    await hass.async_block_till_done()
    assert list((await shown(home, hass_ws_client)).values()) == [
        "Yard left",
        "Yard right",
    ]
    await rename(home, "CP1_1", None)
    await rename(home, "CP1", "Court")
    assert list((await shown(home, hass_ws_client)).values()) == [
        "Court 1",
        "Court Yard right",
    ]


async def test_a_vehicle_a_person_and_the_site(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Nothing is loaded anew; the cards of a person are called after them, unless somebody gave a card a name."""
    home: Home = await start("CP1", vehicle("Zoe"))
    controller = home.entry.runtime_data.controller
    assert await add_person(home, name="Anna") is None
    anna = persons_of(home)["Anna"]
    assert await add_card(home) is None
    assert await add_card(home, number="04-SECOND") is None
    cards = home.entry.get_subentries_of_type("card")
    second = next(one for one in cards if one.data["number"] == "04-SECOND")
    hass.config_entries.async_update_subentry(home.entry, second, title="Blue key ring")
    await rename(home, anna, "Anna B.")
    titles = {one.title for one in home.entry.get_subentries_of_type("card")}
    assert titles == {"Anna B. (…E680)", "Blue key ring"}
    # Nor is the name lost when the form of the card is saved.
    form = await home.entry.start_subentry_reconfigure_flow(hass, second.subentry_id)
    await hass.config_entries.subentries.async_configure(
        form["flow_id"], {"person": "Anna B."}
    )
    await hass.async_block_till_done()
    assert home.entry.subentries[second.subentry_id].title == "Blue key ring"
    # Nor with its person; a name that was made of theirs is.
    hass.config_entries.async_remove_subentry(home.entry, anna)
    await hass.async_block_till_done()
    titles = {one.title for one in home.entry.get_subentries_of_type("card")}
    assert titles == {"…E680", "Blue key ring"}
    await rename(home, id_of(home, "Zoe"), "Blue")
    assert list(home.entry.runtime_data.vehicles.names().values()) == ["Blue"]
    await rename(home, "", "Mill Lane")
    assert home.entry.title == "Mill Lane"
    assert device_of(home).name == "Mill Lane"
    assert home.entry.runtime_data.controller is controller


async def test_circuits_and_tariffs(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Their names are no reason to disconnect chargers, whether their device or their sub-entry is renamed."""
    home: Home = await start(
        charger("CP1", circuit="garage"), circuit("garage"), capacity()
    )
    station = await home.boot("CP1", "Preparing")
    controller = home.entry.runtime_data.controller
    for subentry in home.entry.subentries.values():
        if subentry.subentry_type == "charger":
            continue
        await rename(home, subentry.subentry_id, "Barn")
        assert home.entry.subentries[subentry.subentry_id].title == "Barn"
        hass.config_entries.async_update_subentry(
            home.entry, home.entry.subentries[subentry.subentry_id], title="Shed"
        )
        await hass.async_block_till_done()
        assert device_of(home, subentry.subentry_id).name == "Shed"
    controller.tick()
    snapshot = home.entry.runtime_data.coordinator.data.snapshot
    assert "Shed" in [one.name for one in snapshot.circuits]
    assert home.entry.runtime_data.controller is controller
    assert not station.websocket.closed


async def test_a_name_that_is_taken(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """It gets a number: a limit by name must not be set at another circuit."""
    home: Home = await start("CP1", circuit("garage"), circuit("shed"))
    await rename(home, "shed", "garage")
    await rename(home, "shed", "garage")
    titles = [one.title for one in home.entry.get_subentries_of_type("circuit")]
    assert titles == ["Garage", "garage (2)"]
    assert device_of(home, "shed").name == "garage (2)"
    # Another kind of device may be called the same.
    await rename(home, "CP1", "Garage")
    assert device_of(home, "CP1").name == "Garage"


async def test_names_that_are_long_or_alike(
    hass: HomeAssistant, start: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """A state holds 255 characters: vehicles with longer names, and alike, are told apart and can be chosen."""
    home: Home = await start("CP1", vehicle("Zoe"), vehicle("Leaf"))
    for which in ("Zoe", "Leaf"):
        await rename(home, id_of(home, which), "x" * 300)
    chosen = home.entity("select", "CP1/1_vehicle")
    state = hass.states.get(chosen)
    assert state
    for name in state.attributes["options"]:
        await home.call("select", "select_option", "CP1/1_vehicle", option=name)
        state = hass.states.get(chosen)
        assert state
        assert state.state == name
    assert "longer than 255" not in caplog.text


async def test_what_was_renamed_before(
    hass: HomeAssistant, start: Callable[..., Any], hass_ws_client: Any
) -> None:
    """The name of a device from before this was understood, or from while the site was not loaded, counts."""
    home: Home = await start("CP1")
    await hass.config_entries.async_unload(home.entry.entry_id)
    await rename(home, "CP1", "Garage")
    assert device_of(home, "CP1").name_by_user == "Garage"
    await hass.config_entries.async_setup(home.entry.entry_id)
    assert await shown(home, hass_ws_client) == {"CP1/1": "Garage"}
    assert device_of(home, "CP1").name_by_user is None
