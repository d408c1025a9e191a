"""Hands the requests of a station to their handlers; before it is accepted, only some requests are allowed."""

from collections.abc import Callable, Mapping

from ..protocol.frames import ErrorCode, Fault, Payload
from ..protocol.link import Answer
from ..station.station_interface import StationInterface

# How a request of the station is answered, given its payload.
type ActionHandler = Callable[[Payload], Answer]

_BEFORE_ACCEPTED = frozenset(("BootNotification", "StatusNotification", "Heartbeat"))


class IncomingRequests:
    """Dispatches the requests of one connected station."""

    def __init__(
        self,
        station: StationInterface,
        handlers: Mapping[str, ActionHandler],
        came_back: Callable[[], None],
    ) -> None:
        """Call `came_back` with each request that shows that an accepted station is in service."""
        self._station = station
        self._handlers = handlers
        self._came_back = came_back

    def handle(self, action: str, payload: Payload) -> Answer:
        """Return the answer to a request that is valid by its schema.

        Raises:
            Fault: the version has no such request, the station may not send it yet, or its handler refuses it.

        """
        if (handler := self._handlers.get(action)) is None:
            raise Fault(ErrorCode.NOT_SUPPORTED, f"{action} is not for central systems")
        if not self._station.state.accepted and action not in _BEFORE_ACCEPTED:
            raise Fault(ErrorCode.SECURITY, "This station has not been accepted yet")
        self._station.reports.heard()
        answer = handler(payload)
        if self._station.state.accepted and action != "BootNotification":
            self._came_back()
        return answer
