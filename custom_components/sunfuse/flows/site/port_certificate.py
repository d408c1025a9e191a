"""The form of the certificate of the port that chargers connect to."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.util import dt as dt_util

from ...const import (
    CONF_SECURITY,
    CONF_TLS,
    CONF_TLS_CERTIFICATE,
    CONF_TLS_KEY,
    SECURITY_CERTIFICATE,
    SUBENTRY_CHARGER,
    TLS_FILES,
    TLS_HOME_ASSISTANT,
    TLS_NONE,
)
from ...site.chargers.tls import TlsError, certificate_files, load
from ...site.subentries import usable
from ..checks import Errors

SECURITY = vol.Schema(
    {
        vol.Required(CONF_TLS): SelectSelector(
            SelectSelectorConfig(
                options=[TLS_NONE, TLS_HOME_ASSISTANT, TLS_FILES],
                translation_key="tls",
                mode=SelectSelectorMode.LIST,
            )
        ),
        vol.Optional(CONF_TLS_CERTIFICATE): TextSelector(),
        vol.Optional(CONF_TLS_KEY): TextSelector(),
    }
)


def security_values(entry: ConfigEntry) -> Mapping[str, Any]:
    """Return what the form shows."""
    return {CONF_TLS: TLS_NONE, **entry.options}


def check_files(
    entry: ConfigEntry, form: Mapping[str, Any], _placeholders: dict[str, str]
) -> Errors:
    """Check that required files are given, and that no charger requires TLS that is switched off."""
    errors: Errors = {}
    if form[CONF_TLS] == TLS_FILES:
        for field in (CONF_TLS_CERTIFICATE, CONF_TLS_KEY):
            if not form.get(field):
                errors[field] = "file_missing"
    chargers = usable(entry, SUBENTRY_CHARGER)
    if form[CONF_TLS] == TLS_NONE and any(
        charger.data.get(CONF_SECURITY) == SECURITY_CERTIFICATE for charger in chargers
    ):
        errors[CONF_TLS] = "chargers_need_tls"
    return errors


async def async_check_certificate(
    hass: HomeAssistant, form: Mapping[str, Any]
) -> Errors:
    """Read the certificate and its key: they must match and be valid."""
    if form[CONF_TLS] == TLS_FILES and not (
        form.get(CONF_TLS_CERTIFICATE) and form.get(CONF_TLS_KEY)
    ):
        return {}
    field = CONF_TLS_CERTIFICATE if form[CONF_TLS] == TLS_FILES else CONF_TLS
    try:
        if (files := certificate_files(hass, form)) is None:
            return {}
        _, expires = await hass.async_add_executor_job(load, files)
    except TlsError as err:
        return {field: err.key}
    return {} if expires > dt_util.utcnow() else {field: "certificate_expired"}
