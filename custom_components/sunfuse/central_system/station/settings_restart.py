"""Restarts a station that uses a setting only after a restart."""

from datetime import datetime, timedelta
import logging

from ...engine.model import ConnectorStatus
from ..adapter import Adapter
from ..station_state import CommandError
from .shared_state import SharedState

_LOGGER = logging.getLogger(__name__)
_RETRY = timedelta(hours=1)


class SettingsRestart:
    """Restarts a station once for each value that it answered with RebootRequired, while no car is connected.

    Tinkerforge WARP and Etrel INCH (lbbrhzn/ocpp issue 1015) answer so to the setting of what to measure. The values that a
    station was restarted for are stored among its variables, so a station that forgets a setting is not restarted again. One
    that refuses is asked again after an hour; one that does not answer may have restarted.
    """

    def __init__(self, shared: SharedState) -> None:
        """Restart this station."""
        self._shared = shared
        self._due: dict[str, str] = {}
        self._refused_at: datetime | None = None

    def needed(self, key: str, value: str) -> None:
        """Note that the station uses a value only after a restart."""
        if self._shared.variables.get(_word(key)) != value:
            self._due[_word(key)] = value

    def restart_if_due(self, adapter: Adapter) -> None:
        """Restart the station if that is due, and every connector is free."""
        refused_at = self._refused_at
        if (
            not self._due
            or (refused_at and abs(self._shared.now() - refused_at) < _RETRY)
            or not all(
                connector.status is ConnectorStatus.AVAILABLE
                for connector in self._shared.state.connectors
            )
        ):
            return
        due, self._due = self._due, {}
        self._shared.variables.update(due)
        adapter.link.spawn(self._restart(adapter, due))

    async def _restart(self, adapter: Adapter, due: dict[str, str]) -> None:
        try:
            await adapter.reset(hard=False)
        except CommandError as err:
            _LOGGER.debug("%s: restart for settings: %s", self._shared.identity, err)
            if err.key == "refused":
                self._refused_at = self._shared.now()
                for word in due:
                    self._shared.variables.pop(word, None)
                self._due = due | self._due


def _word(key: str) -> str:
    return f"RestartedFor.{key}"
