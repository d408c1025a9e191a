"""What each connector's session asks for: energy, departure and how to get there, whoever said it."""

from datetime import datetime

from ..drivers.demand import Demand
from ..drivers.wishes import ChargingStrategy
from .outcome import ConnectorKey

__all__ = ["ChargingStrategy", "Demand", "Demands"]


class Demands:
    """Gathers what is asked for at each connector."""

    def at(self, _key: ConnectorKey, _now: datetime) -> Demand:
        """Return what the session at a connector asks for now."""
        return Demand()
