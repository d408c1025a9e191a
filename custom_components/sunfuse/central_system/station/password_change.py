"""Gives a station another password, and tracks the change until the station uses it."""

from dataclasses import replace
import logging

from ..adapter import Adapter
from ..security.station_passwords import Proof
from ..station_commands import ConfigurationResult
from ..station_state import CommandError, FormerCredential, NewPassword
from .shared_state import SharedState

_LOGGER = logging.getLogger(__name__)

_MOST_FORMER = 5  # credentials that are valid beside a password that was not used yet


class PasswordChange:
    """The change of one station's password.

    OCPP does not say when a station begins to use a new password: at once, when it next connects, or (MicroOcpp
    answers RebootRequired) after a restart. The former credential remains valid until the new one was used.
    """

    def __init__(self, shared: SharedState) -> None:
        """Change the password of this station."""
        self._shared = shared
        self._restart_due = False
        self._restarted = False

    async def send(self, adapter: Adapter, password: str) -> None:
        """Send a password; the configuration then holds it and the former one.

        Raises:
            CommandError: the station refused, and keeps the former one.

        """
        result: ConfigurationResult | None
        former: FormerCredential | None
        try:
            result = await adapter.change_password(password)
        except CommandError as err:
            if err.key not in ("timeout", "not_connected"):
                raise
            # It is not known whether the station accepted the password, so both remain valid; some disconnect instead
            # of answering.
            _LOGGER.debug("%s: new password: %s", self._shared.identity, err)
            result = None
        config = self._shared.config
        before = config.former.passwords if config.former else ()
        # It may use any of these, whatever it has answered.
        passwords = tuple(dict.fromkeys((*before, config.password)))[-_MOST_FORMER:]
        former = FormerCredential(passwords=passwords)
        if result is ConfigurationResult.ACCEPTED and passwords == (None,):
            former = None  # it uses the first password that it is given from now on
        self._shared.config = replace(config, password=password, former=former)
        self._restarted = False
        self._restart_due = result is ConfigurationResult.REBOOT_REQUIRED
        if former is None:
            step = None
        elif self._restart_due:
            step = NewPassword.NEEDS_RESTART
        else:
            step = NewPassword.SENT
        self._shared.update(new_password=step)

    def proved(self, proof: Proof) -> None:
        """Note the credential with which the station connects."""
        config = self._shared.config
        if config.former is None:
            return
        if proof is Proof.PRESENT:
            self._shared.config = replace(config, former=None)
            self._restart_due = self._restarted = False
            self._shared.update(new_password=None)
        elif self._restarted:
            self._shared.update(new_password=NewPassword.NOT_USED)
        else:
            # It reconnected without the new password: only a restart is left to try.
            self._restart_due = True
            self._shared.update(new_password=NewPassword.NEEDS_RESTART)

    def restart_if_due(self, adapter: Adapter) -> None:
        """Restart the station for its new password, unless a car is charging: a restart would end its transaction."""
        if not self._restart_due or any(
            state.transaction for state in self._shared.state.connectors
        ):
            return
        self._restart_due = False
        adapter.link.spawn(self._restart(adapter))

    async def _restart(self, adapter: Adapter) -> None:
        try:
            await adapter.reset(hard=False)
        except CommandError as err:
            _LOGGER.warning(
                "Charger %s did not restart for its new password: %s",
                self._shared.identity,
                err,
            )
        else:
            self._restarted = True
