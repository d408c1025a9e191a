"""Each blueprint is read by Home Assistant and does what its description says."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
import shutil

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_mock_service,
)
import voluptuous as vol

from custom_components.sunfuse.actions.departures import SET_DEPARTURE
from custom_components.sunfuse.actions.session_exports import EXPORT_SESSIONS
from custom_components.sunfuse.actions.sessions import GET_SESSIONS
from custom_components.sunfuse.actions.sharing import BOOST, CLEAR_LIMIT, SET_LIMIT
from homeassistant.components import automation, calendar
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.components.blueprint.schemas import BLUEPRINT_SCHEMA
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict

BLUEPRINTS = Path(__file__).parent.parent.parent / "blueprints"
FILES = sorted(BLUEPRINTS.rglob("*.yaml"))
SESSION = "event.garage_session"
PLAN = "event.garage_plan"
STATUS = "sensor.garage_status"


@pytest.fixture(autouse=True)
def config_folder(hass: HomeAssistant, tmp_path: Path) -> None:
    """Keep the blueprints where users keep theirs."""
    shutil.copytree(BLUEPRINTS, tmp_path / "blueprints")
    hass.config.config_dir = str(tmp_path)


@pytest.fixture
def phone(
    hass: HomeAssistant, device_registry: dr.DeviceRegistry
) -> tuple[str, list[ServiceCall]]:
    """Return the device of a phone, and what is sent to it."""
    entry = MockConfigEntry(domain="mobile_app")
    entry.add_to_hass(hass)
    device = device_registry.async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={("mobile_app", "phone")},
        name="Ann's phone",
    )
    return device.id, async_mock_service(hass, "notify", "mobile_app_ann_s_phone")


@pytest.fixture
def charger(
    hass: HomeAssistant,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> str:
    """Return the device of a charger with its session event."""
    entry = MockConfigEntry(domain="sunfuse")
    entry.add_to_hass(hass)
    device = device_registry.async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={("sunfuse", "garage")},
        name="Garage",
    )
    for domain, key in (
        (Platform.EVENT, "session"),
        (Platform.EVENT, "plan"),
        (Platform.SWITCH, "charging_allowed"),
    ):
        entity_registry.async_get_or_create(
            domain,
            "sunfuse",
            f"garage_{key}",
            translation_key=key,
            suggested_object_id=f"garage_{key}",
            device_id=device.id,
        )
    hass.states.async_set(SESSION, "unknown")
    hass.states.async_set(PLAN, "unknown")
    return device.id


def mock_action(
    hass: HomeAssistant, name: str, schema: vol.Schema
) -> list[ServiceCall]:
    """Note the calls of an action of Sunfuse that are valid for its own schema."""
    calls: list[ServiceCall] = async_mock_service(hass, "sunfuse", name, schema=schema)
    return calls


async def settle() -> None:
    """Let everything run that can run now: an automation that waits for something goes on waiting."""
    for _ in range(50):
        await asyncio.sleep(0)


async def use(hass: HomeAssistant, name: str, **inputs: object) -> None:
    """Set up an automation from a blueprint."""
    assert await async_setup_component(
        hass,
        automation.DOMAIN,
        {
            automation.DOMAIN: {
                "alias": name,
                "use_blueprint": {"path": f"sunfuse/{name}.yaml", "input": inputs},
            }
        },
    )
    await settle()
    entity = hass.states.async_all(automation.DOMAIN)[0]
    assert entity.state == "on"


async def happens(
    hass: HomeAssistant, entity: str, kind: str, at: int, **attributes: object
) -> None:
    """Let an event happen, as an event entity shows it."""
    hass.states.async_set(
        entity,
        f"2026-06-01T12:00:{at:02}.000+00:00",
        {"event_type": kind, **attributes},
    )
    await settle()


async def later(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float
) -> None:
    """Let time pass."""
    freezer.tick(seconds)
    async_fire_time_changed(hass)
    await settle()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_blueprint_is_valid_and_names_its_source(path: Path) -> None:
    """It can be imported by a button, which needs the address of the file itself."""
    domain = path.parent.parent.name
    blueprint = Blueprint(
        load_yaml_dict(path),
        path=path.name,
        expected_domain=domain,
        schema=BLUEPRINT_SCHEMA,
    )
    assert blueprint.validate() is None
    assert blueprint.metadata["source_url"].endswith(
        f"/{path.relative_to(BLUEPRINTS.parent)}"
    )


def test_each_blueprint_has_its_button_in_the_docs() -> None:
    """A press on it imports the blueprint."""
    docs = (BLUEPRINTS.parent / "docs" / "blueprints.md").read_text()
    for path in FILES:
        assert (
            f"blueprint_url=https%3A%2F%2Fgithub.com%2Fsunfuse%2Fsunfuse%2Fblob%2Fmain%2F"
            f"{str(path.relative_to(BLUEPRINTS.parent)).replace('/', '%2F')}" in docs
        )


async def test_boost_by_a_press_on_the_notification(
    hass: HomeAssistant, charger: str, phone: tuple[str, list[ServiceCall]]
) -> None:
    """The press on this notification boosts this charger; that of an older one does nothing."""
    device, sent = phone
    boosts = mock_action(hass, "boost", BOOST)
    await use(
        hass, "boost_from_notification", charger=charger, phone=device, minutes=90
    )
    await happens(hass, SESSION, "plugged_in", 1)
    assert sent[0].data["title"] == "Garage"
    assert "90 minutes" in sent[0].data["message"]
    answer = sent[0].data["data"]["actions"][0]["action"]
    hass.bus.async_fire("mobile_app_notification_action", {"action": f"{answer}x"})
    await settle()
    assert not boosts
    hass.bus.async_fire("mobile_app_notification_action", {"action": answer})
    await settle()
    assert boosts[0].data["device_id"] == charger
    assert boosts[0].data["duration"].total_seconds() == 90 * 60


@pytest.mark.parametrize(
    ("status", "place", "reminded"),
    [("available", "home", 1), ("charging", "home", 0), ("available", "not_home", 0)],
)
async def test_plug_in_reminder(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    phone: tuple[str, list[ServiceCall]],
    status: str,
    place: str,
    reminded: int,
) -> None:
    """Only who is at home with a car that is not plugged in after a quarter of an hour is reminded."""
    device, sent = phone
    hass.states.async_set(STATUS, status)
    hass.states.async_set("person.ann", "not_home")
    await use(
        hass, "plug_in_reminder", tracker="person.ann", status=STATUS, phone=device
    )
    hass.states.async_set("person.ann", "home")
    await settle()
    hass.states.async_set("person.ann", place)
    await later(hass, freezer, 14 * 60)
    assert not sent
    await later(hass, freezer, 2 * 60)
    assert len(sent) == reminded


async def test_a_tracker_that_comes_back_did_not_arrive(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    phone: tuple[str, list[ServiceCall]],
) -> None:
    """A phone that was unavailable for a moment at home is no arrival."""
    device, sent = phone
    hass.states.async_set(STATUS, "available")
    hass.states.async_set("person.ann", "unavailable")
    await use(
        hass, "plug_in_reminder", tracker="person.ann", status=STATUS, phone=device
    )
    hass.states.async_set("person.ann", "home")
    await settle()
    await later(hass, freezer, 20 * 60)
    assert not sent


MISSED = {"departure": "2026-06-02T14:00:00+00:00", "reaches": 71.2, "wanted": 80.0}


@pytest.mark.parametrize(
    ("entity", "kind", "attributes", "text"),
    [
        (SESSION, "stopped", {"energy": 12.34}, "The session ended: 12.3 kWh."),
        (SESSION, "stopped", {"energy": None}, "The session ended."),
        (SESSION, "full", {}, "The car is full."),
        # The test's Home Assistant is in Los Angeles, seven hours behind UTC in summer.
        (PLAN, "will_miss", MISSED, "By 07:00 the car reaches 71 % instead of 80 %."),
        (PLAN, "will_miss", {}, "The car will not be ready in time."),
        (PLAN, "on_time", {}, "The car will be ready in time after all."),
    ],
)
async def test_finished_or_late(
    hass: HomeAssistant,
    charger: str,
    phone: tuple[str, list[ServiceCall]],
    entity: str,
    kind: str,
    attributes: dict[str, object],
    text: str,
) -> None:
    """The phone says how much was charged, or what the plan will miss."""
    device, sent = phone
    await use(hass, "finished_or_late", charger=charger, phone=device)
    await happens(hass, SESSION, "started", 1)
    assert not sent
    await happens(hass, entity, kind, 2, **attributes)
    assert [(call.data["title"], call.data["message"]) for call in sent] == [
        ("Garage", text)
    ]


async def test_price_alarm_pauses_and_resumes(
    hass: HomeAssistant, phone: tuple[str, list[ServiceCall]]
) -> None:
    """Above the limit charging is switched off, below it on again; each time once."""
    device, sent = phone
    off = async_mock_service(hass, "switch", "turn_off")
    on = async_mock_service(hass, "switch", "turn_on")
    hass.states.async_set("sensor.price", "0.20", {"unit_of_measurement": "EUR/kWh"})
    await use(
        hass,
        "price_alarm",
        price="sensor.price",
        limit=0.3,
        allowed=["switch.garage_charging_allowed"],
        phone=device,
    )
    for price in ("0.25", "0.35", "0.40", "0.10"):
        hass.states.async_set("sensor.price", price, {"unit_of_measurement": "EUR/kWh"})
        await settle()
    assert [call.data["entity_id"] for call in off] == [
        ["switch.garage_charging_allowed"]
    ]
    assert len(on) == 1
    assert "0.35 EUR/kWh" in sent[0].data["message"]
    assert "paused" in sent[0].data["message"]
    assert "allowed again" in sent[1].data["message"]


async def test_price_alarm_without_chargers_only_notifies(
    hass: HomeAssistant, phone: tuple[str, list[ServiceCall]]
) -> None:
    """No charger is switched."""
    device, sent = phone
    off = async_mock_service(hass, "switch", "turn_off")
    hass.states.async_set("sensor.price", "0.20")
    await use(hass, "price_alarm", price="sensor.price", limit=0.3, phone=device)
    hass.states.async_set("sensor.price", "0.40")
    await settle()
    assert len(sent) == 1
    assert not off


async def test_battery_hold(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """The battery is held while the car charges fast, and released afterwards or when the charger is lost."""
    hold = async_mock_service(hass, "test", "hold")
    release = async_mock_service(hass, "test", "release")
    hass.states.async_set("sensor.garage_power", "0")
    await use(
        hass,
        "battery_hold",
        power="sensor.garage_power",
        above=4500,
        hold=[{"action": "test.hold"}],
        restore=[{"action": "test.release"}],
    )
    hass.states.async_set("sensor.garage_power", "11000")
    await later(hass, freezer, 31)
    assert (len(hold), len(release)) == (1, 0)
    hass.states.async_set("sensor.garage_power", "unavailable")
    await later(hass, freezer, 301)
    assert (len(hold), len(release)) == (1, 1)
    hass.states.async_set("sensor.garage_power", "11000")
    await later(hass, freezer, 31)
    hass.states.async_set("sensor.garage_power", "0")
    await later(hass, freezer, 61)
    assert (len(hold), len(release)) == (2, 2)


@pytest.mark.parametrize("leaves", [True, False])
async def test_guest_charging(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, charger: str, leaves: bool
) -> None:
    """The tag opens the charger for one guest; who never comes does not leave it open."""
    on = async_mock_service(hass, "switch", "turn_on")
    off = async_mock_service(hass, "switch", "turn_off")
    await use(
        hass,
        "guest_charging",
        tag="guest",
        allowed="switch.garage_charging_allowed",
    )
    hass.bus.async_fire("tag_scanned", {"tag_id": "another"})
    await settle()
    assert not on
    hass.bus.async_fire("tag_scanned", {"tag_id": "guest"})
    await settle()
    assert (len(on), len(off)) == (1, 0)
    if leaves:
        await happens(hass, SESSION, "plugged_in", 1)
        assert not off
        await happens(hass, SESSION, "unplugged", 2)
    else:
        await later(hass, freezer, 25 * 3600)
    assert len(off) == 1


async def test_dimming_signal(hass: HomeAssistant) -> None:
    """A closed contact limits the cars together; an open one ends that limit and no other."""
    limits = mock_action(hass, "set_limit", SET_LIMIT)
    ends = mock_action(hass, "clear_limit", CLEAR_LIMIT)
    hass.states.async_set("binary_sensor.dimming", "off")
    await use(
        hass,
        "dimming_signal",
        site="site_id",
        signal="binary_sensor.dimming",
        power=4200,
    )
    hass.states.async_set("binary_sensor.dimming", "on")
    await settle()
    assert limits[0].data["power"] == 4200
    assert limits[0].data["cars_only"]
    assert not ends
    # A contact that is out of reach does not end the dimming.
    hass.states.async_set("binary_sensor.dimming", "unavailable")
    await settle()
    assert not ends
    hass.states.async_set("binary_sensor.dimming", "off")
    await settle()
    assert ends[0].data["reason"] == limits[0].data["reason"]


async def test_demand_response(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """The limit lasts as long as the calendar's event, else as long as the longest event."""
    freezer.move_to("2026-06-01T12:00:00+00:00")
    limits = mock_action(hass, "set_limit", SET_LIMIT)
    ends = mock_action(hass, "clear_limit", CLEAR_LIMIT)
    hass.states.async_set("calendar.utility", "off")
    await use(
        hass,
        "demand_response",
        site="site_id",
        event="calendar.utility",
        power=3000,
        longest=4,
    )
    hass.states.async_set("calendar.utility", "on", {"end_time": "2026-06-01 07:00:00"})
    await settle()
    # The test's Home Assistant is in Los Angeles, seven hours behind UTC in summer.
    assert limits[0].data["until"].isoformat() == "2026-06-01T14:00:00+00:00"
    hass.states.async_set("calendar.utility", "off")
    await settle()
    assert len(ends) == 1
    hass.states.async_set("calendar.utility", "on")
    await settle()
    assert limits[1].data["until"].isoformat() == "2026-06-01T16:00:00+00:00"


@pytest.mark.parametrize(("boosting", "calls"), [("off", (1, 0)), ("on", (0, 1))])
async def test_boost_at_a_press(
    hass: HomeAssistant, charger: str, boosting: str, calls: tuple[int, int]
) -> None:
    """The first press boosts, the second ends it."""
    boosts = mock_action(hass, "boost", BOOST)
    ends = mock_action(hass, "cancel_boost", vol.Schema({"device_id": str}))
    hass.states.async_set("switch.garage_boost", boosting)
    inputs = {"charger": charger, "boost": "switch.garage_boost"}
    assert await async_setup_component(
        hass,
        "script",
        {
            "script": {
                "boost": {
                    "use_blueprint": {"path": "sunfuse/boost.yaml", "input": inputs}
                }
            }
        },
    )
    await hass.services.async_call("script", "boost", blocking=True)
    assert (len(boosts), len(ends)) == calls


class Work(calendar.CalendarEntity):
    """A calendar with one event."""

    _attr_name = "Work"

    def __init__(self, title: str) -> None:
        """Create the event."""
        self.only = calendar.CalendarEvent(
            start=datetime(2026, 6, 2, 15, tzinfo=UTC),
            end=datetime(2026, 6, 2, 16, tzinfo=UTC),
            summary=title,
        )

    @property
    def event(self) -> calendar.CalendarEvent:
        """Return the event."""
        return self.only

    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[calendar.CalendarEvent]:
        """Return the event if it is in this time."""
        inside = start_date < self.only.end and end_date > self.only.start
        return [self.only] if inside else []


@pytest.mark.parametrize(("title", "set_"), [("Work: office", 1), ("Dentist", 0)])
async def test_ready_by_a_calendar(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, title: str, set_: int
) -> None:
    """Twelve hours before the event the departure is set, half an hour before its start."""
    freezer.move_to("2026-06-02T01:30:00+00:00")
    departures = mock_action(hass, "set_departure", SET_DEPARTURE)
    assert await async_setup_component(hass, "calendar", {})
    await hass.data[calendar.DATA_COMPONENT].async_add_entities([Work(title)])
    await use(
        hass,
        "ready_by_from_calendar",
        calendar="calendar.work",
        car="device",
        keyword="work",
    )
    for _ in range(5):
        await later(hass, freezer, 15 * 60)
        await hass.async_block_till_done()
    assert not departures
    for _ in range(10):
        await later(hass, freezer, 15 * 60)
        await hass.async_block_till_done()
    await hass.services.async_call(
        automation.DOMAIN, "turn_off", {"entity_id": "all"}, blocking=True
    )
    await hass.data[calendar.DATA_COMPONENT].async_remove_entity("calendar.work")
    assert [call.data["departure"].isoformat() for call in departures] == [
        "2026-06-02T14:30:00+00:00"
    ] * set_


async def test_report_with_statements(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """One PDF of each person who charged, of the same month, handed on one by one."""
    freezer.move_to("2026-06-01T14:59:00+00:00")
    named = [{"energy_kwh": 1.0, "person": one} for one in ("Anna", "Ben", None)]
    async_mock_service(
        hass,
        "sunfuse",
        "get_sessions",
        response={"sessions": [*named, named[0]]},
        supports_response=SupportsResponse.ONLY,
    )
    made = async_mock_service(
        hass,
        "sunfuse",
        "export_sessions",
        schema=EXPORT_SESSIONS,
        response={"path": "/media/bills/a.pdf"},
        supports_response=SupportsResponse.ONLY,
    )
    sent = async_mock_service(hass, "test", "send")
    statement = {"who": "{{ driver }}", "images": "{{ [file] }}"}
    await use(
        hass,
        "report",
        site="site_id",
        folder="/media/bills",
        issuer="Hof GmbH",
        send=[],
        send_statement=[{"action": "test.send", "data": statement}],
    )
    await later(hass, freezer, 61)
    await hass.services.async_call(
        automation.DOMAIN, "turn_off", {"entity_id": "all"}, blocking=True
    )
    assert [
        (call.data["person"], call.data["format"], call.data["issuer"]) for call in made
    ] == [("Anna", "statement_pdf", "Hof GmbH"), ("Ben", "statement_pdf", "Hof GmbH")]
    assert {call.data["folder"] for call in made} == {"/media/bills"}
    assert {call.data["start"].isoformat() for call in made} == {
        "2026-05-01T07:00:00+00:00"
    }
    assert [call.data for call in sent] == [
        {"who": name, "images": ["/media/bills/a.pdf"]} for name in ("Anna", "Ben")
    ]


@pytest.mark.parametrize(
    ("period", "day", "starts"),
    [
        # In Los Angeles it is 08:00 at 15:00 UTC.
        ("month", "2026-06-01", "2026-05-01T07:00:00+00:00"),
        ("month", "2026-06-02", None),
        ("week", "2026-06-08", "2026-06-01T07:00:00+00:00"),
        ("week", "2026-06-09", None),
    ],
)
async def test_report(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    period: str,
    day: str,
    starts: str | None,
) -> None:
    """The sums of the period before are sent in the morning of its end."""
    freezer.move_to(f"{day}T14:59:00+00:00")
    charged = {"energy_kwh": 10.0, "sun_kwh": 6.0, "cost": 1.5, "currency": "EUR"}
    charged["billed"] = 4.0
    unknown = {"energy_kwh": 2.0, "sun_kwh": None, "cost": None, "currency": None}
    asked = async_mock_service(
        hass,
        "sunfuse",
        "get_sessions",
        schema=GET_SESSIONS,
        response={"sessions": [unknown, charged]},
        supports_response=SupportsResponse.ONLY,
    )
    sent = async_mock_service(hass, "test", "send")
    await use(
        hass,
        "report",
        site="site_id",
        period=period,
        send=[{"action": "test.send", "data": {"text": "{{ title }}: {{ message }}"}}],
    )
    await later(hass, freezer, 61)
    await hass.services.async_call(
        automation.DOMAIN, "turn_off", {"entity_id": "all"}, blocking=True
    )
    assert [call.data["start"].isoformat() for call in asked] == (
        [starts] if starts else []
    )
    assert [call.data["text"].split(": ", 1)[1] for call in sent] == (
        ["2 sessions, 12.0 kWh, 50 % from the sun, 1.50 EUR, billed 4.00 EUR."]
        if starts
        else []
    )
