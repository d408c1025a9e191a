"""The password of a charger: made by Sunfuse, shown once, and brought to the charger through OCPP or by hand."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..central_system import CentralSystem
from ..central_system.protocol.text import escaped
from ..central_system.security.station_passwords import new_password
from ..central_system.station_state import CommandError, StationState
from ..const import (
    CONF_FORMER_PASSWORD,
    CONF_IDENTITY,
    CONF_PASSWORD,
    CONF_SECURITY,
    SECURITY_OPEN,
    SECURITY_PASSWORD,
    SUBENTRY_CHARGER,
)
from ..site.snapshot import password_data
from ..site.subentries import usable
from .charger_options import NEW_PASSWORD
from .checks import Errors

WAY = "way"
SENT = "sent"
TYPED = "typed"
# Chargers that are slow to settle take 20 s, and then answer a dozen questions.
_SETTLED_S = 40.0

PASSWORD = vol.Schema(
    {
        vol.Required(WAY): SelectSelector(
            SelectSelectorConfig(
                options=[SENT, TYPED],
                translation_key="password_way",
                mode=SelectSelectorMode.LIST,
            )
        )
    }
)


def not_about_security(
    data: Mapping[str, Any], form: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what stays of a charger that is changed; its password stays unless another is asked for."""
    dropped = {CONF_SECURITY}
    if form[CONF_SECURITY] != SECURITY_PASSWORD or form.get(NEW_PASSWORD):
        dropped |= {CONF_PASSWORD, CONF_FORMER_PASSWORD}
    return {key: value for key, value in data.items() if key not in dropped}


def needs_password(data: Mapping[str, Any]) -> bool:
    """Whether a charger is to have a password and has none."""
    return data.get(CONF_SECURITY) == SECURITY_PASSWORD and CONF_PASSWORD not in data


def _suggested_way(entry: ConfigEntry, identity: str) -> str:
    """Return how a password gets to a charger most easily."""
    if entry.state is not ConfigEntryState.LOADED:
        return TYPED
    station = entry.runtime_data.central_system.stations.get(identity)
    return SENT if station is not None and station.state.connected else TYPED


async def _settled(central_system: CentralSystem, identity: str) -> None:
    """Wait until a charger that was accepted a moment ago is set up: some restart when they are asked too early."""
    station = central_system.stations[identity]
    settled = asyncio.Event()

    def changed(_state: StationState | None = None) -> None:
        # The fail-safe current is the last thing that a charger must take.
        if station.state.fail_safe_set is not None or not station.state.connected:
            settled.set()

    given_up = asyncio.get_running_loop().call_later(_SETTLED_S, settled.set)
    unsubscribe = central_system.subscribe(changed)
    changed()
    try:
        await settled.wait()
    finally:
        unsubscribe()
        given_up.cancel()


async def _send(
    entry: ConfigEntry,
    identity: str,
    password: str,
    data: dict[str, Any],
    placeholders: dict[str, str],
) -> Errors:
    """Send a charger its password, and put what is to be kept of it into the data.

    What the charger says if it does not take it goes into the placeholders.
    """
    if entry.state is not ConfigEntryState.LOADED:
        return {WAY: "site_not_loaded"}
    # A charger that was accepted a moment ago is known from here on.
    entry.runtime_data.controller.load_chargers()
    central_system: CentralSystem = entry.runtime_data.central_system
    await _settled(central_system, identity)
    station = central_system.stations[identity]
    try:
        await station.change_password(password)
    except CommandError as err:
        if err.key == "not_connected":
            return {WAY: "charger_away"}
        placeholders["detail"] = escaped(str(err))
        return {WAY: "password_not_taken"}
    data |= password_data(station.config)
    return {}


class PasswordFlow(ConfigFlow):
    """The last steps of a charger that was discovered."""

    _site: ConfigEntry
    _name: str
    _data: dict[str, Any]
    _password: str | None = None

    async def async_step_password(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the charger's password, this once, and bring it to the charger."""
        password = self._password = self._password or new_password()
        placeholders = {"password": password, "detail": ""}
        errors: Errors = {}
        if user_input is not None:
            if self.hass.config_entries.async_get_entry(self._site.entry_id) is None:
                return self.async_abort(reason="site_removed")
            data = {**self._data, CONF_PASSWORD: password}
            if user_input[WAY] == SENT:
                # It can be told once it belongs to the site; until then it is as open as it came.
                self._add({**self._data, CONF_SECURITY: SECURITY_OPEN})
                errors = await _send(
                    self._site, self._data[CONF_IDENTITY], password, data, placeholders
                )
            if not errors:
                return self._add(data)
        return self.async_show_form(
            step_id="password",
            data_schema=self.add_suggested_values_to_schema(
                PASSWORD, user_input or {WAY: SENT}
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    def _add(self, data: dict[str, Any]) -> ConfigFlowResult:
        """Make the charger part of the site, or change what it was added with a moment ago."""
        identity = data[CONF_IDENTITY]
        entries = self.hass.config_entries
        added = [
            subentry
            for subentry in usable(self._site, SUBENTRY_CHARGER)
            if subentry.unique_id == identity
        ]
        for subentry in added:
            entries.async_update_subentry(
                self._site, subentry, data={**subentry.data, **data}
            )
        if not added:
            entries.async_add_subentry(
                self._site,
                ConfigSubentry(
                    data=MappingProxyType(data),
                    subentry_type=SUBENTRY_CHARGER,
                    title=self._name,
                    unique_id=identity,
                ),
            )
        return self.async_abort(
            reason="charger_added", description_placeholders={"name": self._name}
        )


class PasswordSubentryFlow(ConfigSubentryFlow):
    """The last steps of a charger that is added by hand or changed."""

    _name: str
    _data: dict[str, Any]
    _password: str | None = None

    async def async_step_password_shown(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show the password to type into a charger that has not connected yet, this once."""
        if user_input is not None:
            return self._create()
        self._data[CONF_PASSWORD] = new_password()
        return self.async_show_form(
            step_id="password_shown",
            description_placeholders={"password": self._data[CONF_PASSWORD]},
        )

    def _create(self) -> SubentryFlowResult:
        return self.async_create_entry(
            title=self._name, data=self._data, unique_id=self._data[CONF_IDENTITY]
        )

    async def async_step_password(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show a new password, this once, and bring it to the charger."""
        entry = self._get_entry()
        subentry = self._get_reconfigure_subentry()
        identity = self._data[CONF_IDENTITY]
        password = self._password = self._password or new_password()
        placeholders = {"password": password, "detail": ""}
        errors: Errors = {}
        if user_input is not None:
            data = {**self._data, CONF_PASSWORD: password}
            if user_input[WAY] == SENT:
                errors = await _send(entry, identity, password, data, placeholders)
            if not errors:
                return self.async_update_and_abort(
                    entry, subentry, title=self._name, data=data
                )
        return self.async_show_form(
            step_id="password",
            data_schema=self.add_suggested_values_to_schema(
                PASSWORD, user_input or {WAY: _suggested_way(entry, identity)}
            ),
            errors=errors,
            description_placeholders=placeholders,
        )
