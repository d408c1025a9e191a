"""OCPP 2.x: the status of connectors, wherever a station reports it.

StatusNotification, or AvailabilityState of the component Connector in NotifyEvent (OCPP 2.0.1 part 2, G01), in a report on
the device model, or asked for. Of an EVSE with one connector, the EVSE's state is the connector's.
"""

from collections.abc import Callable
from datetime import datetime

from ...engine.model import ConnectorStatus
from ..protocol.frames import Payload
from ..station.connector_count import NUMBER_OF_CONNECTORS
from ..station.station_interface import StationInterface
from ..station_state import CHARGES, GONE
from .evses import Evses2

AVAILABILITY = "AvailabilityState"
_COMPONENTS = frozenset(("Connector", "EVSE"))
_STATUS = {
    "Available": ConnectorStatus.AVAILABLE,
    "Occupied": ConnectorStatus.PREPARING,
    "Reserved": ConnectorStatus.RESERVED,
    "Unavailable": ConnectorStatus.UNAVAILABLE,
    "Faulted": ConnectorStatus.FAULTED,
}


class Availability2:
    """Notes the status of the connectors of one connected station."""

    def __init__(
        self, station: StationInterface, evses: Evses2, found: Callable[[], None]
    ) -> None:
        """Call `found` if a connector is reported that was not known when the station was set up."""
        self._station = station
        self._evses = evses
        self._found = found
        # While it was away, the car whose session has ended may have made room for another one.
        self._ended_before = {
            connector.id
            for connector in station.state.connectors
            if connector.status is ConnectorStatus.FINISHING
        }

    def notified(self, evse: int, connector: int, status: str, at: datetime) -> None:
        """Note a status that the station reports because it changed."""
        station = self._station
        known = len(station.connectors.evses)
        number = self._evses.connector_of(evse, connector)
        if len(station.connectors.evses) > max(known, 1) and station.variables:
            # Ask whether the station really has it.
            station.variables.pop(NUMBER_OF_CONNECTORS, None)
            self._found()
        if not number:
            return
        if status == "Occupied" and self._knows_more(number):
            return
        self._ended_before.discard(number)
        self._note(number, status, at)

    def _knows_more(self, number: int) -> bool:
        """Whether a transaction of the car that occupies a connector has said more of it."""
        connector = self._station.connector(number)
        if connector.transaction is not None:
            return True
        ended = connector.status is ConnectorStatus.FINISHING
        return ended and number not in self._ended_before

    def ended_away(self, number: int) -> None:
        """Note that a session ended while the station was away, as it reports now."""
        if self._station.connector(number).status in CHARGES:
            # Of a connector that is occupied nothing else is said; if that is said from now on, it may be another car.
            self._station.connectors.reported_status(
                number, ConnectorStatus.FINISHING, None
            )
            self._ended_before.add(number)

    def event(self, event: Payload, at: datetime) -> None:
        """Note what an event says of a connector's status; it may say nothing of it."""
        place, status = self._place_of(event), event["actualValue"]
        if place is not None and status in _STATUS:
            self.notified(*place, status, at)

    def reported(self, entry: Payload, value: str | None, at: datetime) -> None:
        """Note what a report, which may be requested at any time, says of a connector's status."""
        place = self._place_of(entry)
        if place is None or value not in _STATUS:
            return
        number = self._station.connectors.numbered(*place)
        if number:
            self.asked(number, value, at)

    def asked(self, number: int, status: str | None, at: datetime) -> None:
        """Note the status of a connector that was asked for it; an occupied one may have reported more before."""
        before = self._station.connector(number)
        there = before.status is not None and before.status not in GONE
        if status == "Occupied" and (there or before.transaction is not None):
            return
        if status in _STATUS:
            self._note(number, status, at)

    def _note(self, number: int, reported: str, at: datetime) -> None:
        status = _STATUS[reported]
        fault = "Faulted" if status is ConnectorStatus.FAULTED else None
        self._station.connectors.reported_status(number, status, fault, at)

    def _place_of(self, entry: Payload) -> tuple[int, int] | None:
        """Return the EVSE and connector whose AvailabilityState this is, None if it is something else."""
        component = entry["component"]
        evse = component.get("evse", {})
        if (
            component["name"] not in _COMPONENTS
            or entry["variable"]["name"] != AVAILABILITY
            or "id" not in evse
        ):
            return None
        if "connectorId" in evse:
            return evse["id"], evse["connectorId"]
        connectors = [c for e, c in self._station.connectors.evses if e == evse["id"]]
        if len(connectors) > 1:
            return None  # of which of them is not known
        return evse["id"], connectors[0] if connectors else 1
