"""What the Energy dashboard knows is offered, in all the forms in which Home Assistant stores powers."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.flows.form_fields import sources_of, sun_form
from custom_components.sunfuse.sources.config import (
    MeterConfig,
    PowerSource,
    SourcesConfig,
)
from custom_components.sunfuse.sources.meters.energy_dashboard import (
    async_suggest_sources,
)
from custom_components.sunfuse.sources.meters.meter_sensors import suggest_meter
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component

GRID: dict[str, Any] = {
    "type": "grid",
    "stat_energy_from": "sensor.grid_import_energy",
    "stat_energy_to": "sensor.grid_export_energy",
    "stat_cost": None,
    "entity_energy_price": "sensor.price",
    "number_energy_price": None,
    "stat_compensation": None,
    "entity_energy_price_export": "sensor.feed_in",
    "number_energy_price_export": None,
    "cost_adjustment_day": 0.0,
}
SOLAR: dict[str, Any] = {
    "type": "solar",
    "stat_energy_from": "sensor.solar_energy",
    "stat_rate": "sensor.solar_power",
    "config_entry_solar_forecast": ["01FORECAST"],
}
BATTERY: dict[str, Any] = {
    "type": "battery",
    "stat_energy_from": "sensor.battery_out",
    "stat_energy_to": "sensor.battery_in",
    "stat_rate": "sensor.battery_power",
    "stat_soc": "sensor.battery_soc",
    "capacity": 9.6,
}


def stored(hass_storage: dict[str, Any], *sources: dict[str, Any]) -> None:
    """Store these as the Energy dashboard's preferences."""
    hass_storage["energy"] = {
        "version": 1,
        "minor_version": 3,
        "key": "energy",
        "data": {"energy_sources": list(sources), "device_consumption": []},
    }


async def suggestions(hass: HomeAssistant) -> SourcesConfig:
    """Return what is suggested once the Energy dashboard is there."""
    assert await async_setup_component(hass, "energy", {})
    return await async_suggest_sources(hass)


async def test_without_a_dashboard(hass: HomeAssistant) -> None:
    """Nothing is suggested."""
    assert await async_suggest_sources(hass) == SourcesConfig()


@pytest.mark.usefixtures("recorder_mock")
async def test_an_empty_dashboard(hass: HomeAssistant) -> None:
    """Nothing is suggested."""
    assert await suggestions(hass) == SourcesConfig()


@pytest.mark.usefixtures("recorder_mock")
async def test_everything_that_it_knows(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """Grid, sun, battery, prices and forecasts."""
    second = BATTERY | {"stat_rate": "sensor.second_battery", "capacity": 5.4}
    stored(
        hass_storage,
        GRID | {"stat_rate": "sensor.grid_power"},
        SOLAR,
        {"type": "water", "stat_energy_from": "sensor.water"},
        BATTERY,
        second,
    )
    assert await suggestions(hass) == SourcesConfig(
        grid=PowerSource(entity="sensor.grid_power"),
        solar=("sensor.solar_power",),
        battery=(
            PowerSource(entity="sensor.battery_power"),
            PowerSource(entity="sensor.second_battery"),
        ),
        battery_soc="sensor.battery_soc",
        battery_capacity_wh=15_000,
        price_import="sensor.price",
        price_export="sensor.feed_in",
        solar_forecasts=("01FORECAST",),
    )


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"stat_rate": "sensor.p"}, PowerSource(entity="sensor.p")),
        (
            {"stat_rate_inverted": "sensor.p"},
            PowerSource(entity="sensor.p", inverted=True),
        ),
        (
            {"stat_rate_from": "sensor.in", "stat_rate_to": "sensor.out"},
            PowerSource(positive="sensor.in", negative="sensor.out"),
        ),
    ],
)
@pytest.mark.usefixtures("recorder_mock")
async def test_signs(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    config: dict[str, str],
    expected: PowerSource,
) -> None:
    """The user's own sensors are offered with their sign, not what Home Assistant derives from them."""
    derived = {"stat_rate": "sensor.derived"} if "stat_rate" not in config else {}
    stored(
        hass_storage,
        GRID | derived | {"power_config": config},
        BATTERY | derived | {"power_config": config, "stat_rate": "other:b"},
    )
    found = await suggestions(hass)
    assert found.grid == expected
    assert found.battery == (expected,)


def device_with(hass: HomeAssistant, *sensors: tuple[str, str | None, str]) -> None:
    """Register sensors (entity, device class, unique id) on one device."""
    entry = MockConfigEntry(domain="meter")
    entry.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("meter", "1")}
    )
    for name, device_class, unique_id in sensors:
        er.async_get(hass).async_get_or_create(
            "sensor",
            "meter",
            unique_id,
            suggested_object_id=name,
            device_id=device.id,
            original_device_class=device_class,
        )


@pytest.mark.parametrize(
    "names",
    [
        ("l1_current", "l2_current", "l3_current"),
        ("current_phase_a", "current_phase_b", "current_phase_c"),
        ("active_current_l1_a", "active_current_l2_a", "active_current_l3_a"),
        ("current_1", "current_2", "current_3"),
        ("phase_1_current", "phase_2_current", "phase_3_current"),
    ],
)
async def test_phases_of_the_meters_device(
    hass: HomeAssistant, names: tuple[str, str, str]
) -> None:
    """The currents of the meter's own device are proposed in order, rather than its powers."""
    device_with(
        hass,
        ("grid_power", "power", "total"),
        (names[2], "current", f"x_{names[2]}"),
        (names[0], "current", f"x_{names[0]}"),
        (names[1], "current", f"x_{names[1]}"),
        ("power_l1", "power", "power_l1"),
        ("power_l2", "power", "power_l2"),
        ("power_l3", "power", "power_l3"),
        ("voltage_l1", "voltage", "voltage_l1"),
    )
    found = suggest_meter(hass, ["sensor.grid_power"])
    assert found.phases == tuple(f"sensor.{name}" for name in names)
    # Currents may lack the sign that the powers have.
    assert found.phase_powers == tuple(f"sensor.power_l{n}" for n in (1, 2, 3))


@pytest.mark.usefixtures("recorder_mock")
async def test_powers_of_the_meters_device(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """A dashboard that knows energies only: power and phases are found beside them."""
    stored(hass_storage, GRID)
    device_with(
        hass,
        ("grid_import_energy", "energy", "import"),
        ("grid_now", "power", "total"),
        ("power_l1", "power", "power_l1"),
        ("power_l2", "power", "power_l2"),
        ("power_l3", "power", "power_l3"),
    )
    found = await suggestions(hass)
    assert found.grid == PowerSource(entity="sensor.grid_now")
    assert found.grid_phases == (
        "sensor.power_l1",
        "sensor.power_l2",
        "sensor.power_l3",
    )


async def test_a_lone_phase_is_no_proposal(hass: HomeAssistant) -> None:
    """Half of a set protects nothing; disabled sensors show nothing."""
    device_with(
        hass,
        ("grid_power", "power", "total"),
        ("current_l1", "current", "l1"),
        ("current_l3", "current", "l3"),
    )
    assert suggest_meter(hass, ["sensor.grid_power"]).phases == ()
    assert suggest_meter(hass, ["sensor.unknown"]) == MeterConfig()


@pytest.mark.usefixtures("recorder_mock")
async def test_energies_alone(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """Where there is no power that is an entity, the counters are proposed."""
    counters = {"stat_energy_from": "sensor.from", "stat_energy_to": "sensor.to"}
    solar = {key: value for key, value in SOLAR.items() if key != "stat_rate"}
    stored(
        hass_storage,
        GRID | counters | {"stat_rate": "other:p"},
        solar,
        BATTERY | counters | {"stat_rate": "other:b"},
    )
    found = await suggestions(hass)
    pair = PowerSource(positive="sensor.from", negative="sensor.to")
    assert found.grid == pair
    assert found.battery == (pair,)
    assert found.solar == ("sensor.solar_energy",)


@pytest.mark.usefixtures("recorder_mock")
async def test_statistics_that_are_no_entities(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """They cannot be read now."""
    external = {"stat_energy_from": "other:from", "stat_energy_to": "other:to"}
    stored(
        hass_storage,
        GRID | external,
        SOLAR | {"stat_rate": "other:s"},
        BATTERY | external | {"stat_rate": "other:b"},
    )
    found = await suggestions(hass)
    assert (found.grid, found.solar, found.battery) == (None, (), ())


@pytest.mark.usefixtures("recorder_mock")
async def test_two_tariffs_of_one_connection(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """A dashboard of before 2026 has a grid for each tariff, and the power at one of them."""
    first = GRID | {"entity_energy_price": None, "stat_energy_from": "sensor.low"}
    stored(hass_storage, first, GRID | {"stat_rate": "sensor.grid_power"})
    found = await suggestions(hass)
    assert found.grid == PowerSource(entity="sensor.grid_power")
    assert found.price_import == "sensor.price"


@pytest.mark.usefixtures("recorder_mock")
@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("counters", ["device", "helpers"])
async def test_a_meter_whose_phases_are_grids(
    hass: HomeAssistant, hass_storage: dict[str, Any], counters: str, *, inverted: bool
) -> None:
    """A Shelly 3EM has no total: the power of its first phase is not that of the house."""
    rate = "stat_rate_inverted" if inverted else "stat_rate"
    phases = [
        GRID
        | {"stat_energy_from": f"sensor.drawn_{n}", "stat_energy_to": None}
        | {"power_config": {rate: f"sensor.power_l{n}"}}
        for n in (1, 2, 3)
    ]
    stored(hass_storage, *phases)
    energies = [(f"drawn_{n}", "energy", f"drawn_{n}") for n in (1, 2, 3)]
    device_with(
        hass,
        *(energies if counters == "device" else ()),
        *((f"power_l{n}", "power", f"power_l{n}") for n in (1, 2, 3)),
    )
    found = await suggestions(hass)
    assert found.grid is None
    assert found.grid_phases == tuple(f"sensor.power_l{n}" for n in (1, 2, 3))
    assert found.grid_phases_inverted is inverted


@pytest.mark.usefixtures("recorder_mock")
@pytest.mark.parametrize("called", ["channel_{}", "main_{}"])
@pytest.mark.parametrize("powers", ["power", "voltage"])
async def test_a_counter_of_one_phase(
    hass: HomeAssistant, hass_storage: dict[str, Any], called: str, powers: str
) -> None:
    """Of a Shelly 3EM only the first phase is in the dashboard: the others are found by its devices, or nothing is proposed."""
    counters = {
        "stat_energy_from": f"sensor.energy_{called.format('a')}",
        "stat_energy_to": None,
    }
    stored(hass_storage, GRID | counters)
    entry = MockConfigEntry(domain="shelly")
    entry.add_to_hass(hass)
    devices = dr.async_get(hass)
    meter = devices.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("shelly", "AABB")}
    )
    # Names and ids as those of Home Assistant 2026.10.4.
    for index, letter in enumerate("abc"):
        device = devices.async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={("shelly", f"AABB-emeter_{index}")},
            name=f"Shelly 3EM Phase {letter.upper()}",
            via_device_id=meter.id,
        )
        for key, device_class in (("energy", "energy"), ("power", powers)):
            er.async_get(hass).async_get_or_create(
                "sensor",
                "shelly",
                f"AABB-emeter_{index}-{key}",
                suggested_object_id=f"{key}_{called.format(letter)}",
                device_id=device.id,
                config_entry=entry,
                original_device_class=device_class,
                original_name=key.capitalize(),
            )
    found = await suggestions(hass)
    assert found.grid is None
    phases = [f"sensor.power_{called.format(letter)}" for letter in "abc"]
    assert found.grid_phases == (tuple(phases) if powers == "power" else ())


@pytest.mark.usefixtures("recorder_mock")
async def test_a_counter_of_one_phase_of_a_single_device(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """A counter that is named after a phase, beside those of the other phases, is not that of the house."""
    counters = {"stat_energy_from": "sensor.energy_l1", "stat_energy_to": None}
    stored(hass_storage, GRID | counters)
    device_with(
        hass, *((f"energy_l{n}", "energy", f"x_energy_l{n}") for n in (1, 2, 3))
    )
    assert (await suggestions(hass)).grid is None


@pytest.mark.usefixtures("recorder_mock")
async def test_a_counter_of_one_tariff(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """The number of a tariff is not that of a phase."""
    counters = {"stat_energy_from": "sensor.used_tariff_1", "stat_energy_to": None}
    stored(hass_storage, GRID | counters)
    device_with(
        hass, *((f"used_tariff_{n}", "energy", f"x_used_tariff_{n}") for n in (1, 2))
    )
    grid = (await suggestions(hass)).grid
    assert grid == PowerSource(positive="sensor.used_tariff_1")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # Both of one kind are read as they are.
        (
            {"stat_rate_inverted": "sensor.a"},
            {"stat_rate_inverted": "sensor.b"},
            (
                PowerSource(entity="sensor.a", inverted=True),
                PowerSource(entity="sensor.b", inverted=True),
            ),
        ),
        (
            {"stat_rate": "sensor.a"},
            {"stat_rate_from": "sensor.b_out", "stat_rate_to": "sensor.b_in"},
            (
                PowerSource(entity="sensor.a"),
                PowerSource(positive="sensor.b_out", negative="sensor.b_in"),
            ),
        ),
        # One form cannot have two signs, or two pairs.
        (
            {"stat_rate": "sensor.a"},
            {"stat_rate_inverted": "sensor.b"},
            (PowerSource(entity="sensor.a"), PowerSource(entity="sensor.derived")),
        ),
        (
            {"stat_rate_from": "sensor.a_out", "stat_rate_to": "sensor.a_in"},
            {"stat_rate_from": "sensor.b_out", "stat_rate_to": "sensor.b_in"},
            (PowerSource(entity="sensor.made"), PowerSource(entity="sensor.derived")),
        ),
    ],
)
@pytest.mark.usefixtures("recorder_mock")
async def test_two_batteries(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    first: dict[str, str],
    second: dict[str, str],
    expected: tuple[PowerSource, ...],
) -> None:
    """What is proposed comes out of the form with the sign that it had."""
    stored(
        hass_storage,
        BATTERY | {"stat_rate": "sensor.made", "power_config": first},
        BATTERY | {"stat_rate": "sensor.derived", "power_config": second},
    )
    found = await suggestions(hass)
    assert found.battery == expected
    form = {"grid_inverted": False} | sun_form(found)
    assert sources_of(form, ()).battery == expected
