"""What users call the connectors of a site's chargers."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from ...const import SUBENTRY_CHARGER
from ...devices import connector_identifier
from ..outcome import ConnectorKey, connector_numbers, identity_of
from ..subentries import usable


@callback
def connector_names(hass: HomeAssistant, entry: ConfigEntry) -> dict[ConnectorKey, str]:
    """Return their names: a charger's only connector is called like it, one of several after its device or by its number."""
    registry = dr.async_get(hass)
    found: dict[ConnectorKey, str] = {}
    for subentry in usable(entry, SUBENTRY_CHARGER):
        numbers = connector_numbers(subentry.data)
        for number in numbers:
            key = ConnectorKey(identity=identity_of(subentry), connector=number)
            device = registry.async_get_child_device_by_identifier(
                connector_identifier(entry, key), entry.entry_id
            )
            own = (device.name_by_user or "").strip() if device else ""
            found[key] = (
                _beside(subentry.title, own or str(number))
                if len(numbers) > 1
                else subentry.title
            )
    return found


def _beside(charger: str, connector: str) -> str:
    """Return a connector's name after its charger's, unless the user typed that, too."""
    typed = connector.casefold().startswith(charger.casefold())
    return connector if typed else f"{charger} {connector}"
