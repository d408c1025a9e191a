"""Restarts a station that uses a setting only after a restart."""

import logging

from ...engine.model import ConnectorStatus
from ..adapter import Adapter
from ..station_state import CommandError
from .shared_state import SharedState

_LOGGER = logging.getLogger(__name__)


class SettingsRestart:
    """Restarts a station once for each value that it answered with RebootRequired, while no car is connected.

    Tinkerforge WARP and Etrel INCH (lbbrhzn/ocpp issue 1015) answer so to the setting of what to measure. The values that a
    station was restarted for are stored among its variables, so a station that forgets a setting is not restarted again.
    """

    def __init__(self, shared: SharedState) -> None:
        """Restart this station."""
        self._shared = shared
        self._due: dict[str, str] = {}

    def needed(self, key: str, value: str) -> None:
        """Note that the station uses a value only after a restart."""
        if self._shared.variables.get(_word(key)) != value:
            self._due[_word(key)] = value

    def restart_if_due(self, adapter: Adapter) -> None:
        """Restart the station if that is due, and every connector is free."""
        if not self._due or not all(
            connector.status is ConnectorStatus.AVAILABLE
            for connector in self._shared.state.connectors
        ):
            return
        self._shared.variables.update(self._due)
        self._due = {}
        adapter.link.spawn(self._restart(adapter))

    async def _restart(self, adapter: Adapter) -> None:
        try:
            await adapter.reset(hard=False)
        except CommandError as err:
            _LOGGER.debug("%s: restart for settings: %s", self._shared.identity, err)


def _word(key: str) -> str:
    return f"RestartedFor.{key}"
