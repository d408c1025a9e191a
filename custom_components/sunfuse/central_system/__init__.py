"""How to speak to chargers: OCPP over WebSocket, behind one interface that knows no version."""

from .model import (
    ChargingNeeds,
    CommandError,
    ConnectorState,
    FailSafe,
    FinishedTransaction,
    MeterSample,
    OfferCheck,
    StationConfig,
    StationInfo,
    StationState,
    Transaction,
)
from .server import CentralSystem
from .station import Station
from .timing import Timing

__all__ = [
    "CentralSystem",
    "ChargingNeeds",
    "CommandError",
    "ConnectorState",
    "FailSafe",
    "FinishedTransaction",
    "MeterSample",
    "OfferCheck",
    "Station",
    "StationConfig",
    "StationInfo",
    "StationState",
    "Timing",
    "Transaction",
]
