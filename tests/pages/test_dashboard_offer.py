"""The dashboard is offered with the first charger, until there is one."""

from types import MappingProxyType

from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.sunfuse.const import DOMAIN
from homeassistant.components.lovelace.const import LOVELACE_DATA
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component

from ..common import charger, free_port, set_meters, site_entry, wait_until


def _offered(hass: HomeAssistant) -> ir.IssueEntry | None:
    return ir.async_get(hass).async_get_issue(DOMAIN, "dashboard_offer")


async def test_the_dashboard_is_offered_until_there_is_one(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> None:
    """Not without a charger; with the first one; no more once a dashboard has Sunfuse's strategy or one of its cards."""
    assert await async_setup_component(hass, "lovelace", {})
    set_meters(hass, currents_a=(1, 1, 1))
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert _offered(hass) is None

    client = await hass_ws_client(hass)
    data = charger("CP1")
    hass.config_entries.async_add_subentry(
        entry,
        ConfigSubentry(
            data=MappingProxyType(dict(data["data"])),
            subentry_type="charger",
            title="Garage",
            unique_id="CP1",
        ),
    )
    await wait_until(lambda: _offered(hass), "the dashboard is offered")
    issue = _offered(hass)
    assert issue
    assert issue.translation_placeholders == {"link": "/sunfuse-dashboard"}

    # What the page behind the link does, as the administrator who opened it.
    for command in (
        {
            "type": "lovelace/dashboards/create",
            "url_path": "sunfuse-site",
            "mode": "storage",
            "title": "Sunfuse",
        },
        {
            "type": "lovelace/config/save",
            "url_path": "sunfuse-site",
            "config": {"strategy": {"type": "custom:sunfuse"}},
        },
    ):
        await client.send_json_auto_id(command)
        assert (await client.receive_json())["success"]
    assert "sunfuse-site" in hass.data[LOVELACE_DATA].dashboards
    await wait_until(lambda: _offered(hass) is None, "the offer is gone")
    await hass.config_entries.async_unload(entry.entry_id)
