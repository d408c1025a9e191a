"""The home battery is held through an entity of the user's choice, and is always given back."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.engine.model import Decision
from custom_components.sunfuse.planner import BatteryCommand, SiteSlot
from custom_components.sunfuse.site.battery.battery_hold import BatteryHold
from custom_components.sunfuse.site.battery.battery_orders import BatteryOrders
from custom_components.sunfuse.site.engine_options import HoldRule
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, STATE_UNAVAILABLE
from homeassistant.core import CoreState, HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir

from ...common import free_port, set_meters, site_entry, wait_until
from ...site_fixtures import Home

HOLD = {"hold_battery": True, "hold_entity": "select.inverter", "hold_value": "Standby"}
KEY = "sunfuse.{}.battery"


class Inverter:
    """An inverter with an entity that follows commands, if it works."""

    def __init__(
        self, hass: HomeAssistant, entity_id: str, value: str, **attributes: Any
    ) -> None:
        """Show the entity, and take its actions."""
        self.hass = hass
        self.entity_id = entity_id
        self.attributes = attributes
        self.values: list[str] = []
        self.works = True
        hass.states.async_set(entity_id, value, attributes)
        domain = entity_id.partition(".")[0]
        for action in ("turn_on", "turn_off", "select_option", "set_value"):
            hass.services.async_register(domain, action, self.act)

    async def act(self, call: ServiceCall) -> None:
        """Do what an action says."""
        if not self.works:
            raise HomeAssistantError("no answer")
        assert call.data["entity_id"] == self.entity_id
        switched = call.service.removeprefix("turn_")
        value = call.data.get("option", call.data.get("value", switched))
        self.values.append(str(value))
        self.hass.states.async_set(self.entity_id, str(value), self.attributes)

    @property
    def value(self) -> str | None:
        """Return what the entity shows."""
        state = self.hass.states.get(self.entity_id)
        return state.state if state else None


@pytest.fixture
async def entry(hass: HomeAssistant) -> AsyncIterator[MockConfigEntry]:
    """Return the entry of a site that holds a battery by a select."""
    entry = site_entry(9000, options=HOLD)
    entry.add_to_hass(hass)
    yield entry
    await hass.async_block_till_done(wait_background_tasks=True)


async def hold_of(hass: HomeAssistant, entry: MockConfigEntry) -> BatteryHold:
    """Return a hold as it is after a start of Home Assistant."""
    hold = BatteryHold(hass, entry)
    await hold.async_load()
    return hold


async def tell(hass: HomeAssistant, hold: BatteryHold, wanted: bool) -> None:
    """Run one tick with this request."""
    hold.update(wanted)
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("entity", "former", "value", "given_back"),
    [
        ("switch.discharge", "on", "off", "on"),
        ("input_boolean.hold", "off", "on", "off"),
        ("select.inverter", "Auto", "Standby", "Auto"),
        ("input_select.inverter", "Auto", "Standby", "Auto"),
        ("number.discharge_limit", "5000.0", "0", "5000.0"),
        ("input_number.discharge_limit", "5000", "0", "5000"),
    ],
)
async def test_each_kind_of_entity(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    entity: str,
    former: str,
    value: str,
    given_back: str,
) -> None:
    """It is given the value that holds, and then the one that it had."""
    options = {**HOLD, "hold_entity": entity, "hold_value": value}
    hass.config_entries.async_update_entry(entry, options=options)
    inverter = Inverter(hass, entity, former)
    hold = await hold_of(hass, entry)
    await tell(hass, hold, True)
    assert inverter.values == [value]
    freezer.tick(61)
    await tell(hass, hold, False)
    assert inverter.values == [value, given_back]


async def test_it_is_remembered_before_it_is_changed(
    hass: HomeAssistant, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    """A crash right after the change finds what to give back."""
    inverter = Inverter(hass, "select.inverter", "Auto")
    seen: list[str] = []

    async def act(call: ServiceCall) -> None:
        seen.append(hass_storage[KEY.format(entry.entry_id)]["data"]["former"])
        await inverter.act(call)

    hass.services.async_register("select", "select_option", act)
    await tell(hass, await hold_of(hass, entry), True)
    assert seen == ["Auto"]


@pytest.mark.parametrize("options", [HOLD, {}, {**HOLD, "hold_entity": "switch.other"}])
async def test_after_a_crash_it_is_given_back(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    options: dict[str, Any],
) -> None:
    """At the next start, also if it is not to be held any more, or through another entity."""
    inverter = Inverter(hass, "select.inverter", "Auto")
    await tell(hass, await hold_of(hass, entry), True)
    assert inverter.value == "Standby"

    hass.config_entries.async_update_entry(entry, options=options)
    hold = await hold_of(hass, entry)
    await tell(hass, hold, options != HOLD)
    assert inverter.value == "Auto"
    assert KEY.format(entry.entry_id) not in hass_storage


async def test_after_a_crash_it_is_still_held(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """If it is needed still, the value of before is not lost, though the entity shows that of the hold."""
    inverter = Inverter(hass, "select.inverter", "Auto")
    await tell(hass, await hold_of(hass, entry), True)
    hold = await hold_of(hass, entry)
    await tell(hass, hold, True)
    assert inverter.values == ["Standby"]
    freezer.tick(61)
    await tell(hass, hold, False)
    assert inverter.value == "Auto"


async def test_no_flapping(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """However often it changes its mind, the entity is changed once a minute at most."""
    inverter = Inverter(hass, "select.inverter", "Auto")
    hold = await hold_of(hass, entry)
    for tick in range(120):
        await tell(hass, hold, tick % 2 == 0)
        freezer.tick(5)
    assert 2 <= len(inverter.values) <= 10


async def test_an_inverter_that_goes_back_by_itself(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """It is commanded again; its value before the hold is the one that is restored."""
    inverter = Inverter(hass, "select.inverter", "Auto")
    hold = await hold_of(hass, entry)
    await tell(hass, hold, True)
    hass.states.async_set("select.inverter", "Backup")
    await tell(hass, hold, True)
    assert inverter.value == "Backup"
    freezer.tick(61)
    await tell(hass, hold, True)
    assert inverter.value == "Standby"
    freezer.tick(61)
    await tell(hass, hold, False)
    assert inverter.value == "Auto"


async def test_the_value_to_release_to_can_be_named(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Also if the entity does not show its value."""
    options = {**HOLD, "release_value": "Auto"}
    hass.config_entries.async_update_entry(entry, options=options)
    inverter = Inverter(hass, "select.inverter", "unknown")
    hold = await hold_of(hass, entry)
    await tell(hass, hold, True)
    await hold.async_stop()
    assert inverter.values == ["Standby", "Auto"]


async def test_a_renamed_entity_is_given_back(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """It is found under its new name."""
    registry = er.async_get(hass)
    registry.async_get_or_create("select", "x", "1", suggested_object_id="inverter")
    Inverter(hass, "select.inverter", "Auto")
    hold = await hold_of(hass, entry)
    await tell(hass, hold, True)
    registry.async_update_entity("select.inverter", new_entity_id="select.renamed")
    renamed = Inverter(hass, "select.renamed", "Standby")
    await hold.async_stop()
    assert renamed.values == ["Auto"]


@pytest.mark.parametrize("broken", [STATE_UNAVAILABLE, None, "refuses"])
async def test_what_fails_is_reported_and_tried_again(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    broken: str | None,
) -> None:
    """An entity that is away or refuses is named, and given back as soon as it is possible."""
    inverter = Inverter(hass, "select.inverter", "Auto")
    hold = await hold_of(hass, entry)
    await tell(hass, hold, True)
    freezer.tick(61)
    if broken is None:
        hass.states.async_remove("select.inverter")
    elif broken == STATE_UNAVAILABLE:
        hass.states.async_set("select.inverter", broken)
    else:
        inverter.works = False
    await tell(hass, hold, False)
    assert hold.failed == "select.inverter"
    inverter.works = True
    hass.states.async_set("select.inverter", "Standby")
    await tell(hass, hold, False)
    assert inverter.values == ["Standby"]
    freezer.tick(61)
    await tell(hass, hold, False)
    assert inverter.values == ["Standby", "Auto"]
    assert not hold.failed


async def test_an_entity_that_is_away_is_not_held(
    hass: HomeAssistant, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    """Nobody knows what to give it back to."""
    inverter = Inverter(hass, "select.inverter", STATE_UNAVAILABLE)
    hold = await hold_of(hass, entry)
    await tell(hass, hold, True)
    assert hold.failed == "select.inverter"
    assert not inverter.values
    assert KEY.format(entry.entry_id) not in hass_storage


async def test_while_home_assistant_starts_nothing_is_done(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """The inverter's integration may not be there yet, which is no fault of it."""
    hold = await hold_of(hass, entry)
    hass.set_state(CoreState.starting)
    await tell(hass, hold, True)
    assert hold.failed is None


async def test_what_cannot_be_given_back_at_the_end_is_a_repair_issue(
    hass: HomeAssistant, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    """It stays until it is given back: at the next start, or when the site is removed."""
    inverter = Inverter(hass, "select.inverter", "Auto")
    hold = await hold_of(hass, entry)
    await tell(hass, hold, True)
    inverter.works = False
    await hold.async_stop()
    await tell(hass, hold, True)
    (issue,) = ir.async_get(hass).issues.values()
    assert issue.translation_key == "battery_not_given_back"
    assert issue.translation_placeholders == {
        "entity": "select.inverter",
        "value": "Auto",
        "site": "Home",
    }
    inverter.works = True
    await BatteryHold(hass, entry).async_remove()
    assert inverter.value == "Auto"
    assert not ir.async_get(hass).issues
    assert KEY.format(entry.entry_id) not in hass_storage


def show_battery(hass: HomeAssistant, power_w: float) -> None:
    """Show what the battery gives."""
    hass.states.async_set(
        "sensor.battery",
        str(power_w),
        {"unit_of_measurement": "W", "device_class": "power"},
    )


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("end", ["unload", "stop", "remove"])
async def test_a_site_holds_its_battery(
    hass: HomeAssistant, start: Callable[..., Any], end: str
) -> None:
    """A car at full power takes what the battery would give: it is held, and given back at the end."""
    # Sunfuse has selects of its own, so the one that is played here is of another domain.
    inverter = Inverter(hass, "input_select.inverter", "Auto")
    show_battery(hass, 0)
    home: Home = await start(
        "CP1",
        options={**HOLD, "hold_entity": "input_select.inverter"},
        sources={
            "grid": {"entity": "sensor.grid_power"},
            "grid_phases": ["sensor.grid_l1", "sensor.grid_l2", "sensor.grid_l3"],
            "battery": [{"entity": "sensor.battery"}],
        },
    )
    assert home.state("binary_sensor", "battery_held") == "off"
    await home.charge("CP1")
    await wait_until(lambda: inverter.value == "Standby", "the battery is held")
    assert home.state("binary_sensor", "battery_held") == "on"
    if end == "unload":
        assert await hass.config_entries.async_unload(home.entry.entry_id)
    elif end == "stop":
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await hass.async_block_till_done()
    else:
        await hass.config_entries.async_remove(home.entry.entry_id)
    assert inverter.values == ["Standby", "Auto"]


@pytest.mark.usefixtures("socket_enabled")
async def test_a_hold_that_fails_is_a_repair_issue(
    hass: HomeAssistant, start: Callable[..., Any], hass_storage: dict[str, Any]
) -> None:
    """A site that finds a battery changed by a run that crashed, and cannot give it back, says so."""
    entry = site_entry(free_port(), options={})
    entry.add_to_hass(hass)
    set_meters(hass, currents_a=(1, 1, 1))
    hass_storage[KEY.format(entry.entry_id)] = {
        "version": 1,
        "key": KEY.format(entry.entry_id),
        "data": {
            "entity_id": "switch.gone",
            "registry_id": None,
            "former": "on",
        },
    }
    assert await hass.config_entries.async_setup(entry.entry_id)

    def issues() -> set[str | None]:
        entry.runtime_data.controller.tick()
        found = ir.async_get(hass).issues.values()
        return {issue.translation_key for issue in found if issue.domain == DOMAIN}

    await wait_until(lambda: "battery_hold_failed" in issues(), "an issue")
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    assert {i.translation_key for i in ir.async_get(hass).issues.values()} == {
        "battery_not_given_back"
    }


async def test_a_planned_command_goes_before_holding(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """From hold to charge on the same entity, the value of before both is the one that is restored."""
    inverter = Inverter(hass, "select.inverter", "Auto")
    hold = await hold_of(hass, entry)
    charge = HoldRule(entity_id="select.inverter", value="Force charge")
    for wanted, planned in ((True, None), (True, charge), (False, None)):
        hold.update(wanted, planned)
        await hass.async_block_till_done()
        freezer.tick(61)
    assert inverter.values == ["Standby", "Force charge", "Auto"]


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ({"min": 0, "max": 5000, "step": 100}, "3300"),
        ({"min": 0, "max": 2500, "step": 1}, "2500"),
        ({"min": 0, "max": 10, "step": 0.5, "unit_of_measurement": "kW"}, "3.5"),
        ({"min": 50, "max": 5000, "step": 1000}, "3050"),
        ({}, "3333"),
    ],
)
async def test_a_planned_power_is_told_as_its_entity_takes_it(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    attributes: dict[str, Any],
    told: str,
) -> None:
    """In its unit, within its bounds, in its steps: once, and not again every minute because it shows another value."""
    inverter = Inverter(hass, "number.charge_power", "0")
    hass.states.async_set("number.charge_power", "0", attributes)
    hold = await hold_of(hass, entry)
    charge = HoldRule(entity_id="number.charge_power", value="3333", in_w=True)
    for _ in range(3):
        hold.update(False, charge)
        await hass.async_block_till_done()
        hass.states.async_set("number.charge_power", inverter.values[-1], attributes)
        freezer.tick(61)
    assert inverter.values == [told]


async def test_a_script_gets_command_and_power(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
) -> None:
    """Each new power once, and the end of it; after a crash, the end as well."""
    told: list[Any] = []

    async def act(call: ServiceCall) -> None:
        told.append(tuple(call.data["variables"].values()))

    hass.states.async_set("script.battery", "off")
    hass.services.async_register("script", "turn_on", act)

    def rule(power_w: int) -> HoldRule:
        return HoldRule(
            entity_id="script.battery",
            value=f"charge {power_w} 4500",
            release_value="normal 0 0",
        )

    hold = await hold_of(hass, entry)
    for planned in (rule(3000), rule(3000), rule(2000)):
        hold.update(False, planned)
        await hass.async_block_till_done()
        freezer.tick(61)
    assert told == [("charge", 3000.0, 4500.0), ("charge", 2000.0, 4500.0)]
    crashed = await hold_of(hass, entry)
    await tell(hass, crashed, False)
    assert told[-1] == ("normal", 0.0, 0.0)
    assert KEY.format(entry.entry_id) not in hass_storage


@pytest.mark.parametrize("asked_by", ["engine", "plan"])
async def test_a_reserve_in_percent_holds_at_the_state_of_charge(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    asked_by: str,
) -> None:
    """As a Powerwall or an Enphase battery is held: not above what is there, or it would charge; it follows the sun in steps."""
    options = {"hold_battery": True, "hold_entity": "number.reserve"}
    hass.config_entries.async_update_entry(entry, options=options)
    inverter = Inverter(hass, "number.reserve", "20", unit_of_measurement="%")
    now = datetime(2026, 11, 25, tzinfo=UTC)
    decision = Decision(
        now=now, connectors=(), circuits=(), surplus_w=0.0, given_a=(0.0,)
    )
    planned = BatteryOrders.of(options).rule(_slot(now, BatteryCommand.HOLD), decision)
    hold = await hold_of(hass, entry)
    for soc in (None, 57.9, 57.1, 60.0, 63.2, 62.0):
        if asked_by == "plan":
            hold.update(False, planned, soc=soc)
        else:
            hold.update(True, soc=soc)
        await hass.async_block_till_done()
        assert (hold.failed is not None) is (soc is None)
        freezer.tick(61)
    await tell(hass, hold, False)
    assert inverter.values == ["57", "63", "20"]


async def test_a_reserve_in_steps_is_rounded_down(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """With steps of 5 % the next one above the state of charge would charge the battery from the grid."""
    options = {"hold_battery": True, "hold_entity": "number.reserve"}
    hass.config_entries.async_update_entry(entry, options=options)
    inverter = Inverter(hass, "number.reserve", "20", unit_of_measurement="%")
    steps = {"min": 0, "max": 100, "step": 5, "unit_of_measurement": "%"}
    hass.states.async_set("number.reserve", "20", steps)
    hold = await hold_of(hass, entry)
    hold.update(True, soc=58.4)
    await hass.async_block_till_done()
    assert inverter.values == ["55"]


@pytest.mark.parametrize(
    ("unit", "rule"),
    [
        ("W", HoldRule(entity_id="number.x", value="", at_soc=True)),
        ("A", HoldRule(entity_id="number.x", value="3000", in_w=True)),
        ("%", HoldRule(entity_id="number.x", value="3000", in_w=True)),
    ],
)
async def test_a_number_of_another_unit_gets_nothing(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    unit: str,
    rule: HoldRule,
) -> None:
    """The form cannot know the unit of an entity that is not loaded yet: it counts when it comes, and a repair names it."""
    hold = await hold_of(hass, entry)
    for value in (STATE_UNAVAILABLE, "20"):
        hass.states.async_set("number.x", value)
        if value == STATE_UNAVAILABLE:
            hold.update(False, rule, soc=57.0)
            await hass.async_block_till_done()
            freezer.tick(61)
    inverter = Inverter(hass, "number.x", "20", unit_of_measurement=unit)
    hold.update(False, rule, soc=57.0)
    await hass.async_block_till_done()
    assert inverter.values == []
    assert hold.failed == "number.x"
    assert f"its unit is {unit}" in caplog.text
    # Its integration was corrected meanwhile.
    fits = "%" if rule.at_soc else "W"
    inverter = Inverter(hass, "number.x", "20", unit_of_measurement=fits)
    freezer.tick(61)
    hold.update(False, rule, soc=57.0)
    await hass.async_block_till_done()
    assert inverter.values == [rule.value or "57"]
    assert hold.failed is None


async def test_a_reserve_stays_after_a_crash_until_the_state_of_charge_is_known(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """A battery's integration may start minutes later: meanwhile its reserve is not set to nothing."""
    options = {"hold_battery": True, "hold_entity": "number.reserve"}
    hass.config_entries.async_update_entry(entry, options=options)
    inverter = Inverter(hass, "number.reserve", "20", unit_of_measurement="%")
    hold = await hold_of(hass, entry)
    hold.update(True, soc=57.9)
    await hass.async_block_till_done()
    crashed = await hold_of(hass, entry)
    for soc in (None, 54.0):
        crashed.update(True, soc=soc)
        await hass.async_block_till_done()
        freezer.tick(61)
    await tell(hass, crashed, False)
    assert inverter.values == ["57", "54", "20"]


async def test_a_script_holds(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """What an inverter needs two settings for is told to a script, whoever asks for it, and its end."""
    told: list[str] = []

    async def act(call: ServiceCall) -> None:
        told.append(call.data["variables"]["command"])

    hass.states.async_set("script.battery", "off")
    hass.services.async_register("script", "turn_on", act)
    options = {"hold_battery": True, "hold_entity": "script.battery"}
    hass.config_entries.async_update_entry(entry, options=options)
    hold = await hold_of(hass, entry)
    for wanted in (True, True, False):
        await tell(hass, hold, wanted)
        freezer.tick(61)
    assert told == ["hold", "normal"]


async def test_an_inverter_that_shows_it_late_is_told_once(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """One that is polled over a cloud, as Growatt's, shows for minutes what it was before: it is not written to each minute until then.

    One that never shows it is told again after ten minutes.
    """
    inverter = Inverter(hass, "select.inverter", "Auto")

    async def act(call: ServiceCall) -> None:
        inverter.values.append(call.data["option"])

    hass.services.async_register("select", "select_option", act)
    hold = await hold_of(hass, entry)
    for _ in range(9):
        freezer.tick(61)
        hass.states.async_set("select.inverter", "Auto")  # polled each minute
        await tell(hass, hold, True)
    assert inverter.values == ["Standby"]
    freezer.tick(122)
    await tell(hass, hold, True)
    assert inverter.values == ["Standby", "Standby"]
    # It shows something else: that is news.
    freezer.tick(61)
    hass.states.async_set("select.inverter", "Auto", force_update=True)
    await tell(hass, hold, True)
    assert len(inverter.values) == 3


def _slot(now: datetime, command: BatteryCommand) -> SiteSlot:
    discharges = command is BatteryCommand.DISCHARGE
    return SiteSlot(
        start=now,
        end=now + timedelta(minutes=15),
        grid_w=0.0,
        house_w=0.0,
        sun_w=0.0,
        cars_w=0.0,
        battery_w=3_000.0 if discharges else -3_000.0,
        battery_wh=None,
        command=command,
        price=0.3,
        export_price=0.0,
    )


def test_one_number_that_charges_and_discharges_has_a_sign() -> None:
    """A setpoint as Victron's: plus charges, minus discharges; two numbers are both positive."""
    now = datetime(2026, 11, 25, tzinfo=UTC)
    decision = Decision(
        now=now, connectors=(), circuits=(), surplus_w=0.0, given_a=(0.0,)
    )
    signs = {}
    for other in ("number.setpoint", "number.discharge"):
        orders = BatteryOrders.of(
            {"charge_entity": "number.setpoint", "discharge_entity": other}
        )
        signs[other] = [
            rule.value
            for command in (BatteryCommand.CHARGE, BatteryCommand.DISCHARGE)
            if (rule := orders.rule(_slot(now, command), decision))
        ]
    assert signs == {
        "number.setpoint": ["3000", "-3000"],
        "number.discharge": ["3000", "3000"],
    }
