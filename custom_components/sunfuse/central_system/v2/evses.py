"""OCPP 2.x: connectors as messages identify them, by EVSE."""

from ...engine.model import ConnectorStatus
from ..station.station_interface import StationInterface


class Evses2:
    """Converts between the numbers of connectors and their places at EVSEs."""

    def __init__(self, station: StationInterface) -> None:
        """Use the numbers that the station gave them."""
        self._station = station

    def place_of(self, connector: int) -> tuple[int, int]:
        """Return the EVSE and connector of a number; the number itself if it is not known."""
        for place, number in self._station.connectors.evses.items():
            if number == connector:
                return place
        return connector, 1

    def connector_of(self, evse: int, connector: int | None = None) -> int:
        """Return the number of a connector; that of the EVSE in use if none is named."""
        connectors = self._station.connectors
        if connector:  # some stations write 0, which no connector has
            return connectors.numbered(evse, connector)
        numbers = [number for (e, _), number in connectors.evses.items() if e == evse]
        for number in numbers:
            state = self._station.connector(number)
            if state.transaction or state.status is not ConnectorStatus.AVAILABLE:
                return number
        return numbers[0] if numbers else connectors.numbered(evse, 1)

    def only_connector(self) -> int:
        """Return the connector of a station that has one, 0 if it has more."""
        numbers = [state.id for state in self._station.state.connectors]
        return numbers[0] if len(numbers) == 1 else 0
