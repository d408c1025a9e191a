"""The sensor of the address that chargers connect to, on the site's device: there one looks for it."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.components.sensor import SensorEntity, SensorEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.util import dt as dt_util

from ..data import SunfuseConfigEntry
from ..entity import SiteEntity
from ..site.chargers.ocpp_address import OcppAddress, address_of

OCPP_ADDRESS = SensorEntityDescription(
    key="ocpp_address",
    translation_key="ocpp_address",
    entity_category=EntityCategory.DIAGNOSTIC,
)


class OcppAddressSensor(SiteEntity, SensorEntity):
    """What to enter in a charger; its attribute has the addresses from the machine's other networks."""

    _unrecorded_attributes = frozenset(("other_addresses",))
    _address: OcppAddress | None = None
    _among: tuple[object, ...] = ()  # what it was looked for among

    def __init__(self, entry: SunfuseConfigEntry) -> None:
        """Initialize the sensor."""
        super().__init__(entry, OCPP_ADDRESS)
        self._entry = entry

    @property
    def _found(self) -> OcppAddress:
        """Look for the address when the configuration changed, and each minute: networks seldom do."""
        config = self.hass.config
        among = (
            config.internal_url,
            config.external_url,
            config.api,
            self._entry.data,
            dt_util.utcnow().replace(second=0, microsecond=0),
        )
        if self._address is None or among != self._among:
            self._address, self._among = address_of(self.hass, self._entry), among
        return self._address

    @property
    @override
    def native_value(self) -> str:
        """Return the address; the identity of the charger follows it."""
        return self._found.url

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return the other addresses, if there are any."""
        others = self._found.others
        return {"other_addresses": list(others)} if others else None
