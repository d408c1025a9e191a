"""The fix of a wrong password: a new one to enter in the charger, or the attempts are forgotten."""

from typing import Any

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult

from ..central_system.security.station_passwords import new_password
from ..const import (
    CONF_FORMER_PASSWORD,
    CONF_PASSWORD,
    CONF_SECURITY,
    SECURITY_PASSWORD,
    SUBENTRY_CHARGER,
)
from ..data import SunfuseConfigEntry
from ..site.outcome import identity_of
from ..site.subentries import usable

# An issue with this is about the password of a charger.
PASSWORD = "password"


class WrongPasswordFlow(RepairsFlow):
    """The user says whether it was their charger."""

    def __init__(self, entry: SunfuseConfigEntry, identity: str) -> None:
        """Remember which charger it is about."""
        super().__init__()
        self._entry = entry
        self._identity = identity
        self._password = new_password()

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Offer what helps."""
        state = self._entry.runtime_data.central_system.stations[self._identity].state
        options = ["forget"]
        if any(self._charger()):
            options.insert(0, "password")
        return self.async_show_menu(
            step_id="init",
            menu_options=options,
            description_placeholders={
                "charger": self._identity,
                "address": state.wrong_password_from or "?",
            },
        )

    def _charger(self) -> list[Any]:
        """Return the sub-entry of the charger, if a password lets it in."""
        return [
            charger
            for charger in usable(self._entry, SUBENTRY_CHARGER)
            if identity_of(charger) == self._identity
            and charger.data.get(CONF_SECURITY) == SECURITY_PASSWORD
        ]

    async def async_step_password(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show a new password, once; it counts from then on."""
        if user_input is None:
            return self.async_show_form(
                step_id="password",
                description_placeholders={
                    "charger": self._identity,
                    "password": self._password,
                },
            )
        for charger in self._charger():
            data = {**charger.data, CONF_PASSWORD: self._password}
            data.pop(CONF_FORMER_PASSWORD, None)
            self.hass.config_entries.async_update_subentry(
                self._entry, charger, data=data
            )
        return await self.async_step_forget()

    async def async_step_forget(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Forget the attempts; the next one is reported again."""
        stations = self._entry.runtime_data.central_system.stations
        stations[self._identity].forget_attempts()
        return self.async_create_entry(data={})
