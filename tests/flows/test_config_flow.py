"""Setting up a site: confirm what the Energy dashboard knows, and see what is wrong where it is wrong."""

import socket
from typing import Any

import pytest

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.sources.config import PowerSource, SourcesConfig
from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from ..common import charger, free_port, site_entry
from ..forms import (
    ELECTRICAL,
    GRID,
    SUN,
    begin_site,
    go_to,
    open_options,
    open_site,
    reconfigure,
    submit,
    suggested,
    was_added,
    was_changed,
)

pytestmark = pytest.mark.usefixtures("no_setup", "sensors", "socket_enabled")


async def test_a_site_from_start_to_end(hass: HomeAssistant) -> None:
    """Three forms, and an address to type into the charger where they end."""
    port = free_port()
    hass.config.internal_url = "http://192.168.1.20:8123"
    form = await go_to(hass, "electrical")
    assert suggested(form)["voltage_v"] == 230
    result = await submit(hass, form, ELECTRICAL | {"port": port})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    shown = result["description_placeholders"] or {}
    assert shown["address"] == f"ws://192.168.1.20:{port}/"
    assert result["title"] == hass.config.location_name
    assert result["data"] == {
        "kind": "site",
        "system": "three_phase",
        "voltage_v": 230,
        "main_fuse_a": 25,
        "margin_a": 1,
        "port": port,
        "sources": {
            "grid": {
                "entity": "sensor.grid",
                "inverted": False,
                "positive": None,
                "negative": None,
            },
            "grid_phases": ["sensor.l1", "sensor.l2", "sensor.l3"],
            "grid_phases_inverted": False,
            "grid_phases_export": [],
            "grid_phase_powers": [],
            "solar": ["sensor.solar"],
            "battery": [
                {
                    "entity": "sensor.battery",
                    "inverted": False,
                    "positive": None,
                    "negative": None,
                }
            ],
            "battery_soc": "sensor.soc",
            "battery_capacity_wh": 10_000,
            "price_import": None,
            "price_export": None,
            "solar_forecasts": [],
        },
    }


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"grid_power": "sensor.temperature"}, {"grid_power": "wrong_unit"}),
        ({"grid_power": "sensor.energy"}, {"grid_power": "wrong_unit"}),
        ({"grid_power": "sensor.nowhere"}, {"grid_power": "entity_missing"}),
        ({"grid_power": "sensor.asleep"}, {"grid_power": "entity_unavailable"}),
        (
            {"grid_phases": ["sensor.l1", "sensor.l1", "sensor.l3"]},
            {"grid_phases": "same_entity"},
        ),
        (
            {"grid_phases": ["sensor.l1", "sensor.l2"]},
            {"grid_phases": "wrong_number_of_phases"},
        ),
        (
            {"grid_phases": ["sensor.l1", "sensor.l2", "sensor.soc"]},
            {"grid_phases": "wrong_unit"},
        ),
        ({"grid_import": "sensor.import"}, {"grid_power": "one_or_two_sensors"}),
        (
            {"grid_power": None, "grid_export": "sensor.export"},
            {"grid_import": "import_missing"},
        ),
        ({"grid_power": None, "grid_phases": None}, {"grid_power": "no_meter"}),
    ],
)
async def test_what_is_wrong_with_the_grid(
    hass: HomeAssistant, values: dict[str, Any], errors: dict[str, str]
) -> None:
    """Each error stands at its field, what was typed stays, and the flow goes on."""
    form = await open_site(hass)
    typed = {k: v for k, v in (GRID | values).items() if v is not None}
    form = await submit(hass, form, typed)
    assert form["errors"] == errors
    assert suggested(form) == typed
    form = await submit(hass, form, GRID)
    assert form["step_id"] == "sun"


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"solar_power": ["sensor.grid"]}, {"solar_power": "same_entity"}),
        ({"solar_power": ["sensor.l1"]}, {"solar_power": "same_entity"}),
        (
            {"battery_power": ["sensor.solar"]},
            {"battery_power": "same_entity"},
        ),
        ({"battery_soc": "sensor.energy"}, {"battery_soc": "wrong_unit"}),
        (
            {"battery_discharge": "sensor.discharge"},
            {"battery_charge": "both_directions"},
        ),
        ({"battery_charge": "sensor.charge"}, {"battery_discharge": "both_directions"}),
        ({"battery_capacity_kwh": 0}, {"battery_capacity_kwh": "not_positive"}),
    ],
)
async def test_what_is_wrong_with_the_sun(
    hass: HomeAssistant, values: dict[str, Any], errors: dict[str, str]
) -> None:
    """Each error stands at its field, what was typed stays, and the flow goes on."""
    form = await go_to(hass, "sun")
    form = await submit(hass, form, SUN | values)
    assert form["errors"] == errors
    assert suggested(form) == SUN | values
    form = await submit(hass, form, SUN)
    assert form["step_id"] == "electrical"


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"main_fuse_a": 0}, {"main_fuse_a": "fuse"}),
        ({"margin_a": 25}, {"margin_a": "margin"}),
        ({"voltage_v": 24}, {"voltage_v": "voltage"}),
        ({"voltage_v": 400}, {"voltage_v": "voltage"}),
        ({"port": 0}, {"port": "port_taken"}),
    ],
)
async def test_what_is_wrong_with_the_fuse(
    hass: HomeAssistant, values: dict[str, Any], errors: dict[str, str]
) -> None:
    """Each error stands at its field, what was typed stays, and the flow goes on."""
    form = await go_to(hass, "electrical")
    good = ELECTRICAL | {"port": free_port()}
    form = await submit(hass, form, good | values)
    assert form["errors"] == errors
    assert suggested(form) == good | values
    was_added(await submit(hass, form, good))


@pytest.mark.parametrize("fuse_a", [250, 100_000])
async def test_a_fuse_that_is_asked_about_again(
    hass: HomeAssistant, fuse_a: float
) -> None:
    """250 A is more likely a slip for 25 A than a fuse; who sends it once more means it."""
    form = await go_to(hass, "electrical")
    typed = ELECTRICAL | {"port": free_port(), "main_fuse_a": fuse_a}
    form = await submit(hass, form, typed)
    assert form["errors"] == {"main_fuse_a": "fuse_unusual"}
    placeholders = form["description_placeholders"]
    assert placeholders
    assert placeholders["usual"] == "80"
    form = await submit(hass, form, typed | {"main_fuse_a": fuse_a + 1})
    assert form["errors"] == {"main_fuse_a": "fuse_unusual"}
    was_added(await submit(hass, form, typed | {"main_fuse_a": fuse_a + 1}))


async def test_a_taken_port_is_noticed(hass: HomeAssistant) -> None:
    """A port that another program listens on is not offered, and refused."""
    form = await go_to(hass, "electrical")
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        port = listener.getsockname()[1]
        form = await submit(hass, form, ELECTRICAL | {"port": port})
    assert form["errors"] == {"port": "port_taken"}


async def test_two_sites_share_neither_meter_nor_port(hass: HomeAssistant) -> None:
    """Each of two sites behind one meter would give away all of it."""
    port = free_port()
    other = site_entry(port, sources={"grid": {"entity": "sensor.grid"}})
    other.add_to_hass(hass)
    form = await open_site(hass)
    form = await submit(hass, form, GRID)
    assert form["errors"] == {"grid_power": "already_used"}
    pair = {"grid_import": "sensor.import", "grid_export": "sensor.export"}
    form = await submit(
        hass, form, {k: v for k, v in GRID.items() if k != "grid_power"} | pair
    )
    form = await submit(hass, form, SUN)
    form = await submit(hass, form, ELECTRICAL | {"port": port})
    assert form["errors"] == {"port": "port_taken"}


async def test_a_country_of_split_phase(hass: HomeAssistant) -> None:
    """In the United States two legs of 120 V are proposed."""
    hass.config.country = "US"
    form = await open_site(hass)
    assert suggested(form)["system"] == "split_phase"
    form = await submit(
        hass,
        form,
        GRID | {"system": "split_phase", "grid_phases": ["sensor.l1", "sensor.l2"]},
    )
    form = await submit(hass, form, SUN)
    assert suggested(form)["voltage_v"] == 120


async def test_what_the_energy_dashboard_knows_is_one_form(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site whose every phase is known: what was found is shown, then the fuse is asked for, and that is all."""
    found = SourcesConfig(
        grid=PowerSource(positive="sensor.import", negative="sensor.export"),
        grid_phases=("sensor.l1", "sensor.l2", "sensor.l3"),
        solar=("sensor.solar",),
    )

    async def suggest(_hass: HomeAssistant) -> SourcesConfig:
        return found

    monkeypatch.setattr(
        "custom_components.sunfuse.flows.site.known_site.async_suggest_sources", suggest
    )
    form = await begin_site(hass)
    assert form["step_id"] == "found"
    placeholders = form["description_placeholders"]
    assert placeholders
    assert placeholders["found"].splitlines() == [
        "- Grid: import, export, l1, l2, l3",
        "- Solar power: solar",
    ]
    form = await submit(hass, form, {"system": "three_phase", "choose": False})
    assert form["step_id"] == "electrical"
    entry = was_added(await submit(hass, form, ELECTRICAL | {"port": free_port()}))
    assert SourcesConfig.from_dict(entry.data["sources"]) == found

    hass.config_entries.async_update_entry(entry, data={**entry.data, "sources": {}})
    form = await begin_site(hass)
    # Two sensors of three phases do not protect two legs: they are chosen anew.
    form = await submit(hass, form, {"system": "split_phase", "choose": False})
    assert (form["step_id"], form["errors"]) == (
        "site",
        {"grid_phases": "wrong_number_of_phases"},
    )
    form = await begin_site(hass)
    form = await submit(hass, form, {"system": "three_phase", "choose": True})
    assert (form["step_id"], form["errors"]) == ("site", {})
    assert suggested(form)["grid_phases"] == list(found.grid_phases)


async def test_reconfigure_keeps_what_was_typed(hass: HomeAssistant) -> None:
    """All forms come again with the site's own values; its port is not taken by itself."""
    form = await go_to(hass, "electrical")
    entry = was_added(await submit(hass, form, ELECTRICAL | {"port": free_port()}))
    form = await reconfigure(hass, entry)
    assert suggested(form) == GRID
    form = await submit(hass, form, GRID | {"grid_inverted": True})
    assert suggested(form) == SUN
    form = await submit(hass, form, SUN)
    port = entry.data["port"]
    assert suggested(form) == ELECTRICAL | {"port": port}
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("0.0.0.0", port))
        listener.listen()
        result = await submit(
            hass, form, ELECTRICAL | {"port": port, "main_fuse_a": 35}
        )
    was_changed(result)
    assert entry.data["main_fuse_a"] == 35
    assert entry.data["sources"]["grid"]["inverted"] is True


async def test_reconfigure_keeps_the_chargers_safe(hass: HomeAssistant) -> None:
    """What two chargers are wired to and fall back to must fit the changed site too."""
    entry = site_entry(free_port(), charger("CP1"), charger("CP2", l1_phase="L2"))
    entry.add_to_hass(hass)
    for name in ("grid_power", "grid_l1", "grid_l2", "grid_l3"):
        unit = "W" if name == "grid_power" else "A"
        hass.states.async_set(f"sensor.{name}", "1", {"unit_of_measurement": unit})
    form = await reconfigure(hass, entry)
    grid = suggested(form)
    form = await submit(
        hass, form, grid | {"system": "single_phase", "grid_phases": ["sensor.grid_l1"]}
    )
    assert form["errors"] == {"system": "chargers_need_phases"}
    form = await submit(hass, form, grid)
    form = await submit(hass, form, suggested(form))
    electrical = suggested(form)
    # Twice 6 A on each phase, of a fuse of 12 A less 1 A.
    form = await submit(hass, form, electrical | {"main_fuse_a": 12})
    assert form["errors"] == {"main_fuse_a": "fail_safe_sum"}
    placeholders = form["description_placeholders"]
    assert placeholders
    assert (placeholders["sum"], placeholders["carried"]) == ("12", "11")
    was_changed(await submit(hass, form, electrical | {"main_fuse_a": 13}))


async def test_the_margin_that_was_typed_last_holds(hass: HomeAssistant) -> None:
    """Reconfiguring shows the margin of the options, and changes it."""
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry, options={"margin_a": 2, "meter_max_age_s": 45}
    )
    form = await reconfigure(hass, entry)
    form = await submit(hass, form, GRID)
    form = await submit(hass, form, SUN)
    assert suggested(form)["margin_a"] == 2
    was_changed(await submit(hass, form, suggested(form) | {"margin_a": 3}))
    assert entry.data["margin_a"] == 3
    assert entry.options == {"margin_a": 3, "meter_max_age_s": 45}


async def test_options_keep_the_chargers_safe(hass: HomeAssistant) -> None:
    """A margin that leaves the chargers less than they fall back to is refused."""
    chargers = [charger(f"CP{number}") for number in range(4)]
    entry = site_entry(free_port(), *chargers)
    entry.add_to_hass(hass)
    form = await open_options(hass, entry, "protection")
    flow_id = form["flow_id"]
    form = await hass.config_entries.options.async_configure(
        flow_id, {"margin_a": 1.5, "meter_max_age_s": 45}
    )
    # Four times 6 A are more than 25 A less 1.5 A.
    assert form["errors"] == {"margin_a": "fail_safe_sum"}
    result = await hass.config_entries.options.async_configure(
        flow_id, {"margin_a": 1, "meter_max_age_s": 45}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("country", "system", "volts"),
    [
        ("JP", "split_phase", 100),
        ("US", "three_phase", 120),
        ("DE", "split_phase", 120),
    ],
)
async def test_the_voltage_of_a_country(
    hass: HomeAssistant, country: str, system: str, volts: float
) -> None:
    """The nominal voltage is proposed from the country and the grid connection."""
    hass.config.country = country
    form = await open_site(hass)
    grid = {key: value for key, value in GRID.items() if key != "grid_phases"}
    form = await submit(hass, form, grid | {"system": system})
    form = await submit(hass, form, SUN)
    assert suggested(form)["voltage_v"] == volts


async def test_options(hass: HomeAssistant) -> None:
    """The margin and the age of a reading can be tuned, within reason."""
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    form = await open_options(hass, entry, "protection")
    assert suggested(form) == {"margin_a": 1.0, "meter_max_age_s": 60.0}
    flow_id = form["flow_id"]
    form = await hass.config_entries.options.async_configure(
        flow_id, {"margin_a": 25, "meter_max_age_s": 45}
    )
    assert form["errors"] == {"margin_a": "margin"}
    result = await hass.config_entries.options.async_configure(
        flow_id, {"margin_a": 2, "meter_max_age_s": 45}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {"margin_a": 2, "meter_max_age_s": 45}


async def test_the_simulated_site(hass: HomeAssistant) -> None:
    """One form, one site with its three chargers; there is only one."""

    async def choose() -> ConfigFlowResult:
        menu = await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_USER}
        )
        return await submit(hass, menu, {"next_step_id": "simulated"})

    form = await choose()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        form = await submit(hass, form, {"port": taken})
    assert form["errors"] == {"port": "port_taken"}
    port = free_port()
    result = await submit(hass, form, {"port": port})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.data["kind"] == "simulated"
    chargers = [subentry.data for subentry in entry.get_subentries_of_type("charger")]
    assert sorted(data["phases"] for data in chargers) == [1, 3, 3]
    assert len({data["l1_phase"] for data in chargers}) == 3
    again = await choose()
    assert (again["type"], again["reason"]) == (
        FlowResultType.ABORT,
        "already_configured",
    )
    form = await reconfigure(hass, entry)
    form = await submit(hass, form, {"port": 0})
    assert form["errors"] == {"port": "port_taken"}
    other = free_port()
    result = await submit(hass, form, {"port": other})
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["port"] == other


async def test_a_meter_of_phases_only_is_of_one_site(hass: HomeAssistant) -> None:
    """A second site cannot have the phases of the first."""
    entry = site_entry(free_port(), sources={"grid_phases": GRID["grid_phases"]})
    entry.add_to_hass(hass)
    form = await open_site(hass)
    form = await submit(hass, form, GRID)
    assert form["errors"] == {"grid_power": "already_used"}
