"""The dialogs of repairs in which something is chosen or typed, and what becomes of a fix that does not help."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.repair_issues.repair_issue import SHOWN_AGAIN_AFTER
from custom_components.sunfuse.site.chargers.tls import RELOAD_INTERVAL
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..certificates import write_certificate
from ..common import wait_until
from ..planned_site import KEY, Site, site
from ..price_site import (
    NOW,
    SPOT,
    Start,
    pass_time,
    rows,
    set_spot,
    start_frozen,
    state,
    tariff,
    to,
)
from ..site.chargers.test_charger_security import BOOT, connect, refused, subentry_of
from ..site.test_circuit_site import Fixing, issues
from ..site.test_modbus import meter, server_fixture, site_with
from ..site.test_tls import set_options, settled
from ..site_fixtures import Home
from .test_fix_actions import answer, submit

__all__ = ["server_fixture", "site", "start_frozen"]

pytestmark = pytest.mark.usefixtures("socket_enabled")
RIGHT = "sensor.right"


async def prices_missing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> dict[str, ir.IssueEntry]:
    """Wait until an issue about the prices is shown."""
    await to(hass, freezer, NOW + timedelta(hours=1, minutes=31))
    await pass_time(hass, freezer, 6)
    return issues(hass)


async def test_other_price_entities_are_chosen(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """Prices that are gone: reading them again does not help, an entity without prices is refused, the right one is read."""
    entry = await start_frozen(tariff(source={"kind": "entity", "entities": [SPOT]}))
    flow = Fixing(hass, (await prices_missing(hass, freezer))["price_source_failed"])
    menu = await flow.open()
    assert menu["menu_options"] == ["again", "entity"]
    assert (await flow.send({"next_step_id": "again"}))["reason"] == "still"
    assert "price_source_failed" in issues(hass)

    await flow.open()
    form = await flow.send({"next_step_id": "entity"})
    assert form["type"] is FlowResultType.FORM
    hass.states.async_set("sensor.kitchen", "warm")
    form = await flow.send({"entities": ["sensor.kitchen"]})
    assert form["errors"] == {"entities": "nothing_found"}
    # The unit is missing where it is read, and is typed here.
    hass.states.async_set(RIGHT, "85", {"raw_today": rows("2026-11-25", [85.0] * 24)})
    form = await flow.send({"entities": [RIGHT], "unit": "sunflowers"})
    assert form["errors"] == {"unit": "bad_unit"}
    done = await flow.send({"entities": [RIGHT], "unit": "EUR/MWh"})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await pass_time(hass, freezer, 2)
    await pass_time(hass, freezer, 6)
    assert float(state(hass, entry, "import_price").state) == pytest.approx(0.085)
    assert issues(hass) == {}


async def test_prices_that_are_there_again(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """Who has mended the source does not wait for the next quarter of an hour."""
    await start_frozen(tariff(source={"kind": "entity", "entities": [SPOT]}))
    flow = Fixing(hass, (await prices_missing(hass, freezer))["price_source_failed"])
    await flow.open()
    set_spot(hass, rows("2026-11-25", [0.2] * 24))
    done = await flow.send({"next_step_id": "again"})
    assert done["type"] is FlowResultType.CREATE_ENTRY


async def test_prices_of_the_energy_dashboard(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """A site without a tariff of its own gets one, and what the dashboard says of feed-in stays."""
    sources = {"price_import": SPOT, "price_export": "sensor.feed_in"}
    hass.states.async_set("sensor.feed_in", "0.1", {"unit_of_measurement": "EUR/kWh"})
    entry = await start_frozen(sources=sources)
    flow = Fixing(hass, (await prices_missing(hass, freezer))["price_source_failed"])
    await flow.open()
    await flow.send({"next_step_id": "entity"})
    hass.states.async_set(
        RIGHT, "0.3", {"unit_of_measurement": "EUR/kWh", "device_class": "monetary"}
    )
    done = await flow.send({"entities": [RIGHT]})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    (made,) = entry.get_subentries_of_type("tariff")
    assert made.data["source"]["entities"] == [RIGHT]
    assert made.data["export"]["entities"] == ["sensor.feed_in"]


async def test_a_tariff_that_cannot_be_used_is_removed(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """With a press; the site goes on without it."""
    home: Home = await start("CP1", tariff(source={"kind": "rubbish"}))
    await submit(hass, "tariff_unusable")
    await wait_until(lambda: "tariff_unusable" not in issues(hass), "nothing to say")
    assert home.entry.get_subentries_of_type("tariff") == []
    await wait_until(lambda: home.entry.state is ConfigEntryState.LOADED, "loaded")


async def test_a_device_that_moved(
    hass: HomeAssistant, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its new address is checked before it is stored; a device that is gone for good is removed."""
    monkeypatch.setattr(
        "custom_components.sunfuse.repair_issues.open_issues.MODBUS_GONE_AFTER",
        timedelta(0),
    )
    entry = await site_with(hass, meter(9))
    await wait_until(lambda: "modbus_gone" in issues(hass), "the issue")
    flow = Fixing(hass, issues(hass)["modbus_gone"])
    menu = await flow.open()
    assert menu["menu_options"] == ["network", "remove"]
    await flow.send({"next_step_id": "network"})
    place = {"connection": "tcp", "host": "127.0.0.1", "port": server.port}
    form = await flow.send({**place, "unit": 7})
    assert form["errors"] == {"base": "no_answer"}
    done = await flow.send({**place, "unit": 1})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await wait_until(lambda: "modbus_gone" not in issues(hass), "it is read")
    (device,) = entry.subentries.values()
    assert device.data["link"]["port"] == server.port

    await server.stop()
    await wait_until(lambda: "modbus_gone" in issues(hass), "the issue")
    flow = Fixing(hass, issues(hass)["modbus_gone"])
    await flow.open()
    ask = await flow.send({"next_step_id": "remove"})
    assert ask["step_id"] == "remove"
    assert entry.subentries
    await flow.send({})
    await wait_until(lambda: not entry.subentries, "it is removed")
    await hass.async_block_till_done(wait_background_tasks=True)
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_new_password_for_a_charger_that_was_reset(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """It is shown once; from then on the charger gets in with it, and no longer with the one before."""
    home: Home = await start("CP1")
    old = "ab" * 20
    secured = {"security": "password", "password": old}
    subentry = subentry_of(home, "CP1")
    hass.config_entries.async_update_subentry(
        home.entry, subentry, data={**subentry.data, **secured}
    )
    await refused(home, "CP1", "cd" * 20)
    await wait_until(lambda: "wrong_password" in issues(hass), "the issue")
    flow = Fixing(hass, issues(hass)["wrong_password"])
    assert (await flow.open())["menu_options"] == ["password", "forget"]
    form = await flow.send({"next_step_id": "password"})
    new = form["description_placeholders"]["password"]
    done = await flow.send({})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    home.entry.runtime_data.controller.tick()
    assert "wrong_password" not in issues(hass)
    await refused(home, "CP1", old)
    station = await connect(home, "CP1", new)
    await station.call("BootNotification", BOOT)

    # Somebody else tries: that is forgotten, and said again when it happens again.
    await refused(home, "CP1", "cd" * 20)
    await wait_until(lambda: "wrong_password" in issues(hass), "the issue")
    flow = Fixing(hass, issues(hass)["wrong_password"])
    await flow.open()
    await flow.send({"next_step_id": "forget"})
    home.entry.runtime_data.controller.tick()
    assert "wrong_password" not in issues(hass)
    await refused(home, "CP1", "cd" * 20)
    await wait_until(lambda: "wrong_password" in issues(hass), "the issue again")


async def test_a_certificate_that_was_renewed(
    hass: HomeAssistant, start: Callable[..., Any], tmp_path: Path
) -> None:
    """Who has put the new file there reloads with a press, also a site that could not start without it."""
    home: Home = await start("CP1")
    certificate, key = write_certificate(tmp_path, "home")
    await set_options(home, tls="files", tls_certificate=certificate, tls_key=key)
    await settled(home)
    write_certificate(tmp_path, "home", days=-1)
    async_fire_time_changed(
        hass, dt_util.utcnow() + RELOAD_INTERVAL + timedelta(seconds=1)
    )
    await wait_until(lambda: "certificate_expired" in issues(hass), "the issue")
    write_certificate(tmp_path, "home")
    await submit(hass, "certificate_expired")
    await settled(home)
    assert issues(hass) == {}

    Path(certificate).write_text("rubbish")
    await hass.config_entries.async_reload(home.entry.entry_id)
    assert home.entry.state is ConfigEntryState.SETUP_RETRY
    write_certificate(tmp_path, "home")
    await submit(hass, "certificate_unusable")
    await settled(home)
    assert issues(hass) == {}


async def test_other_cars_give_way(
    hass: HomeAssistant, site: Site, freezer: FrozenDateTimeFactory
) -> None:
    """Where a boost helps it is offered, and lasts until the departure."""
    leaves = datetime.now(UTC) + timedelta(hours=1)
    site.demand = replace(
        site.demand,
        departure=leaves,
        soc=50.0,
        capacity_wh=50_000.0,
        target_soc=90.0,
    )
    for _ in range(3):
        await site.settle()
    freezer.tick(timedelta(minutes=11))
    await site.settle()
    planning = site.runtime.planning
    missed = planning.data.missed[KEY]
    helps = replace(missed, shortfall=replace(missed.shortfall, boost_helps=True))
    planning.data = replace(planning.data, missed={KEY: helps})
    flow = Fixing(hass, issues(hass)["plan_misses"])
    form = await flow.open()
    (choice,) = form["data_schema"].schema.values()
    assert choice.config["options"][-1] == "boost"
    await flow.send({"remedy": "boost"})
    boost = site.runtime.settings.connector(KEY).boost
    assert boost
    assert boost.until == leaves


async def test_a_charger_that_refused(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """The fail-safe current is sent again at a press, and so is a limit; a test without a car says why there is none."""
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    data = {"entry_id": home.entry.entry_id, "about": "CP1"}
    before = len(station.received("SetChargingProfile"))
    await answer(hass, {**data, "fix": "set_up"}, {})
    await wait_until(
        lambda: len(station.received("SetChargingProfile")) > before, "it is sent"
    )
    refusals = home.entry.runtime_data.central_system.stations["CP1"].limits.refusals
    for _ in range(3):
        refusals.refused("SetChargingProfile")
    assert not refusals.may_ask("SetChargingProfile")
    await answer(hass, {**data, "fix": "try_limits"}, {})
    assert refusals.sure("SetChargingProfile")
    assert refusals.may_ask("SetChargingProfile")
    done = await answer(hass, {**data, "fix": "test_fail_safe"}, {})
    assert done["reason"] == "command_failed"
    assert "too little" in done["description_placeholders"]["detail"]


async def test_a_battery_that_was_not_restored(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Its entity is set at a press, also of a site that is unloaded or removed; one that is not there is said."""
    home: Home = await start("CP1")
    sent: list[ServiceCall] = []
    hass.services.async_register("select", "select_option", sent.append)
    await hass.config_entries.async_unload(home.entry.entry_id)
    data = {
        "entry_id": home.entry.entry_id,
        "fix": "give_back",
        "about": "select.mode",
        "value": "auto",
    }
    done = await answer(hass, data, {})
    assert done["reason"] == "command_failed"
    hass.states.async_set("select.mode", "hold")
    done = await answer(hass, data, {})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert sent[0].data == {"entity_id": "select.mode", "option": "auto"}
    # The issue outlives the site, too.
    await hass.config_entries.async_remove(home.entry.entry_id)
    done = await answer(hass, data, {})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert len(sent) == 2


async def test_what_a_fix_does_not_solve_is_shown_again(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """Home Assistant takes a fixed issue away; a restart that did not help is said after some minutes."""
    entry = await start_frozen(tariff(source={"kind": "entity", "entities": [SPOT]}))
    shown = await prices_missing(hass, freezer)
    ir.async_delete_issue(hass, DOMAIN, shown["price_source_failed"].issue_id)
    await pass_time(hass, freezer, 6)
    assert "price_source_failed" not in issues(hass)
    for _ in range(2):
        await pass_time(hass, freezer, SHOWN_AGAIN_AFTER.total_seconds())
        entry.runtime_data.controller.tick()
    assert "price_source_failed" in issues(hass)
