"""The sensors of a charger as a whole."""

import re

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import EntityCategory

from ..central_system.security.card_policy import OWN_TOKEN
from ..central_system.station_state import LocalList
from ..entity import StationEntity
from ..site.outcome import ConnectorData
from .connector import ChargerSensor, ConnectorSensorDescription

# FirmwareStatusEnumType of OCPP 2.0.1; OCPP 1.6 and its security white paper have a part of these.
FIRMWARE_STATUS = (
    "idle",
    "download_scheduled",
    "downloading",
    "download_paused",
    "downloaded",
    "download_failed",
    "signature_verified",
    "invalid_signature",
    "install_scheduled",
    "installing",
    "install_rebooting",
    "installed",
    "installation_failed",
    "install_verification_failed",
)
# With these the station is downloading or installing.
AT_WORK = frozenset(
    (
        "download_scheduled",
        "downloading",
        "download_paused",
        "downloaded",
        "signature_verified",
        "install_scheduled",
        "installing",
        "install_rebooting",
    )
)


def firmware_status(data: ConnectorData) -> str | None:
    """Return the progress of the charger's firmware update; None if it never reported any, or an unknown status."""
    if (reported := data.station.firmware_status) is None:
        return None
    status = re.sub(r"(?<!^)(?=[A-Z])", "_", reported).lower()
    return status if status in FIRMWARE_STATUS else None


def _last_card(data: ConnectorData) -> str | None:
    card = data.station.last_card
    return None if card is None or card.casefold() == OWN_TOKEN.casefold() else card


CHARGER_SENSORS: tuple[ConnectorSensorDescription, ...] = (
    ConnectorSensorDescription(
        key="firmware_status",
        translation_key="firmware_status",
        device_class=SensorDeviceClass.ENUM,
        options=list(FIRMWARE_STATUS),
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=firmware_status,
    ),
    ConnectorSensorDescription(
        key="local_list",
        translation_key="local_list",
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in LocalList],
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda data: data.station.local_list,
    ),
    # The card's number: recorded like any state, therefore disabled by default.
    ConnectorSensorDescription(
        key="last_card",
        translation_key="last_card",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=_last_card,
    ),
)


class StationSensor(ChargerSensor, StationEntity):
    """A sensor of a charger as a whole."""
