"""Repairs that a press, or a choice, puts right; the dialog is Home Assistant's own."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.drivers.wishes import TargetKind
from custom_components.sunfuse.repair_issues.fix_actions import FIXES
from custom_components.sunfuse.repairs import async_create_fix_flow
from homeassistant.components.repairs import ConfirmRepairFlow
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir

from ..common import charger, wait_until
from ..flows.test_sub_entries import item
from ..planned_site import KEY, Site, site
from ..site.test_circuit_site import Fixing, issues
from ..site_fixtures import Home

__all__ = ["site"]

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def submit(hass: HomeAssistant, key: str, **values: Any) -> dict[str, Any]:
    """Open the dialog of an issue, and press Submit."""
    flow = Fixing(hass, issues(hass)[key])
    form = await flow.open()
    assert form["type"] is FlowResultType.FORM, form
    done = await flow.send(values)
    await hass.async_block_till_done(wait_background_tasks=True)
    return done


async def test_fail_safe_currents_that_fit(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Twice 16 A are too much for 24 A: 6 A for each connector, of which the text says so."""
    home: Home = await start(charger("CP1", fail_safe_a=16.0, connectors=2))
    await wait_until(lambda: "fail_safe_sum" in issues(hass), "the issue")
    told = issues(hass)["fail_safe_sum"].translation_placeholders
    assert told
    assert told["fits"] == "Charger CP1: 6 A"
    done = await submit(hass, "fail_safe_sum")
    assert done["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = home.entry.subentries.values()
    assert subentry.data["fail_safe_a"] == 6.0
    await wait_until(lambda: "fail_safe_sum" not in issues(hass), "it fits")


async def test_an_item_that_cannot_be_used_is_removed(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A card without a number goes; the charger stays."""
    home: Home = await start("CP1", item("card", "Anna", {"name": "Anna"}))
    await wait_until(lambda: "ignored_card" in issues(hass), "the issue")
    await submit(hass, "ignored_card")
    assert [one.title for one in home.entry.subentries.values()] == ["Charger CP1"]
    await wait_until(lambda: "ignored_card" not in issues(hass), "nothing to say")


@pytest.mark.parametrize(
    ("fix", "expected"),
    [
        ({"fix": "turn_grid", "value": "grid"}, (True, False)),
        ({"fix": "turn_grid", "value": "both"}, (True, True)),
        ({"fix": "turn_phases"}, (False, True)),
        ({"signs": "grid", "wrong": "total"}, (True, False)),
        ({"signs": "grid", "wrong": "phases"}, (False, True)),
    ],
)
async def test_a_sign_that_is_wrong(
    hass: HomeAssistant,
    start: Callable[..., Any],
    fix: dict[str, str],
    expected: tuple[bool, bool],
) -> None:
    """The total, the phases or both are turned, and the site is read anew."""
    home: Home = await start("CP1")
    data = {"entry_id": home.entry.entry_id, **fix}
    wrong = fix.get("wrong")
    result = await answer(hass, data, {} if wrong is None else {"wrong": wrong})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    sources = home.entry.data["sources"]
    turned = sources["grid"]["inverted"], sources["grid_phases_inverted"]
    assert turned == expected
    await wait_until(lambda: home.entry.state is ConfigEntryState.LOADED, "loaded")


async def answer(
    hass: HomeAssistant, data: dict[str, Any], values: dict[str, Any]
) -> dict[str, Any]:
    """Show an issue with this data, and answer its dialog."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        "test",
        data=data,
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="sign_phases",
    )
    flow = Fixing(hass, ir.async_get(hass).issues[DOMAIN, "test"])
    assert (await flow.open())["type"] is FlowResultType.FORM
    return await flow.send(values)


async def test_a_margin_for_a_slow_meter(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """As large as the text says."""
    home: Home = await start("CP1")
    data = {"entry_id": home.entry.entry_id, "fix": "raise_margin"}
    await answer(hass, data | {"about": "main", "value": "6"}, {})
    await hass.async_block_till_done(wait_background_tasks=True)
    assert home.entry.data["margin_a"] == 6.0


async def test_a_restart(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """The charger restarts; if it refuses, the dialog says so and the issue stays."""
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    station.answers["Reset"] = {"status": "Rejected"}
    data = {"entry_id": home.entry.entry_id, "fix": "restart", "about": "CP1"}
    result = await answer(hass, data, {})
    assert result["reason"] == "command_failed"
    assert (DOMAIN, "test") in ir.async_get(hass).issues
    station.answers["Reset"] = {"status": "Accepted"}
    result = await answer(hass, data, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert station.received("Reset")[-1] == {"type": "Soft"}


async def test_what_is_gone_is_only_confirmed(hass: HomeAssistant) -> None:
    """Neither a site that was removed nor one that is not set up is changed."""
    for fix in FIXES:
        flow = await async_create_fix_flow(hass, "x", {"entry_id": "gone", "fix": fix})
        assert type(flow) is ConfirmRepairFlow


@pytest.mark.parametrize("remedy", ["later", "less"])
async def test_what_gives_way(
    hass: HomeAssistant, site: Site, freezer: FrozenDateTimeFactory, remedy: str
) -> None:
    """A departure that is missed is moved, or is content with what the car has then."""
    departures = site.runtime.departures
    site.demand = replace(
        site.demand,
        departure=datetime.now(UTC) + timedelta(hours=1),
        soc=50.0,
        capacity_wh=50_000.0,
        target_soc=90.0,
    )
    for _ in range(3):
        await site.settle()
    freezer.tick(timedelta(minutes=11))
    await site.settle()
    issue = issues(hass)["plan_misses"]
    assert (issue.translation_placeholders or {})["charger"] == "Charger CP1"
    flow = Fixing(hass, issue)
    form = await flow.open()
    assert "Will reach only" in form["description_placeholders"]["why"]
    done = await flow.send({"remedy": remedy})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    (once,) = departures.wishes(KEY).once
    assert site.demand.departure
    if remedy == "later":
        assert once.at > site.demand.departure
        assert once.target is None
    else:
        assert once.at == site.demand.departure
        assert once.target
        assert 60 <= once.target.value <= 70


async def test_less_energy_counts_what_is_charged(
    hass: HomeAssistant, site: Site, freezer: FrozenDateTimeFactory
) -> None:
    """A target is one of the session: with 12 kWh in the car, an hour more makes it above twenty, not ten."""
    site.demand = replace(
        site.demand,
        departure=datetime.now(UTC) + timedelta(hours=1),
        soc=None,
        capacity_wh=None,
        target_soc=None,
        energy_wh=30_000.0,
        charged_wh=12_000.0,
    )
    for _ in range(3):
        await site.settle()
    freezer.tick(timedelta(minutes=11))
    await site.settle()
    flow = Fixing(hass, issues(hass)["plan_misses"])
    await flow.open()
    await flow.send({"remedy": "less"})
    (once,) = site.runtime.departures.wishes(KEY).once
    assert once.target
    assert once.target.kind is TargetKind.ENERGY
    assert 20_000 <= once.target.value <= 23_000
