"""Tells when a car was plugged in or unplugged, once each, also if that happened while nobody could know of it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from ....engine.model import ConnectorStatus
from ...station_state import GONE, PlugNews
from ..shared_state import SharedState

# These do not show whether a car is there.
_MUTE = frozenset((ConnectorStatus.UNAVAILABLE, ConnectorStatus.FAULTED))
# OCPP 1.6 section 7.36, OCPP 2.0.1 part 2 section 3.73: the cable was unplugged.
_UNPLUGS = frozenset(("EVDisconnected",))


class PlugEvents:
    """What was last reported of each connector: whether a car is there.

    What was never known is no event: a car that is there when its charger is first seen was not plugged in just now.
    """

    def __init__(self, shared: SharedState, tell: Callable[[PlugNews], None]) -> None:
        """Call `tell` with each event."""
        self._shared = shared
        self._tell = tell
        self._plugged: dict[int, bool] = {}
        self._heard: set[int] = set()  # whose status came on this connection

    def connected(self) -> None:
        """Note that the station was away: its next statuses tell what happened meanwhile."""
        self._heard.clear()

    def memory(self) -> dict[str, bool]:
        """Return what is to be stored over our restart."""
        return {str(connector): there for connector, there in self._plugged.items()}

    def restore(self, plugged: Mapping[int, bool]) -> None:
        """Continue from what was stored."""
        self._plugged = dict(plugged)

    def reported_status(
        self, connector: int, status: ConnectorStatus, at: datetime
    ) -> None:
        """Note a status that a station reports, `at` by our clock."""
        if status in _MUTE:
            return
        late = connector not in self._heard or self._is_old(at)
        self._heard.add(connector)
        self._note(connector, status not in GONE, at, late=late)

    def started(self, connector: int, at: datetime, *, late: bool) -> None:
        """Note that a transaction started: a car is there, or was."""
        if not late:
            self._heard.add(connector)
        self._note(connector, True, at, late=late)

    def stopped(
        self, connector: int, at: datetime, reason: str | None, *, late: bool
    ) -> None:
        """Note the end of a transaction of the past: its car has left if it said so, or if no car is there now."""
        gone = self._shared.connector(connector).status in GONE
        if late and (gone or reason in _UNPLUGS):
            self._note(connector, False, at, late=True)

    def _is_old(self, at: datetime) -> bool:
        return self._shared.now() - at > timedelta(seconds=self._shared.timing.live_s)

    def _note(self, connector: int, plugged: bool, at: datetime, *, late: bool) -> None:
        before = self._plugged.get(connector)
        self._plugged[connector] = plugged
        if before is not None and before is not plugged:
            self._tell(
                PlugNews(
                    identity=self._shared.identity,
                    connector=connector,
                    plugged_in=plugged,
                    at=at,
                    late=late,
                )
            )
