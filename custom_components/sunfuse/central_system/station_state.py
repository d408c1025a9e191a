"""A charging station as the rest of the program sees it, whatever version of OCPP it speaks."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from ..engine.model import ConnectorStatus

CHARGES = frozenset(
    (
        ConnectorStatus.CHARGING,
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.SUSPENDED_EVSE,
    )
)

# With these statuses no contactor is closed, whatever else is known.
IDLE = frozenset(
    (
        ConnectorStatus.AVAILABLE,
        ConnectorStatus.PREPARING,
        ConnectorStatus.RESERVED,
        ConnectorStatus.FINISHING,
        ConnectorStatus.UNAVAILABLE,
    )
)
# A card without a car makes a station wait for one for no longer: usually one or two minutes.
CARD_S = 180.0
# With these statuses there is no car.
GONE = frozenset((ConnectorStatus.AVAILABLE, ConnectorStatus.RESERVED))


class CommandError(Exception):
    """A command that the station refused, did not answer, or could not be sent.

    `key` is one of `refused`, `timeout`, `not_connected`, `not_supported`, `impossible`; `detail` is what the station
    answered, or what is wrong with the request.
    """

    def __init__(self, key: str, detail: str = "") -> None:
        """Remember what went wrong."""
        super().__init__(f"{key}: {detail}" if detail else key)
        self.key = key
        self.detail = detail


class FailSafe(StrEnum):
    """Whether a station goes to its fail-safe current when it loses its connection to us."""

    NOT_VERIFIED = "not_verified"
    VERIFIED = "verified"
    DOES_NOT_FALL_BACK = "does_not_fall_back"


class LocalList(StrEnum):
    """Whether a station has our list of cards, with which drivers can charge while we are offline."""

    IN_STEP = "in_step"
    NOT_TAKEN = "not_taken"


class OfferCheck(StrEnum):
    """How well it is known that a connector complies with its offer."""

    NONE = "none"  # nothing was offered yet
    ANSWERED = "answered"  # the station accepted it
    SCHEDULED = "scheduled"  # its composite schedule agrees
    OBEYED = "obeyed"  # the car draws no more than that
    EXCEEDED = "exceeded"  # the car draws more


class NewPassword(StrEnum):
    """The progress of a new password that was sent to a station; until it is used, the former credential remains valid."""

    SENT = "sent"  # used when it next connects
    NEEDS_RESTART = "needs_restart"  # used after a restart
    NOT_USED = "not_used"  # it was restarted, and connected with the former credential


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerCredential:
    """What a station may still connect with until it has used a new password; None: no password was required.

    There are several if another password was sent before the last one was used.
    """

    passwords: tuple[str | None, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationInfo:
    """What the station reported about itself when it booted."""

    vendor: str = ""
    model: str = ""
    serial: str | None = None
    firmware: str | None = None
    protocol: str = "ocpp1.6"


@dataclass(frozen=True, kw_only=True)  # without slots: see `copy_with`
class MeterSample:
    """The newest value of each measurand of a connector; None if never reported. Phases are the charger's own L1..L3."""

    at: datetime | None = None
    current_a: tuple[float | None, float | None, float | None] = (None, None, None)
    voltage_v: tuple[float | None, float | None, float | None] = (None, None, None)
    power_w: float | None = None
    energy_wh: float | None = None  # the lifetime register: it only rises
    soc: float | None = None
    offered_a: float | None = None  # what the charger allows the car, as it reports
    offered_at: datetime | None = None

    def drawn_a(self, phases: int, voltage_v: float) -> float:
        """Return what is drawn from the phase that is used most; if only the power is known, it is spread over this many phases."""
        reported = [current for current in self.current_a if current is not None]
        if reported or self.power_w is None:
            return max(reported, default=0.0)
        return self.power_w / voltage_v / phases


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A transaction: OCPP's part of a session."""

    id: str
    started_at: datetime
    meter_start_wh: float | None = None
    id_token: str | None = None
    authorised: bool = True  # OCPP 2.x: a transaction may begin with the cable, before charging is authorised


@dataclass(frozen=True, slots=True)
class Session:
    """What runs on a connector: an offer of 0 A ends the session that it was decided for, and no other."""

    transaction_id: str | None
    charges: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingNeeds:
    """What an ISO 15118 car asks for (OCPP 2.x NotifyEVChargingNeeds)."""

    at: datetime
    departure: datetime | None = None
    energy_wh: float | None = None
    min_a: float | None = None
    max_a: float | None = None
    phases: int | None = None
    max_power_w: float | None = None
    soc: float | None = None
    capacity_wh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedTransaction:
    """A finished transaction: reported once, however late, often and incompletely the station reports it.

    When something that is heard later shows another energy, it is reported again with the time of that (`corrected_at`).
    Other times are the station's own, corrected by the skew of its clock. What is not known is None: a transaction whose
    start was never reported has no connector.
    """

    identity: str
    id: str
    connector: int | None
    started_at: datetime | None
    stopped_at: datetime
    meter_start_wh: float | None
    meter_stop_wh: float | None
    energy_wh: float | None
    corrected_at: datetime | None = None
    id_token: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReading:
    """A meter value that a station signed, exactly as it was received (OCMF and the like)."""

    identity: str
    transaction_id: str
    at: datetime
    context: str = ""  # Transaction.Begin, Transaction.End, ...
    encoding: str = ""
    data: str
    method: str = ""
    public_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionNews:
    """A session started or ended at a connector: reported once, also after a restart.

    It is `late` if it happened while nobody could know of it: the station was disconnected, or we were not running.
    """

    identity: str
    connector: int
    id: str
    started: bool  # otherwise it ended
    at: datetime
    late: bool
    id_token: str | None = None
    meter_start_wh: float | None = None  # at its begin
    energy_wh: float | None = None  # at its end


@dataclass(frozen=True, slots=True, kw_only=True)
class PlugNews:
    """A car was plugged in at a connector, or unplugged: reported once, also after a restart, and `late` like `SessionNews`."""

    identity: str
    connector: int
    plugged_in: bool  # otherwise unplugged
    at: datetime
    late: bool


type ConnectorNews = PlugNews | SessionNews


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEnergy:
    """The energy of a connector as it was last written to storage, and that of the session by then."""

    energy_wh: float | None
    session_wh: float | None
    session_id: str | None
    session_runs: bool


@dataclass(frozen=True, kw_only=True)  # without slots: see `copy_with`
class ConnectorState:
    """A connector as last reported. `id` counts from 1 through all EVSEs of the station."""

    id: int
    status: ConnectorStatus | None = None  # None until it is reported
    error_code: str | None = None
    meter: MeterSample = field(default_factory=MeterSample)
    transaction: Transaction | None = None
    session_energy_wh: float | None = None  # of the running session, or of the last one
    session_id: str | None = None  # the transaction of that session
    offer_a: float | None = None  # as last confirmed by the station
    offered_at: datetime | None = None
    offer_until: datetime | None = None  # when that offer expires by itself
    offer_check: OfferCheck = OfferCheck.NONE
    evse_id: int | None = None  # OCPP 2.x: the EVSE that it belongs to
    needs: ChargingNeeds | None = None
    # What other limits allow, as the station reports: its own settings, the grid operator (OCPP 2.x).
    charger_limit_a: float | None = None
    used: bool = False  # whether a transaction ever ran on it
    priority: bool = (
        False  # the driver requested maximum power at the station (OCPP 2.1)
    )
    # We stopped its transaction and will start another one: neither the driver nor the car did.
    paused: bool = False
    # How often a start was requested for the waiting car, without any transaction yet.
    start_requests: int = 0
    # It refuses to stop the running transaction, by a limit of 0 A or in any other way.
    refuses_to_stop: bool = False
    stored: StoredEnergy | None = None  # None: nothing of it is stored

    @property
    def session(self) -> Session:
        """Which transaction is running, and whether a car may be charging, with or without a known one."""
        transaction = self.transaction
        charges = transaction is not None or self.status in CHARGES
        return Session(transaction.id if transaction else None, charges)

    @property
    def lasting_energy_wh(self) -> float | None:
        """The lifetime energy that is known after a power cut, too: a counter that shows it never falls."""
        if self.stored is None or self.stored.energy_wh is None:
            return self.meter.energy_wh
        return self.stored.energy_wh

    @property
    def unsaved_wh(self) -> float | None:
        """How much of the lifetime energy is not in storage yet; None if no energy is known."""
        if (energy_wh := self.meter.energy_wh) is None:
            return None
        saved_wh = self.stored.energy_wh if self.stored else None
        return energy_wh - (saved_wh or 0.0)

    @property
    def lasting_session_wh(self) -> float | None:
        """The energy of the running session, or of the last one, that is known after a power cut, too."""
        if self.stored is None:
            return self.session_energy_wh
        if self.session_id != self.stored.session_id:
            return self.session_energy_wh and 0.0  # it has just begun
        return self.stored.session_wh


@dataclass(frozen=True, kw_only=True)  # without slots: see `copy_with`
class StationState:
    """The last known state of a station."""

    identity: str
    accepted: bool
    connected: bool
    info: StationInfo = field(default_factory=StationInfo)
    connectors: tuple[ConnectorState, ...] = ()
    # Which connectors it has by all that is known; none while that is not known.
    known_connectors: tuple[int, ...] = ()
    counts_connectors: bool = False  # whether it reports how many it has
    last_seen: datetime | None = None
    fail_safe: FailSafe = FailSafe.NOT_VERIFIED
    fail_safe_set: bool | None = (
        None  # whether the station accepted its fail-safe current
    )
    # What its connectors may draw while it is disconnected: the fail-safe current, or the maximum if the station is
    # known not to fall back to it.
    fall_back_a: float | None = None
    switches_phases: bool = False  # whether it charges on one phase if commanded to
    takes_limits: bool = True  # otherwise it can only be started and stopped
    last_card: str | None = None  # the card that was last presented to it
    last_card_at: datetime | None = None
    # Whether it was accepted: None while an automation is asked about it, and again once a session began or ended with it.
    last_card_taken: bool | None = None
    local_list: LocalList | None = None  # None: none was ever sent
    # The last reported progress of downloading and installing firmware, in the specification's term.
    firmware_status: str | None = None
    # Clients that failed to prove to be this station: how many, and the address of the last one.
    wrong_passwords: int = 0
    wrong_password_from: str | None = None
    new_password: NewPassword | None = (
        None  # None: it uses the password that it is meant to use
    )
    # The last reported progress of uploading a log.
    log_status: str | None = None
    quirks: tuple[str, ...] = ()  # the rows of the quirks table that apply to it

    def waits_for_car(self, now: datetime, longest_s: float = CARD_S) -> bool:
        """Whether a card was accepted with which no session has begun yet: usually its driver plugs the car in afterwards."""
        card_at = self.last_card_at if self.last_card_taken else None
        return card_at is not None and now - card_at < timedelta(seconds=longest_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationConfig:
    """The configuration that the user gave when accepting a station."""

    identity: str
    connectors: int = 1
    more_connectors: tuple[int, ...] = ()  # beside those numbered from 1
    phases: int = 3
    voltage_v: float = 230.0
    min_a: float = 6.0
    max_a: float = 16.0
    fail_safe_a: float = 6.0
    time_factor: float = 1.0  # a simulated station's energy flows this much faster
    expiry_s: int = 120  # a live limit expires by itself after this
    renew_s: float = 40.0  # and is renewed, unchanged, after this
    # Security profile 0 requires nothing; with a password it is 1 (2 inside TLS), with a certificate 3.
    password: str | None = field(default=None, repr=False)
    # What is valid beside the password until the station has used that.
    former: FormerCredential | None = None
    client_certificate: bool = False
    # Fields of `quirks.Behaviour` that the user sets.
    quirks: tuple[tuple[str, str], ...] = ()
