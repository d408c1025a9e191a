"""What will come, as a user sees it: sensors, options, a restart, and sources that misbehave."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    async_fire_time_changed,
    mock_integration,
    mock_platform,
)
from sqlalchemy.exc import OperationalError

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.energy import async_get_solar_forecast
from custom_components.sunfuse.sources.forecasts.forecast_config import ForecastConfig
from custom_components.sunfuse.sources.forecasts.forecast_reader import ForecastReader
from custom_components.sunfuse.sources.forecasts.forecast_sources import (
    async_solar_entries,
    recognised,
)
from homeassistant.components.recorder.core import Recorder
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from ..common import free_port, set_meters, site_entry
from ..sources.test_history import import_means

pytestmark = pytest.mark.usefixtures("socket_enabled")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
# A Wednesday in June, 11:05 in Amsterdam.
NOW = datetime(2026, 6, 10, 11, 5, tzinfo=AMSTERDAM)
MIDNIGHT = datetime(2026, 6, 10, tzinfo=AMSTERDAM)
HOUR = timedelta(hours=1)
SOURCES = {
    "grid": {"entity": "sensor.grid_power"},
    "grid_phases": ["sensor.grid_l1", "sensor.grid_l2", "sensor.grid_l3"],
    "solar": ["sensor.solar"],
}


@pytest.fixture(autouse=True)
async def _in_amsterdam(
    recorder_mock: Recorder, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncIterator[None]:
    """Home Assistant of a Dutch user, whose sites are unloaded in the end."""
    freezer.move_to(NOW)
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    hass.config.latitude, hass.config.longitude = 52.37, 4.90
    yield
    for entry in hass.config_entries.async_entries(DOMAIN):
        await hass.config_entries.async_unload(entry.entry_id)


def solar(hass: HomeAssistant, power_w: float | str) -> None:
    """Show what the roof gives."""
    hass.states.async_set(
        "sensor.solar",
        str(power_w),
        {"unit_of_measurement": "W", "device_class": "power"},
    )


async def set_up(hass: HomeAssistant, **changes: Any) -> MockConfigEntry:
    """Set up a site with a roof."""
    set_meters(hass, currents_a=(2, 2, 2))
    solar(hass, 1000)
    options = changes.pop("options", {})
    entry = site_entry(free_port(), **{"sources": SOURCES, **changes})
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, options=options)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await settled(hass)
    return entry


async def settled(hass: HomeAssistant) -> None:
    """Let what is due within seconds happen."""
    for _ in range(3):
        async_fire_time_changed(hass, fire_all=False)
        await hass.async_block_till_done(wait_background_tasks=True)


async def pass_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, to: datetime
) -> None:
    """Let the clock show another time."""
    freezer.move_to(to)
    async_fire_time_changed(hass, to)
    await hass.async_block_till_done(wait_background_tasks=True)
    await settled(hass)


def shown(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> Any:
    """Return a sensor's state."""
    name = er.async_get(hass).async_get_entity_id(
        "sensor", DOMAIN, f"{entry.entry_id}_{key}"
    )
    assert name, key
    state = hass.states.get(name)
    assert state
    return state


def number(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> float:
    """Return what a sensor shows."""
    return float(shown(hass, entry, key).state)


def weather(hass: HomeAssistant, domain: str, answer: object) -> MockConfigEntry:
    """Set up an integration with a solar forecast."""

    async def async_get_solar_forecast(_: HomeAssistant, __: str) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    mock_integration(hass, MockModule(domain))
    mock_platform(
        hass,
        f"{domain}.energy",
        SimpleNamespace(async_get_solar_forecast=async_get_solar_forecast),
    )
    entry = MockConfigEntry(domain=domain, title=f"Roof of {domain}")
    entry.add_to_hass(hass)
    return entry


def two_days(watts: float) -> dict[str, Any]:
    """Answer as Home Assistant's contract has it: 8 to 18 o'clock of two days."""
    return {
        "wh_hours": {
            (MIDNIGHT + timedelta(days=day) + hour * HOUR).isoformat(): watts
            for day in range(2)
            for hour in range(8, 18)
        }
    }


async def test_the_forecast_of_the_energy_dashboard(hass: HomeAssistant) -> None:
    """1 kW for ten hours a day: 10 kWh today, of which three are over, and 10 tomorrow."""
    sunny = weather(hass, "sunny", two_days(1000))
    sources = {**SOURCES, "solar_forecasts": [sunny.entry_id]}
    entry = await set_up(hass, sources=sources)
    assert number(hass, entry, "expected_solar_power") == pytest.approx(1000)
    assert number(hass, entry, "expected_solar_today") == pytest.approx(10)
    assert number(hass, entry, "expected_solar_tomorrow") == pytest.approx(10)
    attributes = shown(hass, entry, "expected_solar_power").attributes
    assert attributes["source"] == "forecast"
    first = attributes["forecast"][0]
    assert first["start"] == "2026-06-10T09:00:00+00:00"
    assert first["p10"] < first["power"] < first["p90"]


async def test_the_energy_dashboard_draws_it(hass: HomeAssistant) -> None:
    """It is offered as Home Assistant asks for it, and never fed to itself."""
    sunny = weather(hass, "sunny", two_days(1000))
    entry = await set_up(hass, sources={**SOURCES, "solar_forecasts": [sunny.entry_id]})
    answer = await async_get_solar_forecast(hass, entry.entry_id)
    assert answer
    # The quarter hour that runs is the first.
    assert answer["wh_hours"]["2026-06-10T09:00:00+00:00"] == pytest.approx(1000)
    assert answer["wh_hours"]["2026-06-11T09:00:00+00:00"] == pytest.approx(1000)
    assert await async_get_solar_forecast(hass, sunny.entry_id) is None
    hass.config_entries.async_update_entry(
        entry,
        data={
            **entry.data,
            "sources": {**SOURCES, "solar_forecasts": [entry.entry_id]},
        },
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    await settled(hass)
    assert shown(hass, entry, "expected_solar_power").state == STATE_UNKNOWN
    assert await async_get_solar_forecast(hass, entry.entry_id) is None
    flow = await hass.config_entries.options.async_init(entry.entry_id)
    form = await hass.config_entries.options.async_configure(
        flow["flow_id"], {"next_step_id": "forecast"}
    )
    schema = form["data_schema"]
    assert schema
    offered = schema.schema["forecast_entries"].config["options"]
    assert [option["label"] for option in offered] == ["Roof of sunny"]
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await async_get_solar_forecast(hass, entry.entry_id) is None


async def test_the_attributes_stay_out_of_the_recorder(hass: HomeAssistant) -> None:
    """Two hundred slots each quarter hour are for charts."""
    entry = await set_up(hass)
    state = shown(hass, entry, "expected_load_power")
    assert len(state.attributes["forecast"]) > 190
    assert state.state_info
    assert "forecast" in state.state_info["unrecorded_attributes"]


async def test_day_one(hass: HomeAssistant) -> None:
    """No forecast, no history: no solar power to predict, and the load of a usual household (400 W)."""
    entry = await set_up(hass)
    assert shown(hass, entry, "expected_solar_power").state == STATE_UNKNOWN
    assert number(hass, entry, "expected_load_today") == pytest.approx(9.6, rel=0.1)
    attributes = shown(hass, entry, "expected_load_power").attributes
    assert attributes["days_learned"] == 0
    assert attributes["sensors_without_statistics"] == [
        "sensor.grid_power",
        "sensor.solar",
        "sensor.grid_l1",
        "sensor.grid_l2",
        "sensor.grid_l3",
    ]


async def test_day_one_with_the_panels_power(hass: HomeAssistant) -> None:
    """5 kW of panels at 11:05 in June under a usual sky: 45 % of about 0.75 kW/m2."""
    entry = await set_up(hass, options={"solar_peak_kw": 5.0})
    assert 1300 < number(hass, entry, "expected_solar_power") < 2000
    attributes = shown(hass, entry, "expected_solar_power").attributes
    assert attributes["source"] == "history"


async def test_a_site_without_a_roof(hass: HomeAssistant) -> None:
    """There is no sun to expect."""
    entry = await set_up(hass, sources={**SOURCES, "solar": []})
    registry = er.async_get(hass)
    unique_id = f"{entry.entry_id}_expected_solar_power"
    assert registry.async_get_entity_id("sensor", DOMAIN, unique_id) is None
    assert number(hass, entry, "expected_load_power") > 0


async def test_learned_from_the_recorder(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A house of 1000 W and a roof, three weeks of hours: the load is known, and the sun by its history."""
    hours = 21 * 24
    start = datetime(2026, 5, 20, tzinfo=AMSTERDAM)
    sun = [3000.0 if 8 <= hour % 24 < 18 else 0.0 for hour in range(hours)]
    grid = [1000 - watts for watts in sun]
    await import_means(hass, "sensor.grid_power", "W", "power", grid, start=start)
    await import_means(hass, "sensor.solar", "W", "power", sun, start=start)
    entry = await set_up(hass)
    attributes = shown(hass, entry, "expected_load_power").attributes
    assert attributes["days_learned"] == pytest.approx(21, abs=0.1)
    assert number(hass, entry, "expected_load_power") == pytest.approx(1000, rel=0.15)
    assert number(hass, entry, "expected_load_tomorrow") == pytest.approx(24, rel=0.15)
    assert number(hass, entry, "expected_solar_power") == pytest.approx(3000, rel=0.3)
    assert 15 < number(hass, entry, "expected_solar_tomorrow") < 40
    assert shown(hass, entry, "expected_solar_power").attributes["source"] == "history"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"wh_hours": None},
        {"wh_hours": {"not a time": 3, "2026-06-10T10:00:00+02:00": "much"}},
        {"wh_hours": {"2026-06-10T12:00:00+02:00": 9e12}},
        HomeAssistantError("the cloud is down"),
        AttributeError("runtime_data"),
        KeyError("estimate"),
        TimeoutError(),
    ],
)
async def test_a_broken_forecast(hass: HomeAssistant, answer: object) -> None:
    """Whatever an integration does, the other roof's forecast and the load are shown."""
    broken, sunny = (
        weather(hass, "broken", answer),
        weather(hass, "sunny", two_days(500)),
    )
    sources = {**SOURCES, "solar_forecasts": [broken.entry_id, sunny.entry_id, "gone"]}
    entry = await set_up(hass, sources=sources)
    assert number(hass, entry, "expected_solar_power") == pytest.approx(500)
    assert number(hass, entry, "expected_load_power") > 0


async def test_a_forecast_that_falls_silent(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Its last word holds for a day and more, rather than a dark roof."""
    answer = two_days(800)
    sunny = weather(hass, "sunny", answer)
    entry = await set_up(hass, sources={**SOURCES, "solar_forecasts": [sunny.entry_id]})
    answer.clear()
    await pass_time(hass, freezer, NOW + 3 * HOUR)
    assert number(hass, entry, "expected_solar_power") == pytest.approx(800)
    assert number(hass, entry, "expected_solar_tomorrow") == pytest.approx(8)


async def choose(
    hass: HomeAssistant, entry: MockConfigEntry, **form: Any
) -> dict[str, Any]:
    """Fill in the form of the solar forecast."""
    flow = await hass.config_entries.options.async_init(entry.entry_id)
    flow = await hass.config_entries.options.async_configure(
        flow["flow_id"], {"next_step_id": "forecast"}
    )
    assert flow["type"] is FlowResultType.FORM
    result = await hass.config_entries.options.async_configure(flow["flow_id"], form)
    await hass.async_block_till_done(wait_background_tasks=True)
    await settled(hass)
    return dict(result)


def solcast(hass: HomeAssistant, entity: str, day: int, kilo: float) -> None:
    """Show an entity as Solcast's integration has them."""
    begin = MIDNIGHT + timedelta(days=day)
    rows = [
        {
            "period_start": begin + half * HOUR / 2,
            "pv_estimate": kilo if 16 <= half < 36 else 0.0,
            "pv_estimate10": kilo / 2 if 16 <= half < 36 else 0.0,
            "pv_estimate90": kilo * 1.5 if 16 <= half < 36 else 0.0,
        }
        for half in range(48)
    ]
    hass.states.async_set(
        entity, str(kilo * 10), {"detailedForecast": rows, "unit_of_measurement": "kWh"}
    )


async def test_entities_with_a_forecast(hass: HomeAssistant) -> None:
    """Solcast's today and tomorrow are chosen, recognised, shown, and bring their own quantiles."""
    solcast(hass, "sensor.today", 0, 2.0)
    solcast(hass, "sensor.tomorrow", 1, 3.0)
    entry = await set_up(hass)
    result = await choose(
        hass, entry, forecast_entities=["sensor.today", "sensor.tomorrow"]
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert number(hass, entry, "expected_solar_power") == pytest.approx(2000)
    assert number(hass, entry, "expected_solar_today") == pytest.approx(20)
    assert number(hass, entry, "expected_solar_tomorrow") == pytest.approx(30)
    slots = shown(hass, entry, "expected_solar_power").attributes["forecast"]
    assert slots[0] | {"power": 2000, "p10": 1000, "p90": 3000} == slots[0]

    # A new estimate is seen at once.
    solcast(hass, "sensor.today", 0, 1.0)
    async_fire_time_changed(hass, NOW + timedelta(seconds=10))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert number(hass, entry, "expected_solar_power") == pytest.approx(1000)

    flow = await hass.config_entries.options.async_init(entry.entry_id)
    form = await hass.config_entries.options.async_configure(
        flow["flow_id"], {"next_step_id": "forecast"}
    )
    recognised = (form["description_placeholders"] or {})["recognised"]
    assert "`detailedForecast`" in recognised
    assert "30.0 kWh" in recognised


async def test_what_is_no_forecast_is_refused(hass: HomeAssistant) -> None:
    """With the entity's name; one that is not there yet may come."""
    entry = await set_up(hass)
    hass.states.async_set("sensor.plain", "4", {"forecast": [{"x": 1}]})
    result = await choose(
        hass, entry, forecast_entities=["sensor.plain"], solar_peak_kw=0
    )
    assert result["errors"] == {
        "forecast_entities": "no_forecast",
        "solar_peak_kw": "not_positive",
    }
    assert result["description_placeholders"]["entity"] == "sensor.plain"
    hass.states.async_set("sensor.late", STATE_UNAVAILABLE)
    result = await choose(hass, entry, forecast_entities=["sensor.late"])
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_roof_that_was_chosen_twice_counts_once(hass: HomeAssistant) -> None:
    """The integration of the Energy dashboard, and its own entity with quantiles."""
    sunny = weather(hass, "sunny", two_days(1000))
    registry = er.async_get(hass)
    own = registry.async_get_or_create("sensor", "sunny", "1", config_entry=sunny)
    solcast(hass, own.entity_id, 0, 1.0)
    entry = await set_up(hass)
    result = await choose(
        hass,
        entry,
        forecast_entries=[sunny.entry_id],
        forecast_entities=[own.entity_id],
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert number(hass, entry, "expected_solar_power") == pytest.approx(1000)


async def test_a_recorder_that_fails(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A locked database is a line in the log; what is known is shown, and it is tried again."""
    sunny = weather(hass, "sunny", two_days(1000))
    entry = await set_up(hass, sources={**SOURCES, "solar_forecasts": [sunny.entry_id]})

    async def locked(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    target = "custom_components.sunfuse.site.planning.forecasting.async_site_meters"
    monkeypatch.setattr(target, locked)
    caplog.clear()
    await pass_time(hass, freezer, NOW + 1.2 * HOUR)
    assert "could not be read to learn from" in caplog.text
    assert number(hass, entry, "expected_solar_power") == pytest.approx(1000)
    assert number(hass, entry, "expected_load_power") > 0


async def test_a_forecast_from_nowhere(hass: HomeAssistant) -> None:
    """Integrations without a forecast, and one that is gone, are not offered."""
    mock_integration(hass, MockModule("plain"))
    for domain in ("plain", "unheard_of"):
        MockConfigEntry(domain=domain).add_to_hass(hass)
    sunny = weather(hass, "sunny", two_days(1000))
    found = await async_solar_entries(hass, DOMAIN)
    assert found == {sunny.entry_id: "Roof of sunny"}
    assert recognised(hass, "sensor.unheard_of") is None


async def test_what_was_learned_is_there_at_once_after_a_restart(
    hass: HomeAssistant,
) -> None:
    """Before the recorder is asked again, the house is known."""
    hours = 21 * 24
    start = datetime(2026, 5, 20, tzinfo=AMSTERDAM)
    for name, watts in (("grid_power", 2000.0), ("solar", 0.0)):
        await import_means(
            hass, f"sensor.{name}", "W", "power", [watts] * hours, start=start
        )
    entry = await set_up(hass)
    before = number(hass, entry, "expected_load_power")
    assert before > 1500
    kept = entry.runtime_data.forecasts.to_dict()
    reader = ForecastReader(hass, ForecastConfig())
    reader.restore(kept)
    forecasts = await reader.async_refresh(NOW)
    assert forecasts.load[0].p50_w == pytest.approx(before, abs=1)
    assert forecasts.load_days == pytest.approx(21, abs=0.1)


async def test_forecasts_survive_a_restart(hass: HomeAssistant) -> None:
    """Six hours of it: the correction can go on."""
    sunny = weather(hass, "sunny", two_days(1000))
    entry = await set_up(hass, sources={**SOURCES, "solar_forecasts": [sunny.entry_id]})
    before = entry.runtime_data.forecasts.to_dict()
    assert before["hours"]
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.runtime_data.forecasts.to_dict() == before
