"""The forms of a tariff, filled in as a user would, and what is said when it is wrong."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.flows.tariffs.tariff_forms import values_of
from homeassistant.config_entries import ConfigEntryState, SubentryFlowResult
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
)
from homeassistant.data_entry_flow import FlowResultType

from ..common import free_port, set_meters, site_entry
from ..forms import suggested
from ..price_site import NOW, SPOT, rows, set_spot, state, tariff

pytestmark = pytest.mark.usefixtures("socket_enabled")

NIGHT = {
    "value": 0.08,
    "start": "23:00:00",
    "end": "07:00:00",
    "weekdays": ["mon", "tue"],
    "season_start": "10-01",
    "season_end": "03-31",
    "holidays": "also",
}


@pytest.fixture
async def site(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, request: pytest.FixtureRequest
) -> Any:
    """Set up a site in Amsterdam, with the sub-entries that a test asks for."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    hass.config.currency = "EUR"
    freezer.move_to(NOW)
    set_meters(hass, currents_a=(1, 1, 1))
    entry = site_entry(free_port(), *getattr(request, "param", ()))
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    yield entry
    if entry.state is ConfigEntryState.LOADED:
        await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


async def begin(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str
) -> SubentryFlowResult:
    """Begin with a new tariff of this kind."""
    form = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "tariff"), context={"source": "user"}
    )
    assert form["step_id"] == "user"
    return await submit(hass, form, {"name": "My tariff", "kind": kind})


async def submit(
    hass: HomeAssistant, form: SubentryFlowResult, typed: dict[str, Any]
) -> SubentryFlowResult:
    """Send a form."""
    return await hass.config_entries.subentries.async_configure(form["flow_id"], typed)


async def choose(
    hass: HomeAssistant, menu: SubentryFlowResult, option: str
) -> SubentryFlowResult:
    """Choose what is offered beside the prices."""
    assert menu["type"] is FlowResultType.MENU
    assert option in menu["menu_options"]
    return await submit(hass, menu, {"next_step_id": option})


async def fill(
    hass: HomeAssistant, menu: SubentryFlowResult, form: str, *typed: dict[str, Any]
) -> SubentryFlowResult:
    """Choose a form beside the prices, fill it in, and come back to them."""
    shown = await choose(hass, menu, form)
    for values in typed:
        shown = await submit(hass, shown, values)
        assert not shown.get("errors"), shown["errors"]
    assert shown["step_id"] == "preview"
    return shown


async def test_a_price_is_two_forms(hass: HomeAssistant, site: MockConfigEntry) -> None:
    """Where it comes from, and which; then the prices, saved with a press: nothing else is asked of most people."""
    form = await begin(hass, site, "table")
    menu = await submit(hass, form, {"value": 0.2})
    shown = menu["description_placeholders"]
    assert shown
    assert shown["today"] == "12:00 0.200"
    assert "nothing is added" in shown["added"]
    assert shown["export"] == "nothing is paid"
    result = await choose(hass, menu, "save")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    assert float(state(hass, site, "import_price").state) == pytest.approx(0.2)


async def test_only_the_fields_of_the_kind(
    hass: HomeAssistant, site: MockConfigEntry
) -> None:
    """How feed-in is paid decides what is asked of it."""
    form = await begin(hass, site, "table")
    menu = await submit(hass, form, {"value": 0.2})
    for kind, fields in (
        ("fixed", {"export_value", "export_periods"}),
        ("spot", {"export_factor", "export_offset"}),
        # No integration that knows feed-in prices is there.
        ("source", {"export_entities"}),
    ):
        form = await choose(hass, menu, "export")
        form = await submit(hass, form, {"export": kind})
        assert form["data_schema"]
        assert {str(key) for key in form["data_schema"].schema} == fields
        menu = await submit(
            hass, form, {"export_entities": [SPOT]} if kind == "source" else {}
        )
    menu = await fill(hass, menu, "export", {"export": "same_as_import"})
    assert (menu["description_placeholders"] or {})["export"] == "0.200"


async def test_a_table(hass: HomeAssistant, site: MockConfigEntry) -> None:
    """Rows, fees, taxes, feed-in, carbon, holidays; a look at the prices; then they are shown."""
    form = await begin(hass, site, "table")
    form = await submit(hass, form, {"value": 0.2, "periods": [NIGHT]})
    form = await fill(
        hass,
        form,
        "components",
        {
            "grid_fee": 0.05,
            "grid_fee_periods": [{"value": 0, "start": "00:00:00", "end": "06:00:00"}],
            "vat_percent": 20,
            "source_has_vat": False,
        },
    )
    form = await fill(hass, form, "export", {"export": "same_as_import"})
    form = await fill(
        hass, form, "more", {"carbon_value": 300, "holidays": ["12-25", "2026-04-06"]}
    )
    assert "are included" in (form["description_placeholders"] or {})["added"]
    shown = form["description_placeholders"]
    assert shown
    # (0.20 + 0.05) x 1.2 by day. It is Wednesday: the night's row does not hold.
    assert shown["today"] == "12:00 0.300"
    assert shown["tomorrow"] == "00:00 0.240 · 06:00 0.300"
    result = await choose(hass, form, "save")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    assert float(state(hass, site, "import_price").state) == pytest.approx(0.3)
    assert float(state(hass, site, "export_price").state) == pytest.approx(0.3)
    assert float(state(hass, site, "carbon_intensity").state) == 300
    again = await hass.config_entries.subentries.async_init(
        (site.entry_id, "tariff"), context={"source": "user"}
    )
    assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "single_tariff")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"start": "23:10:00"}, "not_a_quarter"),
        ({"season_start": "31 March"}, "bad_season"),
        ({"season_end": ""}, "bad_season"),
        ({"season_start": "02-30"}, "bad_season"),
    ],
)
async def test_a_wrong_row_is_named(
    hass: HomeAssistant, site: MockConfigEntry, wrong: dict[str, Any], error: str
) -> None:
    """At the field, with the number of the row; what was typed stays."""
    form = await begin(hass, site, "table")
    typed = {"value": 0.2, "periods": [NIGHT, NIGHT | wrong]}
    form = await submit(hass, form, typed)
    assert form["errors"] == {"periods": error}
    assert form["description_placeholders"] == {"row": "2"}
    assert suggested(form) == typed
    form = await submit(hass, form, {"value": 0.2, "periods": [NIGHT]})
    assert form["step_id"] == "preview"


async def test_an_entity_is_recognised_by_its_shape(
    hass: HomeAssistant, site: MockConfigEntry
) -> None:
    """What was recognised is shown, with the prices of today and what is expected of tomorrow."""
    set_spot(hass, rows("2026-11-25", [0.1] * 18 + [0.4] * 6), [{"start": None}])
    form = await begin(hass, site, "entity")
    form = await submit(hass, form, {"entities": [SPOT]})
    form = await fill(
        hass,
        form,
        "export",
        {"export": "spot"},
        {"export_factor": 1, "export_offset": -0.02},
    )
    shown = form["description_placeholders"]
    assert shown
    assert shown["today"] == "12:00 0.100 · 18:00 0.400"
    assert shown["tomorrow"].startswith("00:00 ~0.100")
    assert shown["found"] == "raw_today (24)"
    await choose(hass, form, "save")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert float(state(hass, site, "export_price").state) == pytest.approx(0.08)


async def test_tomorrow_at_a_binary_sensor(
    hass: HomeAssistant, site: MockConfigEntry
) -> None:
    """Strømligning: the form offers its binary sensor, and shows its prices of tomorrow (MTrab/stromligning)."""

    def show(entity: str, value: str, day: str, price: float, **more: str) -> None:
        prices = [
            {"price": row["value"], "start": row["start"], "end": row["end"]}
            for row in rows(day, [price] * 24)
        ]
        hass.states.async_set(entity, value, {"prices": prices, **more})

    chosen = ["sensor.stromligning_today", "binary_sensor.stromligning_tomorrow"]
    show(chosen[0], "0.15", "2026-11-25", 0.15, unit_of_measurement="EUR/kWh")
    show(chosen[1], "on", "2026-11-26", 0.25)
    form = await begin(hass, site, "entity")
    assert form["data_schema"]
    (offered,) = (
        field for key, field in form["data_schema"].schema.items() if key == "entities"
    )
    assert "binary_sensor" in offered.config["filter"][0]["domain"]
    form = await submit(hass, form, {"entities": chosen})
    shown = form["description_placeholders"]
    assert shown
    assert (shown["today"], shown["tomorrow"]) == ("12:00 0.150", "00:00 0.250")
    added = await choose(hass, form, "save")
    assert added["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("value", "attributes", "error"),
    [
        ("21.5", {"unit_of_measurement": "°C"}, "nothing_found"),
        ("unavailable", {}, "source_failed"),
        ("x", {"raw_today": rows("2026-11-25", [85.0] * 24)}, "unit_unknown"),
        (
            "x",
            {
                "raw_today": rows("2026-11-25", [8500] * 24),
                "unit_of_measurement": "EUR/kWh",
            },
            "scale_unknown",
        ),
        (
            "x",
            {
                "raw_today": rows("2026-11-20", [0.1] * 24),
                "unit_of_measurement": "EUR/kWh",
            },
            "outdated",
        ),
        ("x", {"prices": "[{'start': '2026-11-25T00:00', "}, "unreadable"),
    ],
)
async def test_an_entity_that_shows_no_prices(
    hass: HomeAssistant,
    site: MockConfigEntry,
    value: str,
    attributes: dict[str, Any],
    error: str,
) -> None:
    """It is said at the field why, before anything is kept."""
    hass.states.async_set(SPOT, value, attributes)
    form = await begin(hass, site, "entity")
    form = await submit(hass, form, {"entities": [SPOT]})
    assert form["errors"] == {"entities": error}
    if error == "unit_unknown":
        form = await submit(hass, form, {"entities": [SPOT], "unit": "miles"})
        assert form["errors"] == {"unit": "bad_unit"}
        form = await submit(hass, form, {"entities": [SPOT], "unit": "EUR/MWh"})
        assert form["step_id"] == "preview"


async def test_an_integrations_action(
    hass: HomeAssistant, site: MockConfigEntry
) -> None:
    """The integrations that are there are offered; an area that has no prices is refused."""
    form = await hass.config_entries.subentries.async_init(
        (site.entry_id, "tariff"), context={"source": "user"}
    )
    typed = {"name": "Spot", "kind": "action"}
    form = await submit(hass, form, typed)
    assert form["errors"] == {"kind": "no_actions"}
    nordpool = MockConfigEntry(
        domain="nordpool",
        title="Nord Pool",
        data={"currency": "SEK"},
        state=ConfigEntryState.LOADED,
    )
    nordpool.add_to_hass(hass)

    async def answer(call: ServiceCall) -> ServiceResponse:
        return {
            "SE3": [
                {"start": r["start"], "end": r["end"], "price": r["value"]}
                for r in rows(str(call.data["date"]), [850.0] * 96)
            ]
        }

    hass.services.async_register(
        "nordpool",
        "get_prices_for_date",
        answer,
        supports_response=SupportsResponse.ONLY,
    )
    form = await submit(hass, form, typed)
    assert form["step_id"] == "action"
    schema = form["data_schema"]
    assert schema
    chosen = {"action": f"nordpool/{nordpool.entry_id}"}
    options = schema.schema["action"].config["options"]
    assert options == [{"value": chosen["action"], "label": "Nord Pool: Nord Pool"}]
    form = await submit(hass, form, {**chosen, "area": "SE9"})
    assert form["errors"] == {"action": "nothing_found"}
    form = await submit(hass, form, {**chosen, "area": "SE3"})
    form = await fill(
        hass, form, "components", {"vat_percent": 25, "source_has_vat": False}
    )
    asked = await choose(hass, form, "export")
    asked = await submit(hass, asked, {"export": "source"})
    asked = await submit(hass, asked, {})
    assert asked["errors"] == {"export_entities": "no_source"}
    form = await submit(hass, asked, {"export_entities": [SPOT]})
    form = await fill(hass, form, "export", {"export": "fixed"}, {"export_value": 0.6})
    asked = await choose(hass, form, "more")
    asked = await submit(hass, asked, {"holidays": ["Christmas"]})
    assert asked["errors"] == {"holidays": "bad_holiday"}
    form = await submit(hass, asked, {})
    assert (form["description_placeholders"] or {})["currency"] == "SEK"
    await choose(hass, form, "save")
    await hass.async_block_till_done(wait_background_tasks=True)
    price = state(hass, site, "import_price")
    assert float(price.state) == pytest.approx(0.85 * 1.25)
    assert price.attributes["unit_of_measurement"] == "SEK/kWh"
    nordpool.mock_state(hass, ConfigEntryState.NOT_LOADED)


STORED = tariff(
    source={"kind": "entity", "entities": [SPOT], "unit": "EUR/MWh", "name": None},
    components={
        "surcharge": 0.02,
        "grid_fee": {
            "value": 0.03,
            "periods": [{"value": 0.01, "season": ["10-01", "03-31"]}],
        },
        "export": "source",
    },
    export={"kind": "entity", "entities": ["sensor.feed_in"]},
    carbon={"kind": "table", "table": {"value": 200}},
    holidays=["12-25"],
)


@pytest.mark.parametrize("site", [[STORED]], indirect=True)
async def test_a_tariff_is_changed(hass: HomeAssistant, site: MockConfigEntry) -> None:
    """Every form shows what is stored; a source that is away now may stay."""
    (subentry,) = site.get_subentries_of_type("tariff")
    form = await hass.config_entries.subentries.async_init(
        (site.entry_id, "tariff"),
        context={"source": "reconfigure", "subentry_id": subentry.subentry_id},
    )
    assert form["step_id"] == "preview"
    forms: list[tuple[str, ...]] = [
        ("source", "entity"),
        ("components",),
        ("export", "export_source"),
        ("more",),
    ]
    for steps in forms:
        form = await choose(hass, form, steps[0])
        for step in steps:
            assert form["step_id"] == step
            shown = suggested(form)
            if step == "components":
                assert shown["surcharge"] == 0.02
                assert shown["grid_fee_periods"][0]["season_start"] == "10-01"
                shown["surcharge"] = 0.04
                shown["source_has_vat"] = False
            form = await submit(hass, form, shown)
        assert form["step_id"] == "preview"
    result = await choose(hass, form, "save")
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done(wait_background_tasks=True)
    (subentry,) = site.get_subentries_of_type("tariff")
    assert subentry.data["components"]["surcharge"] == 0.04
    (period,) = subentry.data["components"]["grid_fee"]["periods"]
    assert (period["value"], period["season"]) == (0.01, ["10-01", "03-31"])
    assert subentry.data["source"]["entities"] == [SPOT]
    assert subentry.data["export"]["entities"] == ["sensor.feed_in"]
    assert subentry.data["carbon"]["table"]["value"] == 200


async def test_feeding_in_and_carbon_have_sources_of_their_own(
    hass: HomeAssistant, site: MockConfigEntry
) -> None:
    """What easyEnergy pays for feeding in, and a carbon entity; both are shown again when it is changed."""
    easyenergy = MockConfigEntry(
        domain="easyenergy", title="easyEnergy", state=ConfigEntryState.LOADED
    )
    easyenergy.add_to_hass(hass)

    async def answer(call: ServiceCall) -> ServiceResponse:
        return {
            "prices": [
                {"timestamp": r["start"], "price": r["value"]}
                for r in rows(call.data["start"], [0.11] * 96)
            ]
        }

    hass.services.async_register(
        "easyenergy",
        "get_energy_return_prices",
        answer,
        supports_response=SupportsResponse.ONLY,
    )
    hass.states.async_set(
        "sensor.carbon", "0.31", {"unit_of_measurement": "kgCO2eq/kWh"}
    )
    form = await begin(hass, site, "table")
    form = await submit(hass, form, {"value": 0.25})
    chosen = f"easyenergy_return/{easyenergy.entry_id}"
    form = await fill(
        hass, form, "export", {"export": "source"}, {"export_action": chosen}
    )
    form = await fill(hass, form, "more", {"carbon_entities": ["sensor.carbon"]})
    await choose(hass, form, "save")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert float(state(hass, site, "export_price").state) == pytest.approx(0.11)
    assert float(state(hass, site, "carbon_intensity").state) == pytest.approx(310)
    (subentry,) = site.get_subentries_of_type("tariff")
    values = values_of(subentry.data)
    assert values["export_action"] == chosen
    assert values["carbon_entities"] == ["sensor.carbon"]
    easyenergy.mock_state(hass, ConfigEntryState.NOT_LOADED)


async def test_holidays_of_a_calendar(
    hass: HomeAssistant, site: MockConfigEntry
) -> None:
    """Today is a holiday somewhere: its row holds."""

    async def answer(_call: ServiceCall) -> ServiceResponse:
        return {
            "calendar.holidays": {
                "events": [
                    {"start": "2026-11-25", "end": "2026-11-26", "summary": "Day off"}
                ]
            }
        }

    hass.services.async_register(
        "calendar", "get_events", answer, supports_response=SupportsResponse.ONLY
    )
    form = await begin(hass, site, "table")
    row = {"value": 0.1, "start": "00:00:00", "end": "00:00:00", "holidays": "only"}
    form = await submit(hass, form, {"value": 0.3, "periods": [row]})
    form = await fill(hass, form, "more", {"holiday_calendar": "calendar.holidays"})
    shown = form["description_placeholders"]
    assert shown
    assert (shown["today"], shown["tomorrow"]) == ("12:00 0.100", "00:00 0.300")
    await choose(hass, form, "save")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert float(state(hass, site, "import_price").state) == pytest.approx(0.1)
