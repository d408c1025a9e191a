"""How to speak to chargers: OCPP over WebSocket, behind one interface that knows no version."""

from .adapter import Adapter
from .commands import (
    ConfigurationResult,
    Firmware,
    InstalledCertificate,
    LogKind,
    NetworkProfile,
    Schedule,
    TransactionStatus,
)
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
from .security.cards import Card, CardPolicy
from .security.certificates import CertificateAuthority
from .server import CentralSystem
from .station.station import Station
from .station.timing import Timing

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
