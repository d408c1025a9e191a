"""The site report of a real Home Assistant: the action, the page, and who may see it."""

from datetime import timedelta
from http import HTTPStatus
import logging
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.sources.config import CircuitSources, MeterConfig
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from ..common import charger, free_port, set_meters, site_entry, wait_until
from ..forms import (
    ELECTRICAL,
    GRID,
    NEW_CHARGER,
    open_options,
    reconfigure,
    submit,
    was_changed,
)
from ..site.test_circuits import circuit
from ..sources.test_history import import_means

pytestmark = pytest.mark.usefixtures("socket_enabled")
DAYS = 9


async def recorded(hass: HomeAssistant, **amps: float) -> None:
    """Give the recorder nine days of these currents until this hour."""
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    for entity, value in amps.items():
        await import_means(
            hass,
            f"sensor.{entity}",
            "A",
            "electric_current",
            [value] * DAYS * 24,
            start=start - timedelta(days=DAYS),
        )


async def set_up(
    hass: HomeAssistant, *chargers: Any, **changes: Any
) -> MockConfigEntry:
    """Set up a site in a Home Assistant with a server."""
    assert await async_setup_component(hass, "http", {})
    set_meters(hass, currents_a=(5, 5, 5))
    entry = site_entry(free_port(), *chargers, **changes)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


async def ask(hass: HomeAssistant, entry: MockConfigEntry, **data: Any) -> Any:
    """Call the action."""
    return await hass.services.async_call(
        DOMAIN,
        "get_site_report",
        {"config_entry_id": entry.entry_id, **data},
        blocking=True,
        return_response=True,
    )


@pytest.fixture(autouse=True)
async def _unload(recorder_mock: Recorder, hass: HomeAssistant) -> Any:
    """Close the ports of every site."""
    yield
    for entry in hass.config_entries.async_entries(DOMAIN):
        await hass.config_entries.async_unload(entry.entry_id)


async def test_before_anyone_buys_a_charger(hass: HomeAssistant) -> None:
    """A site without any charger, 5 A on each phase, 25 A: 23 - 5 leave 18 A all night.

    9 h x 18 A x 690 V = 111.8 kWh, which are 13 cars of 8 kWh.
    """
    entry = await set_up(hass)
    await recorded(hass, grid_l1=5, grid_l2=5, grid_l3=5)
    answer = await ask(hass, entry)
    assert answer["carries"] == 13
    assert answer["proposals"]["margin_a"] == 2
    assert answer["page"] == f"/sunfuse-report/{entry.entry_id}"
    assert answer["sensors_without_statistics"] == ["sensor.grid_power"]
    # 23 - 5 A carry one of 16 A at full power, and 11 of 16 kWh.
    assert answer["carries_unshared"] == 1
    more = await ask(hass, entry, days=30, daily_energy=16, charger_current=6)
    assert more["carries"] == 6


async def test_a_site_of_one_phase(hass: HomeAssistant) -> None:
    """63 A in Britain, of which the house takes 20: one more charger of 32 A fits unshared."""
    entry = await set_up(
        hass,
        system="single_phase",
        main_fuse_a=63.0,
        sources={"grid_phases": ["sensor.grid_l1"]},
    )
    await recorded(hass, grid_l1=20)
    answer = await ask(hass, entry)
    assert len(answer["phases"]) == 1
    assert answer["carries_unshared"] == 1
    # 63 - 4 - 20 = 39 A all night: 9 h x 39 A x 230 V = 80.7 kWh, ten cars.
    assert answer["carries"] == 10


async def test_a_split_phase(hass: HomeAssistant) -> None:
    """100 A on two legs of 120 V, 40 and 35 A of which are the house's; chargers use both legs.

    100 - 5 - 40 = 55 A all night: 9 h x 55 A x 240 V = 118.8 kWh, 14 cars. One of 32 A fits unshared.
    """
    entry = await set_up(
        hass,
        system="split_phase",
        voltage_v=120.0,
        main_fuse_a=100.0,
        sources={"grid_phases": ["sensor.grid_l1", "sensor.grid_l2"]},
    )
    await recorded(hass, grid_l1=40, grid_l2=35)
    answer = await ask(hass, entry)
    assert [phase["mean_a"] for phase in answer["phases"]] == [40, 35]
    assert answer["proposals"]["margin_a"] == 5
    assert (answer["carries"], answer["carries_unshared"]) == (14, 1)
    assert answer["chargers"][0]["night_kwh"] == pytest.approx(9 * 32 * 0.24)
    # In the hours: what both legs have left, at most what the charger takes.
    assert answer["hours"][0]["headroom_a"] == (55, 60)
    assert answer["hours"][0]["charging_a"] == 32


async def test_three_days_are_reported_as_few(hass: HomeAssistant) -> None:
    """The answer is there, with a caution."""
    entry = await set_up(hass)
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    for phase in (1, 2, 3):
        await import_means(
            hass,
            f"sensor.grid_l{phase}",
            "A",
            "electric_current",
            [5.0] * 72,
            start=start - timedelta(days=3),
        )
    answer = await ask(hass, entry)
    assert answer["days"] == 3
    assert "short_history" in answer["cautions"]
    assert answer["carries"] == 13


async def test_two_directions_of_a_total(hass: HomeAssistant) -> None:
    """2.07 kW in and 0 out: 3 A on each of three phases, which are assumed to be equal."""
    entry = await set_up(
        hass,
        sources={"grid": {"positive": "sensor.import", "negative": "sensor.export"}},
    )
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    for name, kilo in (("import", 2.07), ("export", 0.0)):
        await import_means(
            hass,
            f"sensor.{name}",
            "kW",
            "power",
            [kilo] * DAYS * 24,
            start=start - timedelta(days=DAYS),
        )
    answer = await ask(hass, entry)
    assert [one["mean_a"] for one in answer["phases"]] == pytest.approx([3, 3, 3])
    assert answer["cautions"] == ["even_split_assumed"]


async def test_phases_in_two_directions_and_a_sun(hass: HomeAssistant) -> None:
    """1.15 kW in on each phase, and 3.45 kW of sun used behind the meter: 5 A and 5 A more."""
    drawn = [f"sensor.in_l{phase}" for phase in (1, 2, 3)]
    given = [f"sensor.out_l{phase}" for phase in (1, 2, 3)]
    entry = await set_up(
        hass,
        sources={
            "grid_phases": drawn,
            "grid_phases_export": given,
            "solar": ["sensor.roof"],
        },
    )
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    watts = dict.fromkeys(drawn, 1150.0) | dict.fromkeys(given, 0.0)
    for name, power in (watts | {"sensor.roof": 3450.0}).items():
        await import_means(
            hass,
            name,
            "W",
            "power",
            [power] * DAYS * 24,
            start=start - timedelta(days=DAYS),
        )
    answer = await ask(hass, entry)
    assert [one["mean_a"] for one in answer["phases"]] == pytest.approx([5, 5, 5])
    assert answer["hours"][0]["mean_a"] == pytest.approx((10, 10, 10))
    assert answer["sensors_without_statistics"] == []


async def test_a_car_that_charged_is_no_house(hass: HomeAssistant) -> None:
    """14 A on each phase, of which 10 A were the charger's, on whichever phases it is."""
    entry = await set_up(hass, charger("CP1", l1_phase="L2"))
    await recorded(hass, grid_l1=14, grid_l2=15, grid_l3=16)
    registry = er.async_get(hass)
    for phase, amps in ((1, 10), (2, 11), (3, 12)):
        name = registry.async_get_entity_id(
            "sensor", DOMAIN, f"{entry.entry_id}_CP1/1_current_l{phase}"
        )
        assert name
        await recorded(hass, **{name.removeprefix("sensor."): amps})
    answer = await ask(hass, entry)
    # Its own L1 is on the site's L2, its L3 on the site's L1.
    assert [one["mean_a"] for one in answer["phases"]] == pytest.approx(
        [14 - 12, 15 - 10, 16 - 11]
    )


async def test_a_sensor_without_statistics_is_named(hass: HomeAssistant) -> None:
    """No state class, no statistics: the action says so, with the sensors' names."""
    entry = await set_up(hass)
    with pytest.raises(ServiceValidationError) as wrong:
        await ask(hass, entry)
    assert wrong.value.translation_key == "no_history"
    placeholders = wrong.value.translation_placeholders or {}
    assert "sensor.grid_l1" in placeholders["sensors"]


async def test_the_card_of_a_first_day_writes_nothing_to_the_log(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It asks each time a dashboard is opened, and no history yet is nobody's error."""
    entry = await set_up(hass)
    client = await hass_ws_client(hass)
    caplog.clear()
    await client.send_json_auto_id({"type": "sunfuse/site/report"})
    error = (await client.receive_json())["error"]
    assert error["translation_key"] == "no_history"
    assert "sensor.grid_l1" in error["translation_placeholders"]["sensors"]
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]
    await recorded(hass, grid_l1=5, grid_l2=5, grid_l3=5)
    await client.send_json_auto_id(
        {"type": "sunfuse/site/report", "entry_id": entry.entry_id}
    )
    answer = (await client.receive_json())["result"]
    assert answer["carries"] == 13
    assert len(answer["hours"]) == 24


async def test_one_phase_is_not_recorded(hass: HomeAssistant) -> None:
    """The total stands in, and the report says that the phases are assumed to be equal."""
    entry = await set_up(hass)
    await recorded(hass, grid_l1=5, grid_l2=5)
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    await import_means(
        hass,
        "sensor.grid_power",
        "kW",
        "power",
        [3.45] * DAYS * 24,
        start=start - timedelta(days=DAYS),
    )
    answer = await ask(hass, entry)
    assert answer["cautions"] == ["even_split_assumed"]
    assert [one["mean_a"] for one in answer["phases"]] == pytest.approx([5, 5, 5])
    assert answer["sensors_without_statistics"] == ["sensor.grid_l3"]


async def test_the_page_is_for_those_who_are_logged_in(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """Without login there is nothing; a signed path opens this page and no other, for an hour."""
    entry = await set_up(hass, charger("CP1"))
    await recorded(hass, grid_l1=5, grid_l2=5, grid_l3=5)
    path = f"/api/sunfuse/report/{entry.entry_id}"
    stranger = await hass_client_no_auth()
    assert (await stranger.get(path)).status == HTTPStatus.UNAUTHORIZED
    signed = (await ask(hass, entry, days=7))["signed_page"]
    response = await stranger.get(signed)
    assert response.status == HTTPStatus.OK
    assert response.content_type == "text/html"
    assert "script" not in response.headers["Content-Security-Policy"]
    text = await response.text()
    assert "How many chargers can this connection carry?" in text
    assert "Number of chargers today: 1." in text
    assert "<script" not in text
    forged = signed.replace("days=7", "days=8")
    assert (await stranger.get(forged)).status == HTTPStatus.UNAUTHORIZED

    user = await hass_client()
    assert (await user.get(path + "?language=de&theme=dark")).status == HTTPStatus.OK
    for query, mean_a in (
        ("", "5.0"),
        ("?language=de&decimal_sign=.", "5.0"),
        ("?decimal_sign=,", "5,0"),
    ):
        text = await (await user.get(path + query)).text()
        assert f"<td>{mean_a}</td>" in text, query
    assert (await user.get(path + "?decimal_sign=x")).status == HTTPStatus.BAD_REQUEST
    assert (await user.get(path + "?days=0")).status == HTTPStatus.BAD_REQUEST
    assert (await user.get(path + "?theme=%22%3E")).status == HTTPStatus.BAD_REQUEST
    assert (await user.get(path + "x")).status == HTTPStatus.NOT_FOUND
    await hass.config_entries.async_unload(entry.entry_id)
    assert (await user.get(path)).status == HTTPStatus.NOT_FOUND


async def test_the_page_of_a_site_that_is_new(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    """It shows what is missing rather than an error."""
    entry = await set_up(hass)
    user = await hass_client()
    response = await user.get(f"/api/sunfuse/report/{entry.entry_id}")
    assert response.status == HTTPStatus.OK
    assert "has no data for this connection yet" in await response.text()


async def test_the_panel(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    """The site's device links to the panel, whose module is served."""
    assert await async_setup_component(hass, "frontend", {})
    entry = await set_up(hass)
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, entry.entry_id), entry.entry_id
    )
    assert device
    assert (
        device.configuration_url == f"homeassistant://sunfuse-report/{entry.entry_id}"
    )
    panel = hass.data["frontend_panels"]["sunfuse-report"]
    assert panel.sidebar_title is None
    assert panel.config
    custom = panel.config["_panel_custom"]
    user = await hass_client()
    module = await (await user.get(custom["module_url"])).text()
    assert f'"{custom["name"]}"' in module


async def test_fail_safe_currents_beside_the_house(hass: HomeAssistant) -> None:
    """12 A of 25 A are the house's: beside 2 A of margin 11 A are left, for one charger at 6 A and not for two.

    The form asks again, the site report proposes none for two, and the repair says what fits.
    """
    await recorded(hass, grid_l1=12, grid_l2=12, grid_l3=12)
    entry = await set_up(hass, charger("CP1"))
    report = await ask(hass, entry)
    assert report["proposals"]["fail_safe_a"][:2] == (11, 0)
    subentries = hass.config_entries.subentries
    form = await subentries.async_init(
        (entry.entry_id, "charger"), context={"source": "user"}
    )
    second = NEW_CHARGER | {"identity": "CP2"}
    form = await subentries.async_configure(form["flow_id"], second)
    assert form["errors"] == {"fail_safe_a": "fail_safe_house"}
    told = form["description_placeholders"]
    assert told
    assert (told["sum"], told["left"]) == ("12", "11")
    assert told["fits"] == "Charger CP1: 6 A, Garage: 0 A"
    form = await subentries.async_configure(form["flow_id"], second)
    assert form["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    issue_id = f"{entry.entry_id}_fail_safe_house_house"
    await wait_until(
        lambda: ir.async_get(hass).async_get_issue(DOMAIN, issue_id), "a repair"
    )


@pytest.mark.parametrize(
    ("theme", "typed", "field", "left"),
    [
        ("protection", {"margin_a": 8, "meter_max_age_s": 60}, "margin_a", "4"),
        ("main_circuit", {"fixed_l2_a": 8}, "base", "3"),
    ],
)
async def test_options_beside_the_house(
    hass: HomeAssistant, theme: str, typed: dict[str, Any], field: str, left: str
) -> None:
    """The house leaves 11 A to a charger of 6 A: the fuse carries 7 or 8 A less, so that 4 or 3 A are left."""
    await recorded(hass, grid_l1=12, grid_l2=12, grid_l3=12)
    entry = await set_up(hass, charger("CP1"))
    configure = hass.config_entries.options.async_configure
    form = await configure(
        (await open_options(hass, entry, theme))["flow_id"], dict(typed)
    )
    assert form["errors"] == {field: "fail_safe_house"}
    told = form["description_placeholders"]
    assert told
    phase = "L1" if theme == "protection" else "L2"
    assert (told["sum"], told["phase"]) == ("6", phase)
    assert (told["left"], told["fits"]) == (left, "Charger CP1: 0 A")
    result = await configure(form["flow_id"], dict(typed))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    # The site is set up again.
    await hass.async_block_till_done()


async def test_a_smaller_fuse_beside_the_house(hass: HomeAssistant) -> None:
    """Of 19 A the house leaves 5 A, less than the fail-safe current of a charger: the site's form asks again."""
    await recorded(hass, grid_l1=12, grid_l2=12, grid_l3=12)
    entry = await set_up(hass, charger("CP1"))
    hass.states.async_set("sensor.grid", "1", {"unit_of_measurement": "W"})
    grid = GRID | {"grid_phases": [f"sensor.grid_l{n}" for n in (1, 2, 3)]}
    typed = ELECTRICAL | {"main_fuse_a": 19, "port": entry.data["port"]}
    form = await reconfigure(hass, entry)
    for values in (grid, {"battery_inverted": False}, typed):
        form = await submit(hass, form, values)
    assert form["step_id"] == "electrical"
    assert form["errors"] == {"main_fuse_a": "fail_safe_house"}
    was_changed(await submit(hass, form, typed))
    await hass.async_block_till_done()


async def test_fail_safe_currents_beside_the_load_of_a_circuit(
    hass: HomeAssistant,
) -> None:
    """10 A of a garage's 20 A are its own: beside 1 A of margin 9 A are left, for one charger at 6 A and not for two.

    The form of a charger asks again, so does that of the circuit if it carries less; the repair says what fits.
    """
    sensors = [f"sensor.garage_l{n}" for n in (1, 2, 3)]
    await recorded(hass, grid_l1=5, grid_l2=5, grid_l3=5)
    await recorded(hass, garage_l1=10, garage_l2=10, garage_l3=10)
    for sensor in sensors:
        hass.states.async_set(sensor, "10", {"unit_of_measurement": "A"})
    sources = CircuitSources(meter=MeterConfig(phases=tuple(sensors)))
    garage = circuit("garage", limit_a=20.0, sources=sources.to_dict())
    entry = await set_up(hass, charger("CP1", circuit="garage"), garage)
    report = await ask(hass, entry)
    assert report["circuits"] == {
        "Garage": {"p95_a": [10, 10, 10], "peak_a": [10, 10, 10]}
    }
    subentries = hass.config_entries.subentries
    form = await subentries.async_init(
        (entry.entry_id, "charger"), context={"source": "user"}
    )
    second = NEW_CHARGER | {"identity": "CP2", "circuit": "garage"}
    form = await subentries.async_configure(form["flow_id"], second)
    assert form["errors"] == {"fail_safe_a": "fail_safe_house_circuit"}
    told = form["description_placeholders"]
    assert told
    assert (told["circuit"], told["sum"], told["left"]) == ("Garage", "12", "9")
    assert told["fits"] == "Charger CP1: 6 A, Garage: 0 A"
    form = await subentries.async_configure(form["flow_id"], second)
    assert form["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    issue_id = f"{entry.entry_id}_fail_safe_house_circuit_garage"
    await wait_until(
        lambda: ir.async_get(hass).async_get_issue(DOMAIN, issue_id), "a repair"
    )
    # 18 A leave 7 A: less than before.
    form = await entry.start_subentry_reconfigure_flow(hass, "garage")
    place = {"name": "Garage", "parent": "main", "limit_a": 18, "margin_a": 1}
    form = await subentries.async_configure(form["flow_id"], place)
    meter = {"grid_phases": sensors, "grid_inverted": False, "meter_max_age_s": 60}
    # The form that few circuits need is shown, as it has an error.
    form = await subentries.async_configure(form["flow_id"], meter)
    assert form["errors"] == {"base": "fail_safe_house_circuit"}
    told = form["description_placeholders"]
    assert told
    assert told["left"] == "7"
    form = await subentries.async_configure(form["flow_id"], {})
    assert form["type"] is FlowResultType.ABORT
    await hass.async_block_till_done()


async def test_more_than_the_fuse_is_refused(hass: HomeAssistant) -> None:
    """What the fuse alone does not carry cannot be sent again."""
    entry = await set_up(hass, charger("CP1", fail_safe_a=16.0))
    subentries = hass.config_entries.subentries
    form = await subentries.async_init(
        (entry.entry_id, "charger"), context={"source": "user"}
    )
    second = NEW_CHARGER | {"identity": "CP2", "fail_safe_a": 16}
    for _ in range(2):
        form = await subentries.async_configure(form["flow_id"], second)
        assert form["errors"] == {"fail_safe_a": "fail_safe_sum"}
