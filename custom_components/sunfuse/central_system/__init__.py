"""How to speak to chargers: OCPP over WebSocket, behind one interface that knows no version."""

from .actions import ConfigurationResult, Firmware, LogKind
from .adapter import Schedule
from .cards import Card, CardPolicy
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
    "Card",
    "CardPolicy",
    "ConfigurationResult",
    "Firmware",
    "LogKind",
    "Schedule",
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
