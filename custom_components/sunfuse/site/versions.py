"""The versions of what a config entry holds: migrations, and what a user is told after a downgrade.

Minor versions: 1 was the first; 2 keeps the sessions of each charger in a file of their own (site/persistence.py),
which reads the former file too.
"""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN, ENTRY_MINOR_VERSION, ENTRY_VERSION


@callback
def migrate(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Bring an entry up to date. One of a higher minor version is left as it is: it can be read."""
    if entry.minor_version < ENTRY_MINOR_VERSION:
        hass.config_entries.async_update_entry(entry, minor_version=ENTRY_MINOR_VERSION)


@callback
def tell_of_downgrades(hass: HomeAssistant) -> None:
    """Say which sites a newer version has set up, which Home Assistant refuses to set up without a word of ours."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.version <= ENTRY_VERSION:
            forget_downgrade(hass, entry)
            continue
        ir.async_create_issue(
            hass,
            DOMAIN,
            _issue_id(entry),
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key="entry_from_newer_version",
            translation_placeholders={
                "site": entry.title,
                "stored": f"{entry.version}.{entry.minor_version}",
                "known": f"{ENTRY_VERSION}.{ENTRY_MINOR_VERSION}",
            },
        )


@callback
def forget_downgrade(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Say no longer that an entry is of a newer version."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry))


def _issue_id(entry: ConfigEntry) -> str:
    return f"{entry.entry_id}_entry_from_newer_version"
