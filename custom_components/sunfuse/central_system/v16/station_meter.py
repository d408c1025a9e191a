"""OCPP 1.6: whose meter connector 0 is, that of the station or that of its only connector."""

from ..station.connector_count import only_connector
from ..station.station_interface import StationInterface

# What was learned, among the station's variables: "true" or "false".
_IS_THE_CONNECTORS = "StationMeterIsConnectors"
_SURE = 3  # messages of connector 0 while a car charges, and none of its connector


class StationMeter:
    """Finds out whether a station with one connector measures its car as connector 0.

    The main meter of a station is connector 0, too: where the connector measures something itself, it is that one.
    """

    def __init__(self, station: StationInterface) -> None:
        """Begin with what is known of the station."""
        self._station = station
        self._alone = 0

    def connector_of(self, number: int) -> int | None:
        """Return which connector meter values are of that a message gives this number; None: they are of none."""
        variables = self._station.variables
        if number != 0:
            if self._alone:
                self._alone = 0
                variables[_IS_THE_CONNECTORS] = "false"
            return number
        only = only_connector(self._station.state)
        if only is None or variables.get(_IS_THE_CONNECTORS) == "false":
            return None
        if self._station.connector(only).transaction is not None:
            self._alone += 1
        if self._alone >= _SURE:
            variables[_IS_THE_CONNECTORS] = "true"
        known = variables.get(_IS_THE_CONNECTORS) == "true"
        return only if known else None
