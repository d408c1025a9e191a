"""Sentences that send a user to a page or a button name it as Home Assistant's own frontend does, in every language."""

import json
from pathlib import Path
import re
from typing import Any

import hass_frontend
import pytest

from .texts import ENGLISH, load, strings_of

LANGUAGES = ("da", "de", "en", "es", "fr", "it", "nb", "nl", "pl", "sv")
_FLOW = "ui.panel.config.integrations.config_flow"
_ENTRY = "ui.panel.config.integrations.config_entry"
# What an English sentence says, and the text of the frontend that it means.
NAMED = {
    r"elect Submit": f"{_FLOW}.submit",
    r"Settings, ": "panel.config",
    r"Devices & services": "ui.panel.config.dashboard.devices.main",
    r"Configure, ": f"{_ENTRY}.configure",
    r"\}, Reconfigure[,.]": f"{_ENTRY}.reconfigure",
}
# In these the button is a verb, and the sentence has its imperative.
IMPERATIVES = {"Valider": "valide"}


def frontend(language: str) -> dict[str, str]:
    """Return the texts of Home Assistant's frontend."""
    texts: dict[str, str] = {}
    folder = Path(hass_frontend.where()) / "static" / "translations"
    for part in (folder, folder / "config"):
        [file] = part.glob(f"{language}-{'[0-9a-f]' * 32}.json")
        texts |= json.loads(file.read_text("utf-8"))
    return texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_buttons_and_pages_have_their_names(language: str) -> None:
    """A user who looks for a button finds one with that name."""
    theirs = frontend(language)
    ours = dict(strings_of(load(f"translations/{language}.json")))
    for path, english in strings_of(ENGLISH):
        for said, key in NAMED.items():
            if re.search(said, english):
                name = theirs[key]
                wanted = IMPERATIVES.get(name, name).casefold()
                assert wanted in ours[path].casefold(), (path, name, ours[path])


@pytest.mark.parametrize("language", LANGUAGES)
def test_options_have_their_names(language: str) -> None:
    """What is said to be under *Configure* is an entry of that menu."""
    english: dict[str, Any] = ENGLISH["options"]["step"]["init"]["menu_options"]
    texts = load(f"translations/{language}.json")
    menu = texts["options"]["step"]["init"]["menu_options"]
    ours, found = dict(strings_of(texts)), 0
    for path, text in strings_of(ENGLISH):
        for key, label in english.items():
            if re.search(rf"Configure, {re.escape(label)}\b", text):
                assert menu[key].casefold() in ours[path].casefold(), (path, menu[key])
                found += 1
    assert found
