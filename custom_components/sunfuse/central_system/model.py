"""A charging station as the rest of the program sees it, whatever version of OCPP it speaks."""

from dataclasses import dataclass, field
from datetime import datetime

from ..engine.model import ConnectorStatus


class CommandError(Exception):
    """A command that the station refused, did not answer, or could not be sent.

    `key` is one of `refused`, `timeout`, `not_connected`, `not_supported`; `detail` is what the station said.
    """

    def __init__(self, key: str, detail: str = "") -> None:
        """Remember what went wrong."""
        super().__init__(f"{key}: {detail}" if detail else key)
        self.key = key
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class StationInfo:
    """What the station said of itself when it booted."""

    vendor: str = ""
    model: str = ""
    serial: str | None = None
    firmware: str | None = None
    protocol: str = "ocpp1.6"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSample:
    """The newest of each measurand of a connector; None where it never told. Phases are the charger's own L1..L3."""

    at: datetime | None = None
    current_a: tuple[float | None, float | None, float | None] = (None, None, None)
    voltage_v: tuple[float | None, float | None, float | None] = (None, None, None)
    power_w: float | None = None
    energy_wh: float | None = None  # the lifetime register: it only rises
    soc: float | None = None
    offered_a: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """OCPP's part of a session."""

    id: str
    started_at: datetime
    meter_start_wh: float | None = None
    id_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorState:
    """A connector as last heard of. `id` counts from 1 through all EVSEs of the station."""

    id: int
    status: ConnectorStatus | None = None  # None until it told
    error_code: str | None = None
    meter: MeterSample = field(default_factory=MeterSample)
    transaction: Transaction | None = None
    session_energy_wh: float | None = None  # of the running session, or of the last one
    offer_a: float | None = None  # what the station last confirmed
    offered_at: datetime | None = None
    offer_until: datetime | None = None  # when that offer lapses by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class StationState:
    """A station as last heard of."""

    identity: str
    accepted: bool
    connected: bool
    info: StationInfo = field(default_factory=StationInfo)
    connectors: tuple[ConnectorState, ...] = ()
    last_seen: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationConfig:
    """What the user said of a station when accepting it."""

    identity: str
    connectors: int = 1
    phases: int = 3
    voltage_v: float = 230.0
    min_a: float = 6.0
    max_a: float = 16.0
    fail_safe_a: float = 6.0
