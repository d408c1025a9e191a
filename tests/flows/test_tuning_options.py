"""What a user tunes in the options, theme by theme, is what the engine goes by."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.engine.model import LimitKind
from custom_components.sunfuse.engine.tuning import BatteryRules, Tuning
from custom_components.sunfuse.flows.site.options import THEMES
from custom_components.sunfuse.site.engine_options import (
    HoldRule,
    battery_rules_of,
    dimming_limit,
    hold_rule_of,
    tuning_of,
)
from custom_components.sunfuse.sources.dimming_signal import Dimming
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData

from ..common import charger, site_entry
from ..forms import suggested
from ..site_fixtures import Home, limits

TUNED = ("sunshine", "battery", "phase_switching", "calm", "boosts", "dimming")


async def show(
    hass: HomeAssistant, entry: MockConfigEntry, theme: str
) -> dict[str, Any]:
    """Open a theme from the menu of the options."""
    if not hass.config_entries.async_get_entry(entry.entry_id):
        entry.add_to_hass(hass)
    options = hass.config_entries.options
    menu = await options.async_init(entry.entry_id)
    return dict(await options.async_configure(menu["flow_id"], {"next_step_id": theme}))


async def save(hass: HomeAssistant, form: dict[str, Any], **typed: Any) -> Any:
    """Save a form as it is shown, with what is typed over it; None empties a field."""
    wanted = {k: v for k, v in (suggested(form) | typed).items() if v is not None}
    return await hass.config_entries.options.async_configure(form["flow_id"], wanted)


@pytest.mark.parametrize("theme", TUNED)
async def test_defaults(hass: HomeAssistant, theme: str) -> None:
    """A form that is saved as it is shown changes nothing of what the engine does."""
    entry = site_entry(9000)
    saved = await save(hass, await show(hass, entry, theme))
    assert saved["type"] is FlowResultType.CREATE_ENTRY
    assert tuning_of(entry.options) == Tuning()
    assert battery_rules_of(entry.options) == BatteryRules()
    assert hold_rule_of(entry.options) is None


@pytest.mark.parametrize(
    ("theme", "typed", "expected"),
    [
        (
            "sunshine",
            {"start_delay_s": 30, "start_export_w": 900, "stop_import_w": 300},
            Tuning(start_delay_s=30, start_export_w=900, stop_import_w=300),
        ),
        (
            "sunshine",
            {"min_on_s": 600, "prefer_power": True, "worthwhile_a": 12},
            Tuning(min_on_s=600, prefer_power=True, worthwhile_a=12),
        ),
        (
            "phase_switching",
            {"to_one_phase_s": 60, "switches_per_hour": 2},
            Tuning(to_one_phase_s=60, switches_per_hour=2),
        ),
        (
            "calm",
            {"dead_band_percent": 10, "ramp_a_per_s": 0.5, "step_s": 10},
            Tuning(dead_band=0.1, ramp_a_per_s=0.5, step_s=10),
        ),
        ("boosts", {"boost_quota_kwh": 20}, Tuning(boost_quota_wh=20_000)),
    ],
)
async def test_tuning(
    hass: HomeAssistant, theme: str, typed: dict[str, Any], expected: Tuning
) -> None:
    """What is typed reaches the engine in its units, and what is emptied is the default again."""
    entry = site_entry(9000)
    await save(hass, await show(hass, entry, theme), **typed)
    assert tuning_of(entry.options) == expected
    emptied = {
        "start_export_w": None,
        "boost_quota_kwh": None,
        "start_delay_s": None,
        "dead_band_percent": None,
        "to_one_phase_s": None,
    }
    fields = {str(field) for field in THEMES[theme].schema(entry).schema}
    await save(
        hass,
        await show(hass, entry, theme),
        **dict.fromkeys(emptied.keys() & fields),
    )
    tuning = tuning_of(entry.options)
    assert (tuning.start_export_w, tuning.boost_quota_wh) == (None, None)
    # Emptied is automatic.
    automatic = (tuning.start_delay_s, tuning.dead_band, tuning.to_one_phase_s)
    assert automatic == (None, None, None)


async def test_battery(hass: HomeAssistant) -> None:
    """Percentages become parts; the entity that holds needs a value that it can be given."""
    hass.states.async_set("select.inverter", "Auto", {"options": ["Auto", "Standby"]})
    entry = site_entry(9000)
    typed = {
        "battery_first_below_soc": 60,
        "car_share_percent": 25,
        "charge_max_w": 5000,
        "support_above_soc": 80,
        "support_w": 2000,
        "hold_battery": True,
    }
    await save(hass, await show(hass, entry, "battery"), **typed)
    rules = BatteryRules(
        battery_first_below_soc=60,
        car_share=0.25,
        charge_max_w=5000,
        support_above_soc=80,
        support_w=2000,
        hold=True,
    )
    assert battery_rules_of(entry.options) == rules
    # Without an entity the user holds it by an automation of his own.
    assert hold_rule_of(entry.options) is None
    form = await show(hass, entry, "battery")
    await save(hass, form, hold_entity="select.inverter", hold_value="Standby")
    assert hold_rule_of(entry.options) == HoldRule(
        entity_id="select.inverter", value="Standby"
    )


@pytest.mark.parametrize(
    ("entity", "attributes", "typed", "wrong"),
    [
        ("select.x", {"options": ["Auto"]}, {}, {"hold_value": "value_missing"}),
        (
            "select.x",
            {"options": ["Auto"]},
            {"hold_value": "Manual"},
            {"hold_value": "not_a_value"},
        ),
        ("switch.x", {}, {"hold_value": "0"}, {"hold_value": "not_a_value"}),
        (
            "number.x",
            {"min": 0, "max": 9},
            {"hold_value": "10"},
            {"hold_value": "not_a_value"},
        ),
        (
            "number.x",
            {},
            {"hold_value": "0", "release_value": "Auto"},
            {"release_value": "not_a_value"},
        ),
        (None, {}, {"hold_value": "0"}, {"hold_entity": "entity_missing"}),
        # A value alone does nothing.
        (
            "switch.x",
            {},
            {"hold_value": "off", "charge_value": "100"},
            {"charge_value": "value_without_entity"},
        ),
        # The planned power is no percentage of growatt_server's.
        (
            "number.x",
            {"min": 0, "max": 100, "unit_of_measurement": "%"},
            {"hold_value": "0", "charge_entity": "number.x"},
            {"charge_value": "value_missing"},
        ),
        # What holds is no power: only a reserve in percent needs no value, and a script.
        ("number.x", {"unit_of_measurement": "W"}, {}, {"hold_value": "value_missing"}),
        ("number.x", {"unit_of_measurement": "%"}, {}, None),
        ("script.x", {}, {}, None),
        ("number.x", {"min": 0, "max": 9}, {"hold_value": "0"}, None),
        ("switch.x", {}, {"hold_value": "off"}, None),
        ("select.x", {}, {"hold_value": "Sleep"}, None),
    ],
)
async def test_what_holds_the_battery_is_checked(
    hass: HomeAssistant,
    entity: str | None,
    attributes: dict[str, Any],
    typed: dict[str, str],
    wrong: dict[str, str] | None,
) -> None:
    """An option that does not exist, or no number, is refused where it is typed."""
    if entity:
        hass.states.async_set(entity, "Auto", attributes)
    form = await show(hass, site_entry(9000), "battery")
    result = await save(
        hass, form, hold_battery=True, hold_entity=entity or "select.gone", **typed
    )
    assert result.get("errors") == wrong


async def test_dimming(hass: HomeAssistant) -> None:
    """The signal's own power counts, else device power and factor; a temperature is no signal."""
    hass.states.async_set("sensor.heat", "20", {"unit_of_measurement": "°C"})
    entry = site_entry(9000)
    for entity, wrong in (("sensor.heat", "not_power"), ("switch.x", "entity_missing")):
        form = await show(hass, entry, "dimming")
        result = await save(hass, form, dimming_entity=entity)
        assert result["errors"] == {"dimming_entity": wrong}
    hass.states.async_set("switch.x", "off")
    form = await show(hass, entry, "dimming")
    await save(
        hass,
        form,
        dimming_entity="switch.x",
        dimming_device_w=5000,
        dimming_simultaneity=0.5,
    )
    assert dimming_limit(None, entry.options, "Operator") == ()
    (limit,) = dimming_limit(Dimming(), entry.options, "Operator")
    assert (limit.kind, limit.device_w, limit.simultaneity) == (
        LimitKind.DIMMING,
        5000,
        0.5,
    )
    (limit,) = dimming_limit(Dimming(power_w=7000), {}, "Operator")
    assert (limit.power_w, limit.device_w) == (7000, 4200)


async def test_steps_are_no_closer_than_five_seconds(hass: HomeAssistant) -> None:
    """Each is a message to the charger and a change for the car."""
    form = await show(hass, site_entry(9000), "calm")
    with pytest.raises(InvalidData) as refused:
        await save(hass, form, step_s=4)
    # The key of a text: the frontend translates it as any error of a form.
    assert refused.value.schema_errors == {"step_s": "number_too_small"}
    with pytest.raises(InvalidData) as refused:
        await save(hass, form, step_s=400)
    assert refused.value.schema_errors == {"step_s": "number_too_large"}


@pytest.mark.usefixtures("socket_enabled")
async def test_tuning_leaves_the_chargers_connected(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """What a tick reads anew applies at once, and the form says so; another entity starts the site anew, and its form says that."""
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    engine = home.entry.runtime_data.controller
    for theme, typed in (
        ("protection", {"margin_a": 3}),
        ("calm", {"turn_s": 600}),
        ("boosts", {"boost_quota_kwh": 5}),
        ("privacy", {"delete_sessions_months": 24}),
    ):
        form = await show(hass, home.entry, theme)
        said = form["description_placeholders"]["restarts"]
        assert said == "Changes apply at once. The chargers stay connected."
        await save(hass, form, **typed)
        await hass.async_block_till_done()
    assert home.entry.runtime_data.controller is engine
    assert not station.websocket.closed
    snapshot = home.entry.runtime_data.coordinator.data.snapshot
    (main,) = snapshot.circuits
    assert main.margin_a == 3
    assert (snapshot.tuning.turn_s, snapshot.tuning.boost_quota_wh) == (600, 5000)

    form = await show(hass, home.entry, "dimming")
    assert form["description_placeholders"]["restarts"] == (
        "Changing *Signal* disconnects the chargers for a few seconds."
        " All other changes apply at once."
    )
    form = await show(hass, home.entry, "security")
    assert form["description_placeholders"]["restarts"].startswith("A change dis")


async def after(
    home: Home, offered: Callable[[float], bool], most_s: float
) -> float | None:
    """Return how many seconds pass until the charger's last limit is like that; None: more than these."""
    assert home.charging is not None
    begin = home.hass.loop.time()
    while home.hass.loop.time() - begin < most_s:
        if (told := limits(home.charging)) and offered(told[-1]):
            return home.hass.loop.time() - begin
        await asyncio.sleep(1)
    return None


@pytest.mark.usefixtures("socket_enabled")
async def test_a_users_delays_are_what_their_texts_say(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Typed into the form: starts after 90 s of sun, stops after 200 s without; emptied, both are automatic again."""
    home = await start(charger("A"))
    home.house_a = (1.0,) * 3
    await home.charge("A")
    await home.call("select", "select_option", "A/1_mode", option="solar")
    await asyncio.sleep(30)
    form = await show(hass, home.entry, "sunshine")
    await save(hass, form, start_delay_s=90, stop_delay_s=200, min_on_s=0)
    home.house_a = (-8.0,) * 3
    assert await after(home, lambda a: a >= 6, 120) == pytest.approx(92, abs=8)
    assert await after(home, lambda a: a > 7, 30) is not None
    home.house_a = (-1.0,) * 3
    assert await after(home, lambda a: a == 0, 300) == pytest.approx(202, abs=8)
    form = await show(hass, home.entry, "sunshine")
    await save(hass, form, start_delay_s=None, stop_delay_s=None, min_on_s=None)
    home.house_a = (-8.0,) * 3
    assert await after(home, lambda a: a >= 6, 60) is not None
