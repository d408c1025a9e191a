"""What automations and users can have a station do, in words that no version owns."""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .adapter import Adapter
from .model import CommandError
from .protocol.frames import Payload


class ConfigurationResult(StrEnum):
    """What became of a setting."""

    ACCEPTED = "accepted"
    REBOOT_REQUIRED = "reboot_required"

    @classmethod
    def of(cls, status: str, key: str) -> ConfigurationResult:
        """Return the result that a station's word for it means.

        Raises:
            CommandError: the station did not take the setting.

        """
        match status:
            case "Accepted":
                return cls.ACCEPTED
            case "RebootRequired":
                return cls.REBOOT_REQUIRED
        unknown = status.startswith(("Unknown", "NotSupported"))
        raise CommandError("not_supported" if unknown else "refused", key)


class LogKind(StrEnum):
    """Which log is asked for."""

    DIAGNOSTICS = "diagnostics"
    SECURITY = "security"


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """Where new firmware is, and when to fetch and install it; signed where the station wants that."""

    location: str
    retrieve_at: datetime
    install_at: datetime | None = None
    signing_certificate: str | None = None
    signature: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledCertificate:
    """A certificate that a station has: what for, in the specification's word, and by which hashes it is known."""

    kind: str
    hash_algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStatus:
    """What a station of 2.x says of a transaction; `ongoing` is None where it was asked of none."""

    ongoing: bool | None
    messages_wait: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkProfile:
    """Where a station of 2.x is to connect: an entry of its list, used when it stands in NetworkConfigurationPriority."""

    slot: int
    url: str
    security_profile: int
    interface: str = "Wired0"
    timeout_s: int = 30


class ActingAdapter(Adapter):
    """The actions, as each version does them. All raise CommandError."""

    @abstractmethod
    async def get_configuration(self, keys: tuple[str, ...]) -> dict[str, str | None]:
        """Return settings, None for those that the station does not know; no keys: all that it tells."""

    @abstractmethod
    async def set_configuration(self, key: str, value: str) -> ConfigurationResult:
        """Change a setting."""

    @abstractmethod
    async def change_password(self, password: str) -> ConfigurationResult:
        """Give the station the password that it is to connect with."""

    @abstractmethod
    async def trigger(self, message: str, connector: int | None) -> None:
        """Have the station send a message."""

    @abstractmethod
    async def set_availability(self, connector: int, *, operative: bool) -> None:
        """Put a connector, or (0) the whole station, out of service or back."""

    @abstractmethod
    async def clear_cache(self) -> None:
        """Have the station forget the cards that it has seen."""

    @abstractmethod
    async def send_log(self, location: str, kind: LogKind) -> str | None:
        """Have the station upload a log; returns the name of the file."""

    @abstractmethod
    async def update_firmware(self, firmware: Firmware) -> None:
        """Have the station fetch and install firmware."""

    @abstractmethod
    async def reserve(
        self, reservation_id: int, connector: int, id_token: str, until: datetime
    ) -> None:
        """Reserve a connector, or (0) any, for a card."""

    @abstractmethod
    async def cancel_reservation(self, reservation_id: int) -> None:
        """Cancel a reservation."""

    @abstractmethod
    async def transfer_data(
        self, vendor: str, message: str | None, data: str | None
    ) -> str | None:
        """Send a vendor's own message; returns the data of the answer."""

    @abstractmethod
    async def install_certificate(self, kind: str, certificate: str) -> None:
        """Have the station trust a certificate (PEM); the kind is the specification's word."""

    @abstractmethod
    async def clear_profiles(self) -> None:
        """Have the station forget all limits on transactions, whoever set them."""

    @abstractmethod
    async def installed_certificates(self) -> list[InstalledCertificate]:
        """Return the certificates that the station trusts or has."""

    @abstractmethod
    async def delete_certificate(self, certificate: InstalledCertificate) -> None:
        """Have the station forget a certificate."""

    @abstractmethod
    async def renew_certificate(self) -> None:
        """Have the station ask for a certificate of its own to be signed."""

    @abstractmethod
    async def request(self, action: str, payload: Payload) -> Payload:
        """Send any message of the version, in its own words; returns the answer."""

    # What only 2.x has

    async def charging_profiles(self) -> list[Payload]:
        """Return the limits that the station has, in its own words."""
        raise CommandError("not_supported", "GetChargingProfiles")

    async def display(self, message_id: int, text: str, language: str | None) -> None:
        """Show a message on the station's display."""
        raise CommandError("not_supported", "SetDisplayMessage")

    async def clear_display(self, message_id: int) -> None:
        """Take a message off the station's display."""
        raise CommandError("not_supported", "ClearDisplayMessage")

    async def display_messages(self) -> list[Payload]:
        """Return what the station's display shows, in its own words."""
        raise CommandError("not_supported", "GetDisplayMessages")

    async def report(self, component: str) -> dict[str, str | None]:
        """Return the variables of a component."""
        raise CommandError("not_supported", "GetReport")

    async def monitors(self) -> list[Payload]:
        """Return the monitors that are set, in the station's own words."""
        raise CommandError("not_supported", "GetMonitoringReport")

    async def customer_information(self, id_token: str, *, clear: bool) -> str:
        """Return what the station keeps of a card's owner, and have it forget that."""
        raise CommandError("not_supported", "CustomerInformation")

    async def transaction_status(self, transaction_id: str | None) -> TransactionStatus:
        """Return whether a transaction goes on, and whether the station has messages of it that wait."""
        raise CommandError("not_supported", "GetTransactionStatus")

    async def tell_cost(self, transaction_id: str, cost: float) -> None:
        """Tell the station what a transaction has cost so far."""
        raise CommandError("not_supported", "CostUpdated")

    async def set_network_profile(self, profile: NetworkProfile) -> None:
        """Tell the station where it is to connect, and how."""
        raise CommandError("not_supported", "SetNetworkProfile")
