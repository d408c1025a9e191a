"""Notes in forms are in the language of who reads them, as the forms themselves are."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.sunfuse.flows.reader import language_of_pages, written
from homeassistant.components.frontend.storage import async_user_store
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from ..site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled")

GERMAN = "Änderungen gelten sofort. Die Wallboxen bleiben verbunden."
ENGLISH = "Changes apply at once. The chargers stay connected."


@pytest.mark.parametrize(
    ("profile", "browser", "note"),
    [
        (None, "", ENGLISH),
        # As chosen in the profile; nobody chose: as the browser says.
        ({"language": "de", "number_format": "language"}, "fr-FR", GERMAN),
        (None, "de-CH,fr;q=0.7", GERMAN),
        ({"number_format": "language"}, "de", GERMAN),
        # A language that we do not have: Home Assistant shows the form in English, too.
        (None, "fi", ENGLISH),
        (None, "fi,de;q=0.5", ENGLISH),
        # One that Home Assistant does not have either: the next one counts.
        (None, "xx,no;q=0.9,de;q=0.5", GERMAN),
    ],
)
async def test_a_note_is_in_the_language_of_its_form(
    start: Callable[..., Any],
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    hass_admin_user: MockUser,
    profile: dict[str, str] | None,
    browser: str,
    note: str,
) -> None:
    """What the server writes into an option's form."""
    home: Home = await start("CP1")
    assert await async_setup_component(hass, "config", {})
    store = await async_user_store(hass, hass_admin_user.id)
    if profile:
        await store.async_set_item("language", profile)
    client = await hass_client()
    url, headers = (
        "/api/config/config_entries/options/flow",
        {"Accept-Language": browser},
    )
    answer = await client.post(
        url, json={"handler": home.entry.entry_id}, headers=headers
    )
    flow = (await answer.json())["flow_id"]
    chosen = {"next_step_id": "sunshine"}
    form = await (
        await client.post(f"{url}/{flow}", json=chosen, headers=headers)
    ).json()
    assert form["description_placeholders"]["restarts"] == note


def test_numbers_in_notes() -> None:
    """With the decimal sign of the language."""
    assert written(0.3125, 3, {"decimal_sign": ","}) == "0,312"


@pytest.mark.parametrize(
    ("asked", "pages"),
    [
        ("es-MX,en;q=0.5", "es"),
        # Home Assistant has it beside Spanish, and no form of it is in Spanish.
        ("es-419,es;q=0.9", "es-419"),
        ("pt-br", "pt-BR"),
        ("en-GB", "en-GB"),
        ("zh-HK,de", "zh-Hant"),
        ("nb-NO,nb;q=0.9", "nb"),
        ("no,nb;q=0.9", "nb"),
        ("xx", "en"),
        ("*", "en"),
    ],
)
def test_the_language_of_the_pages(asked: str, pages: str) -> None:
    """As Home Assistant's frontend chooses among a browser's languages."""
    assert language_of_pages(asked) == pages
