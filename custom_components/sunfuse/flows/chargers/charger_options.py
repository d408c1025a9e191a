"""The section of a charger's form that most people never open: how it proves its identity, and how Sunfuse deals with it."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import UnitOfTime
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from ...central_system.station.quirks import Kind, Pause, Purpose, behaviour
from ...central_system.station_state import StationInfo
from ...const import (
    CONF_EXPIRY,
    CONF_PHASE_SWITCHING,
    CONF_QUIRKS,
    CONF_RENEW,
    CONF_SECURITY,
    CONF_TLS,
    DEFAULT_EXPIRY_S,
    DEFAULT_RENEW_S,
    SECURITY_CERTIFICATE,
    SECURITY_OPEN,
    SECURITY_PASSWORD,
    TLS_NONE,
)
from ..checks import Errors
from ..form_fields import number

ADVANCED = "advanced"
NEW_PASSWORD = "new_password"

# The shortest time in which a renewal can fail once and be repeated; the longest that a fuse should carry a mistake.
EXPIRY_S = (30, 900)
SHORTEST_RENEW_S = 5


_YES_NO = SelectSelector(
    SelectSelectorConfig(
        options=["true", "false"],
        translation_key="yes_no",
        mode=SelectSelectorMode.DROPDOWN,
    )
)
# An empty field of `quirks.Behaviour` has the value of the quirks table for the make and model. Choices are drop-down
# lists: these can be cleared, radio buttons cannot.
BEHAVIOUR: Mapping[str, Any] = {
    "wake": _YES_NO,
    "unit": SelectSelector(
        SelectSelectorConfig(options=["A", "W"], mode=SelectSelectorMode.DROPDOWN)
    ),
    "pause": SelectSelector(
        SelectSelectorConfig(
            options=[pause.value for pause in Pause],
            translation_key="pause",
            mode=SelectSelectorMode.DROPDOWN,
        )
    ),
    "live_purpose": SelectSelector(
        SelectSelectorConfig(
            options=[purpose.value for purpose in Purpose],
            translation_key="live_purpose",
            mode=SelectSelectorMode.DROPDOWN,
        )
    ),
    "lasting_kind": SelectSelector(
        SelectSelectorConfig(
            options=[kind.value for kind in Kind],
            translation_key="lasting_kind",
            mode=SelectSelectorMode.DROPDOWN,
        )
    ),
    "lasting_stack_level": number(low=None),
    "settle_s": number(UnitOfTime.SECONDS, low=None),
    "do_not_ask": TextSelector(),
    "repeat_after_pause": _YES_NO,
    "number_phases": _YES_NO,
    "whole_amperes": _YES_NO,
    "long_texts": _YES_NO,
    "switches_phases": _YES_NO,
    "sample_s": number(UnitOfTime.SECONDS, low=None),
    "by_phase": _YES_NO,
    "restarts": _YES_NO,
}
_BOUNDS = {"lasting_stack_level": (0, 100), "settle_s": (0, 300), "sample_s": (1, 300)}
_WHOLE = frozenset(("lasting_stack_level", "sample_s"))

ADVANCED_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_EXPIRY, default=DEFAULT_EXPIRY_S): number(
            UnitOfTime.SECONDS, low=None
        ),
        vol.Required(CONF_RENEW, default=DEFAULT_RENEW_S): number(
            UnitOfTime.SECONDS, low=None
        ),
        vol.Required(CONF_PHASE_SWITCHING, default=True): BooleanSelector(),
        **{vol.Optional(name): selector for name, selector in BEHAVIOUR.items()},
    }
)


def advanced_fields() -> dict[vol.Marker, Any]:
    """Return the section of a charger's form for what seldom needs a change."""
    return {vol.Optional(ADVANCED): section(ADVANCED_SCHEMA, {"collapsed": True})}


def advanced_values(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the section shows of a charger."""
    return {
        CONF_EXPIRY: data.get(CONF_EXPIRY, DEFAULT_EXPIRY_S),
        CONF_RENEW: data.get(CONF_RENEW, DEFAULT_RENEW_S),
        CONF_PHASE_SWITCHING: data.get(CONF_PHASE_SWITCHING, True),
        **{
            name: float(text) if isinstance(BEHAVIOUR[name], NumberSelector) else text
            for name, text in data.get(CONF_QUIRKS, {}).items()
            if name in BEHAVIOUR
        },
    }


def advanced_data(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a charger's sub-entry stores of the section; nothing if it was not sent."""
    if (advanced := form.get(ADVANCED)) is None:
        return {}
    return {
        CONF_EXPIRY: int(advanced[CONF_EXPIRY]),
        CONF_RENEW: advanced[CONF_RENEW],
        CONF_PHASE_SWITCHING: advanced[CONF_PHASE_SWITCHING],
        CONF_QUIRKS: {
            name: _text(name, advanced[name])
            for name in BEHAVIOUR
            if advanced.get(name) not in (None, "")
        },
    }


def _text(name: str, value: Any) -> str:
    return str(int(value)) if name in _WHOLE else str(value).strip()


def check_advanced(form: Mapping[str, Any]) -> Errors:
    """Check the section; a form shows errors of a section above it."""
    data = advanced_data(form)
    if not data:
        return {}
    if not EXPIRY_S[0] <= data[CONF_EXPIRY] <= EXPIRY_S[1]:
        return {ADVANCED: "expiry"}
    if not SHORTEST_RENEW_S <= data[CONF_RENEW] <= data[CONF_EXPIRY] / 2:
        return {ADVANCED: "renewal"}
    advanced = form[ADVANCED]
    if not all(
        low <= advanced.get(name, low) <= high for name, (low, high) in _BOUNDS.items()
    ):
        return {ADVANCED: "behaviour_number"}
    behaviour(StationInfo(), data[CONF_QUIRKS].items())
    return {}


def security_fields(*, with_new_password: bool) -> dict[vol.Marker, Any]:
    """Return the fields of how a charger proves its identity."""
    fields: dict[vol.Marker, Any] = {
        vol.Required(CONF_SECURITY, default=SECURITY_OPEN): SelectSelector(
            SelectSelectorConfig(
                options=[SECURITY_PASSWORD, SECURITY_CERTIFICATE, SECURITY_OPEN],
                translation_key="security",
                mode=SelectSelectorMode.DROPDOWN,
            )
        )
    }
    if with_new_password:
        fields[vol.Optional(NEW_PASSWORD, default=False)] = BooleanSelector()
    return fields


def check_security(entry: ConfigEntry, form: Mapping[str, Any]) -> Errors:
    """Check that a client certificate is only required with TLS."""
    encrypted = entry.options.get(CONF_TLS, TLS_NONE) != TLS_NONE
    if form[CONF_SECURITY] == SECURITY_CERTIFICATE and not encrypted:
        return {CONF_SECURITY: "no_tls"}
    return {}


def security_data(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a charger's sub-entry stores of it, beside the password."""
    security = form[CONF_SECURITY]
    return {} if security == SECURITY_OPEN else {CONF_SECURITY: security}


def quirks_in_force(entry: ConfigEntry, identity: str) -> str:
    """Return the names of the rows of the quirks table that apply to a charger."""
    if entry.state is not ConfigEntryState.LOADED:
        return "–"
    station = entry.runtime_data.central_system.stations.get(identity)
    return ", ".join(station.state.quirks if station else ()) or "–"
