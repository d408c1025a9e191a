"""Talks to chargers: OCPP over WebSocket, behind one interface that is the same for all versions."""

from .adapter import Adapter
from .security.card_policy import Card, CardPolicy
from .security.certificates import CertificateAuthority
from .server import CentralSystem
from .station.station import Station
from .station.timing import Timing
from .station_commands import (
    ConfigurationResult,
    Firmware,
    InstalledCertificate,
    LogKind,
    NetworkProfile,
    Schedule,
    TransactionStatus,
)
from .station_state import (
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

__all__ = [
    "Adapter",
    "Card",
    "CardPolicy",
    "CertificateAuthority",
    "ConfigurationResult",
    "Firmware",
    "InstalledCertificate",
    "NetworkProfile",
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
    "TransactionStatus",
]
