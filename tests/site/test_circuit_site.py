"""A site with sub-panels: chargers over real WebSockets, meters as entities of another integration."""

from collections.abc import Callable
from typing import Any

import pytest

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.repairs import async_create_fix_flow
from custom_components.sunfuse.site.entity_use import entities_of, replace_entity
from custom_components.sunfuse.sources.config import (
    CircuitSources,
    MeterConfig,
    PowerSource,
)
from homeassistant.components.repairs import ConfirmRepairFlow
from homeassistant.components.repairs.issue_handler import RepairsFlowManager
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.setup import async_setup_component

from ..common import charger, site_entry, wait_until
from ..site_fixtures import limits, obeys
from .test_circuits import circuit

pytestmark = pytest.mark.usefixtures("socket_enabled")

PHASES = ("sensor.garage_l1", "sensor.garage_l2", "sensor.garage_l3")
METERED = CircuitSources(meter=MeterConfig(phases=PHASES)).to_dict()


def panel_takes(hass: HomeAssistant, *currents_a: float | str) -> None:
    """Show these currents on the meter of the garage's panel."""
    for name, current_a in zip(PHASES, currents_a, strict=True):
        hass.states.async_set(
            name, str(current_a), {"unit_of_measurement": "A"}, force_update=True
        )


def issues(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """Return Sunfuse's issues by their key."""
    return {
        issue.translation_key or "": issue
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN
    }


class Fixing:
    """The repairs' dialog, as a user sees it."""

    def __init__(self, hass: HomeAssistant, issue: ir.IssueEntry) -> None:
        """Bind to an issue that can be put right."""
        assert issue.is_fixable
        self._hass = hass
        self._issue = issue
        self._flow_id = ""

    async def open(self) -> dict[str, Any]:
        """Open the dialog."""
        assert await async_setup_component(self._hass, "repairs", {})
        form = await self._manager.async_init(
            DOMAIN, data={"issue_id": self._issue.issue_id}
        )
        self._flow_id = form["flow_id"]
        return dict(form)

    async def send(self, values: dict[str, Any]) -> dict[str, Any]:
        """Send the form."""
        return dict(await self._manager.async_configure(self._flow_id, values))

    @property
    def _manager(self) -> RepairsFlowManager:
        manager: RepairsFlowManager = self._hass.data["repairs"]["flow_manager"]
        return manager


async def test_a_garage_without_a_meter(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """20 A less 1 A of margin less 4 A of other load are 15 A for a car; what is lowered in the panel counts."""
    home = await start(
        circuit("garage", assumed_load_a=4.0),
        charger("CP1", circuit="garage", max_a=20.0),
        main_fuse_a=35.0,
    )
    first = await home.charge("CP1")
    await obeys(first, 15)
    assert home.state("sensor", "garage_state") == "limited"
    assert home.state("sensor", "garage_limited_by") == "fuse"
    assert home.state("number", "garage_limit") == "20.0"
    # Nothing measures this panel.
    registry = er.async_get(hass)
    assert not registry.async_get_entity_id(
        "sensor", DOMAIN, f"{home.entry.entry_id}_garage_current_l1"
    )
    await home.call("number", "set_value", "garage_limit", value=14)
    await obeys(first, 9)
    assert home.state("sensor", "garage_limited_by") == "setting"
    assert home.entry.runtime_data.settings.limits_a == {"garage": 14}
    devices = dr.async_get(hass)

    def device(name: str) -> dr.DeviceEntry:
        found = devices.async_get_device_by_identifier(
            (DOMAIN, name), home.entry.entry_id
        )
        assert found
        return found

    site = device(home.entry.entry_id)
    garage = device(f"{home.entry.entry_id}_garage")
    station = device(f"{home.entry.entry_id}_CP1")
    assert (garage.name, garage.via_device_id) == ("Garage", site.id)
    assert station.via_device_id == garage.id


async def test_two_chargers_below_a_panel_and_one_beside_it(
    start: Callable[..., Any],
) -> None:
    """Two in the garage share its 19 A; the one outside has all that it can take of 35 A."""
    home = await start(
        circuit("garage", assumed_load_a=0.0),
        charger("CP1", circuit="garage"),
        charger("CP2", circuit="garage"),
        charger("CP3"),
        main_fuse_a=35.0,
    )
    home.house_a = (0, 0, 0)
    # One that has never connected would have its fail-safe current reserved.
    idle = {name: await home.boot(name) for name in ("CP2", "CP3")}
    first = await home.charge("CP1")
    await obeys(first, 16)
    await idle["CP2"].websocket.close()
    second = await home.charge("CP2")
    await wait_until(
        lambda: limits(first)[-1] < 13.1 and limits(second)[-1:] > [5.9],
        "they share the panel",
    )
    assert limits(first)[-1] + limits(second)[-1] <= 19.01
    await idle["CP3"].websocket.close()
    third = await home.charge("CP3")
    await wait_until(lambda: limits(third)[-1:] > [11.9], "the third has more")


async def test_a_meter_that_dies_in_a_panel(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Only those below it fall back to their fail-safe current; the others go on."""
    panel_takes(hass, 2, 2, 2)
    home = await start(
        circuit("garage", sources=METERED, meter_max_age_s=60.0),
        charger("CP1", circuit="garage"),
        charger("CP2"),
        main_fuse_a=35.0,
    )
    home.house_a = (0, 0, 0)

    @callback
    def follow(_event: Event[EventStateChangedData]) -> None:
        panel_takes(hass, *(2 + home.car_a,) * 3)

    stop = async_track_state_change_event(hass, "sensor.grid_l3", follow)
    inside = await home.charge("CP1")
    await obeys(inside, 16)
    stop()
    panel_takes(hass, STATE_UNAVAILABLE, STATE_UNAVAILABLE, STATE_UNAVAILABLE)
    await obeys(inside, 6)
    await home.shows("sensor", "garage_state", "meter_lost")
    await home.shows("sensor", "garage_current_l1", STATE_UNKNOWN)
    assert home.state("sensor", "state") == "ok"
    await wait_until(lambda: home.car_a == 6, "the car takes what it is offered")
    outside = await home.charge("CP2")
    await obeys(outside, 16)
    # The panel's own 2 A and its car's 16 A; less would be no meter to believe.
    panel_takes(hass, 18, 18, 18)
    await home.shows("sensor", "garage_state", "ok", "limited")
    assert home.state("sensor", "garage_current_l1") == "18.0"


async def test_a_panel_that_counts_both_directions_of_each_phase(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """As DSMR does: 10 A of L1 into the panel, 5 A of L2 out of it."""
    back = ("sensor.back_l1", "sensor.back_l2", "sensor.back_l3")
    powers = (2.3, 0, 0, 0, 1.15, 0)
    for name, power_kw in zip((*PHASES, *back), powers, strict=True):
        hass.states.async_set(name, str(power_kw), {"unit_of_measurement": "kW"})
    meter = MeterConfig(phases=PHASES, phases_export=back)
    sources = CircuitSources(meter=meter, temperature="sensor.t").to_dict()
    hass.states.async_set("sensor.t", "80", {"unit_of_measurement": "°C"})
    home = await start(
        circuit(
            "garage",
            sources=sources,
            derate_from_c=40,
            derate_to_c=60,
            derate_stop_c=70,
        ),
        charger("CP1", circuit="garage"),
    )
    await home.shows("sensor", "garage_current_l1", "10.0")
    assert home.state("sensor", "garage_current_l2") == "-5.0"
    # Too hot for any car.
    assert home.state("sensor", "garage_limited_by") == "temperature"
    assert home.state("sensor", "garage_headroom_l3") == "0.0"
    hass.states.async_set("sensor.t", "20", {"unit_of_measurement": "°C"})
    await home.shows("sensor", "garage_limited_by", "fuse")
    # 20 A less 1 A, nothing else on L3.
    assert home.state("sensor", "garage_headroom_l3") == "19.0"


async def test_a_renamed_sensor_of_a_panel_is_followed(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Of its meter, and of its temperature."""
    registry = er.async_get(hass)
    for name in ("garage_power", "garage_t"):
        registry.async_get_or_create("sensor", "other", name, suggested_object_id=name)
    meter = MeterConfig(power=PowerSource(entity="sensor.garage_power"))
    sources = CircuitSources(meter=meter, temperature="sensor.garage_t").to_dict()
    derating = {"derate_from_c": 40, "derate_to_c": 60, "derate_stop_c": 70}
    home = await start(circuit("garage", sources=sources, **derating))
    registry.async_update_entity("sensor.garage_t", new_entity_id="sensor.warm")
    await wait_until(
        lambda: (
            home.entry.subentries["garage"].data["sources"]["temperature"]
            == "sensor.warm"
        ),
        "the new name",
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    await wait_until(lambda: home.entry.state is ConfigEntryState.LOADED, "loaded")


async def test_a_sensor_that_is_gone_is_replaced_in_place(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """The user chooses its successor, which is checked as in the forms; nothing is set up anew."""
    meter = MeterConfig(power=PowerSource(entity="sensor.gone"))
    sources = CircuitSources(meter=meter).to_dict()
    home = await start(circuit("garage", sources=sources), charger("CP1"))
    await wait_until(lambda: "source_missing" in issues(hass), "the issue")
    flow = Fixing(hass, issues(hass)["source_missing"])
    form = await flow.open()
    assert form["type"] is FlowResultType.FORM
    placeholders = form["description_placeholders"]
    assert placeholders == {"entity": "sensor.gone", "site": "Home"}
    hass.states.async_set("sensor.soc", "5", {"unit_of_measurement": "%"})
    for wrong, error in (
        ("sensor.nowhere", "entity_missing"),
        ("sensor.soc", "wrong_unit"),
        ("sensor.grid_power", "same_entity"),
    ):
        form = await flow.send({"replacement": wrong})
        assert form["errors"] == {"replacement": error}
    hass.states.async_set("sensor.new", "690", {"unit_of_measurement": "W"})
    subentries = set(home.entry.subentries)
    done = await flow.send({"replacement": "sensor.new"})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    await home.shows("sensor", "garage_power", "690.0")
    assert set(home.entry.subentries) == subentries
    assert "source_missing" not in issues(hass)


async def test_every_place_in_which_an_entity_is_named(hass: HomeAssistant) -> None:
    """Site, options, circuit: wherever it is named, its successor is read."""
    sources = CircuitSources(temperature="sensor.old").to_dict()
    entry = site_entry(
        9000,
        circuit("garage", sources=sources),
        sources={"solar": ["sensor.old", "sensor.other"]},
    )
    entry.add_to_hass(hass)
    options = {"temperature": "sensor.old", "forecast_entities": ["sensor.old"]}
    hass.config_entries.async_update_entry(entry, options=options)
    assert entities_of(entry) == {"sensor.old", "sensor.other"}
    replace_entity(hass, entry, "sensor.old", "sensor.new")
    assert entities_of(entry) == {"sensor.new", "sensor.other"}
    assert entry.data["sources"]["solar"] == ["sensor.new", "sensor.other"]
    assert entry.options == {
        "temperature": "sensor.new",
        "forecast_entities": ["sensor.new"],
    }


async def test_a_panel_that_is_removed(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """What hung from it hangs from its feeder, and is named in a repair that asks where it hangs now."""
    home = await start(
        circuit("feeder", limit_a=14.0, assumed_load_a=0.0),
        circuit("garage", parent="feeder", assumed_load_a=0.0),
        circuit("barn", assumed_load_a=0.0, limit_a=7.0),
        charger("CP1", circuit="garage"),
        charger("CP2", circuit="barn"),
    )
    hass.config_entries.async_remove_subentry(home.entry, "garage")
    await wait_until(lambda: "circuit_removed" in issues(hass), "the issue")
    issue = issues(hass)["circuit_removed"]
    assert issue.translation_placeholders == {
        "circuit": "Garage",
        "names": "Charger CP1",
        "parent": "Feeder",
    }
    await wait_until(lambda: home.entry.state is ConfigEntryState.LOADED, "loaded")
    station = await home.charge("CP1")
    # 14 A less 1 A of the feeder.
    await obeys(station, 13)
    assert not [e for e in er.async_get(hass).entities if "garage" in e]

    flow = Fixing(hass, issue)
    form = await flow.open()
    placeholders = form["description_placeholders"]
    assert placeholders
    assert placeholders["names"] == "Charger CP1"
    # Twice 6 A of 7 A less 1 A.
    form = await flow.send({"circuit": "barn"})
    assert form["errors"] == {"circuit": "fail_safe_sum_circuit"}
    done = await flow.send({"circuit": "main"})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    await wait_until(lambda: "circuit_removed" not in issues(hass), "no issue")
    assert {s.data.get("circuit") for s in home.entry.subentries.values()} == {
        None,
        "main",
        "barn",
    }


async def test_an_issue_of_a_site_that_is_gone(hass: HomeAssistant) -> None:
    """There is nothing to put right any more, so it is only confirmed."""
    data: dict[str, Any] = {"entry_id": "gone", "circuit": "x"}
    flow = await async_create_fix_flow(hass, "x", data)
    assert isinstance(flow, ConfirmRepairFlow)


async def test_sums_that_no_longer_hold(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A second connector that a charger turned out to have falls back too: its user is informed."""
    await start(charger("CP1", fail_safe_a=16.0, connectors=2))
    await wait_until(lambda: "fail_safe_sum" in issues(hass), "the issue")
    told = issues(hass)["fail_safe_sum"].translation_placeholders
    assert told == {
        "site": "Home",
        "circuit": "The main fuse",
        "phase": "L1",
        "sum": "32",
        "carried": "24",
        "fits": "Charger CP1: 6 A",
    }


async def test_a_site_without_a_meter(start: Callable[..., Any]) -> None:
    """25 A less 1 A less the 9 A that the house is said to take are 15 A for the car."""
    home = await start("CP1", sources={}, assumed_load_a=9.0)
    station = await home.charge("CP1")
    await obeys(station, 15)
    assert home.state("sensor", "state") == "limited"
    assert home.state("sensor", "headroom_l1") == "0.0"


async def test_no_current_is_shown_of_a_panel_whose_meter_is_silent(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Its sensors go on showing what they reported last; a minute later that says nothing of now."""
    panel_takes(hass, 2, 2, 2)
    home = await start(
        circuit("garage", sources=METERED, meter_max_age_s=60.0),
        charger("CP1", circuit="garage"),
    )
    await home.shows("sensor", "garage_current_l1", "2.0")
    await home.shows("sensor", "garage_state", "meter_lost")
    await home.shows("sensor", "garage_current_l1", STATE_UNKNOWN)
    panel_takes(hass, 3, 3, 3)
    await home.shows("sensor", "garage_current_l1", "3.0")
