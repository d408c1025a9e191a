"""The actions about a charger's passwords, certificates and fail-safe current."""

import re
from typing import Any

import voluptuous as vol

from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service

from ..central_system import CertificateAuthority, NetworkProfile, Station
from ..central_system.security.station_passwords import new_password
from ..central_system.station_state import StationConfig
from ..const import DOMAIN, SUBENTRY_CHARGER
from ..data import SunfuseConfigEntry
from ..site.entry_data import password_data
from ..site.outcome import identity_of
from ..site.subentries import usable
from .chargers import ActionDescription, CallData, command_errors, register
from .targets import connector_of_device
from .values import POSITIVE_INT, ActionSchema, address, one_of, within

# The certificate types of OCPP 2.0.1 (InstallCertificateUseEnumType); the central system converts them for 1.6.
KINDS = {
    "central_system_root": "CSMSRootCertificate",
    "manufacturer_root": "ManufacturerRootCertificate",
    "v2g_root": "V2GRootCertificate",
    "mobility_operator_root": "MORootCertificate",
}
# AuthorizationKey of OCPP 1.6 is 16 to 20 bytes as hexadecimal digits; BasicAuthPassword of 2.x accepts these too.
_PASSWORD = re.compile(r"(?:[0-9a-fA-F]{2}){16,20}")

# The interfaces of a network profile (OCPPInterfaceEnumType of OCPP 2.0.1).
INTERFACES = [
    f"{kind}{number}" for kind in ("Wired", "Wireless") for number in range(4)
]


def _authority(station: Station) -> CertificateAuthority:
    """Return the authority that signs the certificates of chargers.

    Raises:
        ServiceValidationError: there is none, without TLS.

    """
    if station.authority is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_tls"
        )
    return station.authority


async def _test_fail_safe(station: Station, connector: int, _data: CallData) -> None:
    station.test_fail_safe(connector or 1)


async def _install_certificate(
    station: Station, _connector: int, data: CallData
) -> None:
    certificate: str | None = data.get("certificate")
    if certificate is None:
        certificate = _authority(station).certificate
    adapter = await station.in_service()
    await adapter.install_certificate(KINDS[data["kind"]], certificate)


async def _get_certificates(
    station: Station, _connector: int, _data: CallData
) -> dict[str, Any]:
    adapter = await station.in_service()
    return {
        "certificates": [
            {
                "kind": certificate.kind,
                "serial_number": certificate.serial_number,
                "hash_algorithm": certificate.hash_algorithm,
                "issuer_name_hash": certificate.issuer_name_hash,
                "issuer_key_hash": certificate.issuer_key_hash,
            }
            for certificate in await adapter.installed_certificates()
        ]
    }


async def _delete_certificate(
    station: Station, _connector: int, data: CallData
) -> None:
    wanted = data["serial_number"].casefold()
    adapter = await station.in_service()
    for certificate in await adapter.installed_certificates():
        if certificate.serial_number.casefold() == wanted:
            await adapter.delete_certificate(certificate)
            return
    raise ServiceValidationError(
        translation_domain=DOMAIN, translation_key="no_such_certificate"
    )


async def _renew_certificate(
    station: Station, _connector: int, _data: CallData
) -> None:
    _authority(station)
    adapter = await station.in_service()
    await adapter.renew_certificate()


async def _set_network_profile(
    station: Station, _connector: int, data: CallData
) -> None:
    adapter = await station.in_service()
    await adapter.set_network_profile(
        NetworkProfile(
            slot=data["slot"],
            url=data["url"],
            security_profile=data["security_profile"],
            interface=data["interface"],
        )
    )


ACTIONS = (
    ActionDescription(name="test_fail_safe", run=_test_fail_safe),
    ActionDescription(
        name="set_network_profile",
        run=_set_network_profile,
        fields={
            vol.Required("slot"): POSITIVE_INT,
            vol.Required("url"): address("ws", "wss"),
            vol.Required("security_profile"): within(0, 3, int),
            vol.Optional("interface", default=INTERFACES[0]): one_of(*INTERFACES),
        },
    ),
    ActionDescription(
        name="install_certificate",
        run=_install_certificate,
        fields={
            vol.Required("kind"): one_of(*KINDS),
            vol.Optional("certificate"): cv.string,
        },
    ),
    ActionDescription(
        name="get_certificates",
        run=_get_certificates,
        response=SupportsResponse.ONLY,
    ),
    ActionDescription(
        name="delete_certificate",
        run=_delete_certificate,
        fields={vol.Required("serial_number"): cv.string},
    ),
    ActionDescription(name="renew_certificate", run=_renew_certificate),
)
CHANGE_PASSWORD = ActionSchema(
    {
        vol.Required(ATTR_DEVICE_ID): cv.string,
        vol.Optional("password"): cv.string,
    }
)


async def _change_password(call: ServiceCall) -> ServiceResponse:
    entry, key = connector_of_device(call.hass, call.data[ATTR_DEVICE_ID])
    password = call.data.get("password") or new_password()
    if not _PASSWORD.fullmatch(password):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="password_form"
        )
    station = entry.runtime_data.central_system.stations[key.identity]
    with command_errors():
        await entry.runtime_data.passwords.async_send(station, password)
    _keep(call.hass, entry, station.config)
    return {"password": password} if call.return_response else None


@callback
def async_setup_security_actions(hass: HomeAssistant) -> None:
    """Register the actions."""
    register(hass, ACTIONS)

    async_register_admin_service(
        hass,
        DOMAIN,
        "change_password",
        _change_password,
        schema=CHANGE_PASSWORD,
        supports_response=SupportsResponse.OPTIONAL,
    )


def _keep(
    hass: HomeAssistant, entry: SunfuseConfigEntry, config: StationConfig
) -> None:
    """Store a password that a charger has accepted."""
    for subentry in usable(entry, SUBENTRY_CHARGER):
        if identity_of(subentry) == config.identity:
            hass.config_entries.async_update_subentry(
                entry, subentry, data={**subentry.data, **password_data(config)}
            )
