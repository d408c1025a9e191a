"""What commands to a station take and return, the same for all versions."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .station_state import CommandError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit for one connector, in amperes per phase, by the station's clock; without an end it is permanent."""

    current_a: float
    phases: int | None = None  # None: as many as the station has
    start: datetime | None = None
    duration_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The limits that a station intends, in amperes per phase, each from this many seconds on."""

    steps: tuple[tuple[float, float], ...]
    duration_s: float

    def at(self, seconds: float) -> float | None:
        """Return the limit after this many seconds; None if the schedule does not say."""
        if seconds >= self.duration_s:
            return None
        known = [limit for start, limit in self.steps if start <= seconds]
        return known[-1] if known else None


class ConfigurationResult(StrEnum):
    """The result of changing a setting."""

    ACCEPTED = "accepted"
    REBOOT_REQUIRED = "reboot_required"

    @classmethod
    def of(cls, status: str, key: str) -> ConfigurationResult:
        """Return the result that a status of the station means.

        Raises:
            CommandError: the station did not accept the setting.

        """
        match status:
            case "Accepted":
                return cls.ACCEPTED
            case "RebootRequired":
                return cls.REBOOT_REQUIRED
        unknown = status.startswith(("Unknown", "NotSupported"))
        raise CommandError("not_supported" if unknown else "refused", key)


class LogKind(StrEnum):
    """Which log is requested."""

    DIAGNOSTICS = "diagnostics"
    SECURITY = "security"


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """Where new firmware is, and when to download and install it; signed if the station requires that."""

    location: str
    retrieve_at: datetime
    install_at: datetime | None = None
    signing_certificate: str | None = None
    signature: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledCertificate:
    """A certificate of a station: its purpose, in the specification's term, and the hashes that identify it."""

    kind: str
    hash_algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStatus:
    """What a station of 2.x reports about a transaction; `ongoing` is None if no transaction was named."""

    ongoing: bool | None
    messages_wait: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkProfile:
    """Where a station of 2.x is to connect: an entry of its list, used when NetworkConfigurationPriority names it."""

    slot: int
    url: str
    security_profile: int
    interface: str = "Wired0"
    timeout_s: int = 30
