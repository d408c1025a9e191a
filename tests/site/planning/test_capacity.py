"""Capacity tariffs from the meter to entities and cars, in a Home Assistant with a site."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from voluptuous import Invalid

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.engine.model import LimitKind
from custom_components.sunfuse.flows.tariffs.capacity_tariff import capacity_values
from homeassistant.components.recorder.core import Recorder
from homeassistant.config_entries import ConfigSubentry, ConfigSubentryData
from homeassistant.core import HomeAssistant, State
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ...common import set_meters, wait_until
from ...forms import suggested
from ...price_site import Start, pass_time
from ...sources.test_history import import_means

pytestmark = pytest.mark.usefixtures("socket_enabled")

# A quarter hour begins. It is noon in Amsterdam.
NOON = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)


def capacity(**data: Any) -> ConfigSubentryData:
    """Return a capacity tariff's sub-entry."""
    return ConfigSubentryData(
        data={"rule": {"key": "flanders"}} | data,
        subentry_type="capacity_tariff",
        title="Fluvius",
        unique_id=None,
    )


def shown(
    hass: HomeAssistant, entry: MockConfigEntry, key: str, domain: str = "sensor"
) -> State:
    """Return the state of an entity of the site's only capacity tariff."""
    (subentry,) = entry.get_subentries_of_type("capacity_tariff")
    entity_id = er.async_get(hass).async_get_entity_id(
        domain, DOMAIN, f"{entry.entry_id}_{subentry.subentry_id}_{key}"
    )
    assert entity_id, key
    state = hass.states.get(entity_id)
    assert state
    return state


def kw(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> float:
    """Return what a sensor shows, in kilowatts."""
    return float(shown(hass, entry, key).state)


async def draw(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    phase_a: float,
    minutes: float,
) -> None:
    """Make the site draw this much on each phase, with a report of its meter every half minute."""
    set_meters(hass, currents_a=(phase_a,) * 3)
    await pass_time(hass, freezer, 0.2)
    for _ in range(round(minutes * 2)):
        await pass_time(hass, freezer, 30)
        set_meters(hass, currents_a=(phase_a,) * 3)
    await pass_time(hass, freezer, 0.2)


async def test_quarter_hours_and_the_month(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """10 A on three phases of 230 V are 6.9 kW; a quarter hour of it is the month's peak."""
    freezer.move_to(NOON - timedelta(seconds=1))
    entry = await start_frozen(capacity(rule={"key": "flanders", "price_per_kw": 4.0}))
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{entry.entry_id}_{next(iter(entry.subentries))}"), entry.entry_id
    )
    assert device
    assert device.name == "Fluvius"
    await draw(hass, freezer, 10, 5)
    # 6.9 kW x 5 min over 15 min; the floor of 2.5 kW is free: (2500 x 15 - 34500) / 10 = 300 W.
    assert kw(hass, entry, "interval_peak") == pytest.approx(2.3, abs=0.1)
    assert kw(hass, entry, "peak_allowance") == pytest.approx(0.3, abs=0.1)
    assert kw(hass, entry, "month_peak") == 2.5
    await draw(hass, freezer, 10, 11)
    assert kw(hass, entry, "month_peak") == pytest.approx(6.9, abs=0.1)
    assert kw(hass, entry, "billed_peak") == pytest.approx(6.9, abs=0.1)
    assert kw(hass, entry, "peak_cost") == pytest.approx(27.6, abs=0.4)
    (peak,) = shown(hass, entry, "month_peak").attributes["peaks"]
    assert peak["start"] == "2026-11-25T11:00:00+00:00"
    # What is sunk is free, as far as the fuse goes: 25 A x 3 x 230 V.
    assert shown(hass, entry, "peak_allowance").attributes["target_w"] >= 6800
    assert kw(hass, entry, "peak_allowance") <= 17.25


async def test_a_quarter_hour_is_followed(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """However much was shown of those before it: one that begins is shown at once, and its mean never is far from the truth."""
    freezer.move_to(NOON - timedelta(seconds=1))
    entry = await start_frozen(capacity())
    for quarter in range(1, 4):
        for ten_s in range(1, 15 * 6):
            set_meters(hass, currents_a=(15 + ten_s % 2 / 10,) * 3)
            await pass_time(hass, freezer, 10)
            # 15.05 A on three phases of 230 V are 10.4 kW.
            mean_kw = 10.4 * ten_s / 90
            shown_kw = kw(hass, entry, "interval_peak")
            assert shown_kw == pytest.approx(mean_kw, rel=0.12, abs=0.4)
        await pass_time(hass, freezer, 12)
        until = NOON + (quarter + 1) * timedelta(minutes=15)
        attributes = shown(hass, entry, "peak_allowance").attributes
        assert attributes["interval_end"] == until.isoformat()
        assert kw(hass, entry, "interval_peak") < 0.5


async def test_the_steps_of_norway_have_a_price(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """An hour of 6.9 kW is in the step from 5 to 10 kW."""
    freezer.move_to(NOON - timedelta(seconds=1))
    prices = [250, 375, 437.5, 500, 562.5, 625, 700]
    entry = await start_frozen(capacity(rule={"key": "norway", "step_prices": prices}))
    assert float(shown(hass, entry, "peak_cost").state) == 250
    await draw(hass, freezer, 10, 61)
    assert float(shown(hass, entry, "peak_cost").state) == 437.5


async def test_a_hiccup_of_the_meter_is_no_peak(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """A million amperes for half a minute cost nothing, and the quarter hour goes on."""
    freezer.move_to(NOON - timedelta(seconds=1))
    entry = await start_frozen(capacity())
    await draw(hass, freezer, 10, 8)
    await draw(hass, freezer, 1e6, 0.5)
    await draw(hass, freezer, 10, 7.5)
    assert kw(hass, entry, "month_peak") == pytest.approx(6.9, abs=0.1)


async def test_a_restart_in_the_middle_of_a_quarter_hour(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """The gap is filled with what was drawn before and after."""
    freezer.move_to(NOON - timedelta(seconds=1))
    entry = await start_frozen(capacity())
    await draw(hass, freezer, 10, 6)
    assert await hass.config_entries.async_unload(entry.entry_id)
    freezer.tick(timedelta(minutes=3))
    set_meters(hass, currents_a=(10, 10, 10))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await draw(hass, freezer, 10, 3)
    # 12 of 15 minutes at 6.9 kW; a tenth less or more is not shown at once.
    assert kw(hass, entry, "interval_peak") == pytest.approx(5.52, rel=0.1)


async def test_the_user_corrects_the_month(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """The meter's own display is right, not Sunfuse."""
    entry = await start_frozen(capacity())
    number = shown(hass, entry, "correct_month_peak", "number")
    await hass.services.async_call(
        "number",
        "set_value",
        {"entity_id": number.entity_id, "value": 4.321},
        blocking=True,
    )
    assert kw(hass, entry, "month_peak") == pytest.approx(4.321)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert kw(hass, entry, "month_peak") == pytest.approx(4.321)


async def test_a_meter_that_is_silent_ends_intervals_all_the_same(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """Nobody knows what was drawn; the next interval does not begin with the last one's energy."""
    freezer.move_to(NOON - timedelta(seconds=1))
    entry = await start_frozen(capacity())
    await draw(hass, freezer, 10, 5)
    for meter in ("grid_power", "grid_l1", "grid_l2", "grid_l3"):
        hass.states.async_set(f"sensor.{meter}", "unavailable")
    for _ in range(5):
        await pass_time(hass, freezer, 300)
    assert kw(hass, entry, "interval_peak") == 0
    assert kw(hass, entry, "month_peak") == 2.5


async def test_the_cap_is_a_limit(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """(4 kW x 15 min - 6.9 kW x 5 min) / 10 min = 2.55 kW until the quarter hour is over."""
    freezer.move_to(NOON - timedelta(seconds=1))
    entry = await start_frozen(capacity(cap=True, target_w=4000.0))
    await draw(hass, freezer, 10, 5)
    (limit,) = entry.runtime_data.coordinator.data.snapshot.limits
    assert (limit.kind, limit.name) == (LimitKind.PEAK, "Fluvius")
    assert limit.power_w == pytest.approx(2550, abs=100)
    assert limit.until == NOON + timedelta(minutes=15)


async def test_cars_keep_to_the_cap(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """With hardly any target a car must wait, and its reason says why."""
    home = await start("CP1")
    rule = {"key": "own", "interval_min": 60}
    hass.config_entries.async_add_subentry(
        home.entry,
        ConfigSubentry(
            data=MappingProxyType({"rule": rule, "cap": True, "target_w": 1.0}),
            subentry_type="capacity_tariff",
            title="Fluvius",
            unique_id=None,
        ),
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    await home.charge("CP1")
    await home.shows("sensor", "CP1/1_reason", "limited_by_peak")
    await wait_until(
        lambda: "(Fluvius)" in home.explanation("CP1/1"),
        "the reason in words",
    )


async def test_a_new_tariff_begins_with_what_the_recorder_knows(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    start_frozen: Start,
    freezer: FrozenDateTimeFactory,
) -> None:
    """5 kW for an hour this month, 7 kW in October: billed is their mean. 500 kW are a hiccup."""
    await import_means(
        hass,
        "sensor.grid_power",
        "kW",
        "power",
        [1.0, 5.0, 500.0, 2.0],
        start=datetime(2026, 11, 3, 17, tzinfo=UTC),
    )
    await import_means(
        hass,
        "sensor.grid_power",
        "kW",
        "power",
        [7.0],
        start=datetime(2026, 10, 3, 17, tzinfo=UTC),
    )
    entry = await start_frozen(capacity())
    await pass_time(hass, freezer, 6)
    assert kw(hass, entry, "month_peak") == pytest.approx(5.0)
    # Months of which nothing is known are left out, as for a new connection.
    assert kw(hass, entry, "billed_peak") == pytest.approx(6.0)


async def test_the_forms(hass: HomeAssistant, start_frozen: Start) -> None:
    """A preset in one form, a rule of one's own in two; what is wrong is said where it is."""
    entry = await start_frozen()
    flows = hass.config_entries.subentries

    async def begin() -> Any:
        return await flows.async_init(
            (entry.entry_id, "capacity_tariff"), context={"source": "user"}
        )

    form = await begin()
    typed = {"name": "Grid", "rule": "own", "cap": True, "target_kw": 5}
    wrong = await flows.async_configure(
        form["flow_id"], typed | {"holidays": ["12-25", "Easter"]}
    )
    assert wrong["errors"] == {"holidays": "bad_holiday"}
    assert wrong["description_placeholders"] == {"row": "2"}
    wrong = await flows.async_configure(
        form["flow_id"], {**typed, "rule": "norway", "step_prices": ["250", "375"]}
    )
    assert wrong["errors"] == {"step_prices": "bad_step_prices"}
    form = await flows.async_configure(
        form["flow_id"], typed | {"step_prices": ["100", "200"]}
    )
    assert form["step_id"] == "own"
    day = {
        "value": 1,
        "start": "07:00:00",
        "end": "19:00:00",
        "holidays": "never",
    }
    own = {
        "interval_min": "60",
        "top": 3,
        "different_days": False,
        "months": 1,
        "weight": 0,
        "weight_periods": [day],
    }
    for changes, errors in (
        ({"step_limits_kw": ["5", "2"]}, {"step_limits_kw": "bad_step_limits_w"}),
        ({"step_limits_kw": ["2", "5"]}, {"step_limits_kw": "bad_step_prices"}),
        (
            {"weight_periods": [{**day, "value": 2}]},
            {"weight_periods": "bad_weight"},
        ),
        (
            {"weight_periods": [{**day, "end": "19:05:00"}]},
            {"weight_periods": "not_a_quarter"},
        ),
    ):
        form = await flows.async_configure(form["flow_id"], own | changes)
        assert form["errors"] == errors
    result = await flows.async_configure(form["flow_id"], own)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    (subentry,) = entry.get_subentries_of_type("capacity_tariff")
    assert subentry.data["target_w"] == 5000
    assert shown(hass, entry, "month_peak").state == "0.0"

    form = await flows.async_init(
        (entry.entry_id, "capacity_tariff"),
        context={"source": "reconfigure", "subentry_id": subentry.subentry_id},
    )
    form = await flows.async_configure(
        form["flow_id"], {"name": "Grid", "rule": "own", "cap": False}
    )
    schema = form["data_schema"]
    assert schema
    suggested = {
        str(field): field.description["suggested_value"]
        for field in schema.schema
        if field.description
    }
    assert suggested["interval_min"] == "60"
    assert suggested["weight_periods"][0]["holidays"] == "never"
    result = await flows.async_configure(form["flow_id"], suggested)
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done(wait_background_tasks=True)
    (subentry,) = entry.get_subentries_of_type("capacity_tariff")
    assert (subentry.data["cap"], subentry.data["target_w"]) == (False, None)
    assert subentry.data["rule"]["top"] == 3


async def test_the_name_of_a_capacity_tariff_is_given_once(
    hass: HomeAssistant, start_frozen: Start
) -> None:
    """A second one of that name is refused, also with other capitals; one that is changed keeps its own."""
    entry = await start_frozen(capacity())
    (subentry,) = entry.get_subentries_of_type("capacity_tariff")
    flows = hass.config_entries.subentries
    kind = entry.entry_id, "capacity_tariff"
    typed = {"rule": "flanders", "cap": False, "price_per_kw": 4}
    form = await flows.async_init(kind, context={"source": "user"})
    for name, errors in (
        (f" {subentry.title.upper()} ", {"name": "name_taken"}),
        (" ", {"name": "name_missing"}),
    ):
        form = await flows.async_configure(form["flow_id"], typed | {"name": name})
        assert form["errors"] == errors
    result = await flows.async_configure(form["flow_id"], typed | {"name": "Another"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    form = await flows.async_init(
        kind,
        context={"source": "reconfigure", "subentry_id": subentry.subentry_id},
    )
    wrong = await flows.async_configure(form["flow_id"], typed | {"name": "another"})
    assert wrong["errors"] == {"name": "name_taken"}
    result = await flows.async_configure(
        form["flow_id"], typed | {"name": subentry.title}
    )
    assert result["reason"] == "reconfigure_successful"


async def test_the_user_corrects_past_months(
    hass: HomeAssistant, start_frozen: Start
) -> None:
    """From the grid company's page: (5 + 2.5) / 2 = 3.75 kW is billed."""
    entry = await start_frozen(capacity())
    month_peak = er.async_get(hass).async_get(
        shown(hass, entry, "month_peak").entity_id
    )
    assert month_peak
    data = {"device_id": month_peak.device_id, "month": "2026-10", "power": 5}
    await hass.services.async_call(DOMAIN, "set_peak", data, blocking=True)
    assert kw(hass, entry, "billed_peak") == pytest.approx(3.75)
    del data["month"]
    await hass.services.async_call(DOMAIN, "set_peak", data, blocking=True)
    assert kw(hass, entry, "month_peak") == pytest.approx(5)
    for wrong in (
        {"month": "October"},
        {"power": -1},
        {"power": "inf"},
        {"power": "nan"},
        {"device_id": "x"},
    ):
        with pytest.raises((Invalid, ServiceValidationError)):
            await hass.services.async_call(
                DOMAIN, "set_peak", {**data, **wrong}, blocking=True
            )


async def test_a_machine_that_started_with_a_wrong_clock(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """A year ahead for a minute: when the clock is right, quarter hours are measured as ever."""
    freezer.move_to(NOON + timedelta(days=365))
    entry = await start_frozen(capacity())
    await draw(hass, freezer, 10, 2)
    freezer.move_to(NOON - timedelta(seconds=1))
    await draw(hass, freezer, 10, 16)
    assert kw(hass, entry, "month_peak") == pytest.approx(6.9, abs=0.1)


async def test_a_site_that_knows_its_phases_only(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """The sum of the phases at the nominal voltage is its power."""
    freezer.move_to(NOON - timedelta(seconds=1))
    phases = [f"sensor.grid_l{phase}" for phase in (1, 2, 3)]
    entry = await start_frozen(
        capacity(
            rule={
                "key": "own",
                "interval_min": 15,
                "top": 1,
                "different_days": True,
                "months": 1,
                "floor_w": 0.0,
                "weight": {"value": 1.0},
                "step_limits_w": [2000.0, 5000.0],
            },
            cap=True,
        ),
        sources={"grid_phases": phases},
    )
    await draw(hass, freezer, 10, 16)
    assert kw(hass, entry, "month_peak") == pytest.approx(6.9, abs=0.1)
    # Above the last step nothing costs more: there is no limit.
    assert entry.runtime_data.coordinator.data.snapshot.limits == ()
    assert kw(hass, entry, "peak_allowance") == pytest.approx(17.25)
    (subentry,) = entry.get_subentries_of_type("capacity_tariff")
    assert capacity_values(subentry.data)["step_limits_kw"] == ["2", "5"]


async def test_the_meter_knows_the_peak_of_the_month_itself(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """Its sensor is proposed, and counts where it says more: also what was drawn before, and never what it said last month."""
    freezer.move_to(NOON - timedelta(seconds=1))
    registry = er.async_get(hass)
    for platform, key in (
        ("dsmr", "current_average_demand"),
        ("dsmr", "maximum_demand_current_month"),
    ):
        registry.async_get_or_create(
            "sensor", platform, key, translation_key=key, suggested_object_id=key
        )
    sensor = "sensor.maximum_demand_current_month"
    unit = {"unit_of_measurement": "kW", "device_class": "power"}
    entry = await start_frozen()
    flows = hass.config_entries.subentries
    form: Any = await flows.async_init(
        (entry.entry_id, "capacity_tariff"), context={"source": "user"}
    )
    assert suggested(form) == {"meter_peak": sensor}
    done = await flows.async_configure(
        form["flow_id"], {"name": "Fluvius", "rule": "flanders", "meter_peak": sensor}
    )
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)

    async def said(peak_kw: str) -> float:
        hass.states.async_set(sensor, peak_kw, unit)
        await draw(hass, freezer, 1, 1)
        return kw(hass, entry, "month_peak")

    assert await said("4.321") == pytest.approx(4.321, abs=0.01)
    for ignored in ("3.9", "unavailable", "500"):  # 17 kW is what the fuse carries
        assert await said(ignored) == pytest.approx(4.321, abs=0.01)
    # A new month begins; who has not heard of the meter since still says the last one's.
    freezer.move_to(datetime(2026, 11, 30, 22, 50, tzinfo=UTC))
    assert await said("8.4") == pytest.approx(8.4, abs=0.01)
    freezer.move_to(datetime(2026, 11, 30, 23, 1, tzinfo=UTC))
    assert await said("8.4") == 2.5
    freezer.move_to(datetime(2026, 11, 30, 23, 40, tzinfo=UTC))
    assert await said("2.9") == pytest.approx(2.9, abs=0.01)
    # It is read on when it is renamed.
    registry.async_update_entity(sensor, new_entity_id="sensor.peak")
    await hass.async_block_till_done(wait_background_tasks=True)
    (subentry,) = entry.get_subentries_of_type("capacity_tariff")
    assert subentry.data["meter_peak"] == "sensor.peak"
