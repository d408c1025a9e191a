"""The interface of the adapters: what each version of OCPP does for a station."""

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Protocol

from .protocol.frames import Payload
from .protocol.link import Answer, Link
from .protocol.requests import Requests
from .station_commands import (
    ConfigurationResult,
    Firmware,
    InstalledCertificate,
    Limit,
    LogKind,
    NetworkProfile,
    Schedule,
    TransactionStatus,
)
from .station_state import CommandError


class Onboarding(Protocol):
    """Sets up a connected station."""

    async def wait_for_boot(self) -> None:
        """Set the station up if it sends no BootNotification after it connected."""

    def set_up_again(self) -> None:
        """Set the station up again, as its configuration changed after it booted."""

    async def ask_to_boot(self) -> None:
        """Ask a station that was accepted while it is connected to boot again."""


class Adapter(ABC):
    """Speaks one version of OCPP with one connected station."""

    onboarding: Onboarding

    def __init__(self, link: Link, requests: Requests) -> None:
        """Speak on this link, and send requests on it."""
        self.link = link
        self._requests = requests

    @abstractmethod
    def handle(self, action: str, payload: Payload) -> Answer:
        """Handle a request of the station, valid by its schema, and return the answer.

        Raises:
            Fault: the request is wrong in a way that a schema cannot detect.

        """

    # A station of 2.x gives its transactions their ids itself

    def knows(self, transaction_id: str) -> bool:
        """Whether the station knows the id of its transaction: until then it refuses commands that name it."""
        return True

    async def until_known(self, transaction_id: str) -> None:
        """Wait until the station knows the id of its transaction, or is disconnected.

        Raises:
            CommandError: it does not receive the id in time.

        """

    # Commands. All raise CommandError.

    @abstractmethod
    async def limit_transaction(
        self, connector: int, transaction_id: str | None, limit: Limit
    ) -> None:
        """Limit the running transaction of a connector."""

    @abstractmethod
    async def remote_start(self, connector: int, limit: Limit) -> bool:
        """Start a transaction on a connector that has a car; returns whether it begins with the limit."""

    @abstractmethod
    async def remote_stop(self, transaction_id: str) -> None:
        """Stop a transaction, once the station knows its id."""

    @abstractmethod
    async def schedule(self, connector: int, duration_s: int) -> Schedule:
        """Return what the station intends to allow a connector from now on (its composite schedule)."""

    @abstractmethod
    async def reset(self, *, hard: bool) -> None:
        """Restart the station."""

    @abstractmethod
    async def unlock(self, connector: int) -> None:
        """Unlock the plug of a connector."""

    @abstractmethod
    async def get_configuration(self, keys: tuple[str, ...]) -> dict[str, str | None]:
        """Return settings, None for those that the station does not know; with no keys, all that it reports."""

    @abstractmethod
    async def set_configuration(self, key: str, value: str) -> ConfigurationResult:
        """Change a setting."""

    @abstractmethod
    async def change_password(self, password: str) -> ConfigurationResult:
        """Give the station the password to connect with."""

    @abstractmethod
    async def trigger(self, message: str, connector: int | None) -> None:
        """Ask the station to send a message."""

    @abstractmethod
    async def set_availability(self, connector: int, *, operative: bool) -> None:
        """Put a connector, or (0) the whole station, out of service or back into service."""

    async def clear_cache(self) -> None:
        """Make the station delete the cards that it has seen."""
        await self._requests.command("ClearCache", {})

    @abstractmethod
    async def send_log(self, location: str, kind: LogKind) -> str | None:
        """Make the station upload a log; returns the name of the file."""

    @abstractmethod
    async def update_firmware(self, firmware: Firmware) -> None:
        """Make the station download and install firmware."""

    @abstractmethod
    async def reserve(
        self, reservation_id: int, connector: int, id_token: str, until: datetime
    ) -> None:
        """Reserve a connector, or (0) any, for a card."""

    async def cancel_reservation(self, reservation_id: int) -> None:
        """Cancel a reservation."""
        payload = {"reservationId": reservation_id}
        await self._requests.command("CancelReservation", payload)

    async def transfer_data(
        self, vendor: str, message: str | None, data: str | None
    ) -> str | None:
        """Send a vendor-specific message; returns the data of the answer."""
        payload: Payload = {"vendorId": vendor}
        if message is not None:
            payload["messageId"] = message
        if data is not None:
            payload["data"] = data
        answer = await self._requests.call("DataTransfer", payload)
        if answer["status"] != "Accepted":
            raise CommandError("refused", f"DataTransfer: {answer['status']}")
        result = answer.get("data")
        return None if result is None else str(result)

    @abstractmethod
    async def install_certificate(self, kind: str, certificate: str) -> None:
        """Make the station trust a certificate (PEM); `kind` is the specification's term."""

    @abstractmethod
    async def clear_profiles(self) -> None:
        """Make the station delete all limits on transactions, whoever set them."""

    @abstractmethod
    async def installed_certificates(self) -> list[InstalledCertificate]:
        """Return the certificates that the station trusts or has."""

    @abstractmethod
    async def delete_certificate(self, certificate: InstalledCertificate) -> None:
        """Make the station delete a certificate."""

    @abstractmethod
    async def renew_certificate(self) -> None:
        """Make the station request a new certificate of its own."""

    async def request(self, action: str, payload: Payload) -> Payload:
        """Send any message of this version as it is; returns the answer."""
        return await self._requests.call(action, payload)

    # Only 2.x has these

    async def charging_profiles(self) -> list[Payload]:
        """Return the charging profiles of the station, as it reports them."""
        raise CommandError("not_supported", "GetChargingProfiles")

    async def display(self, message_id: int, text: str, language: str | None) -> None:
        """Show a message on the station's display."""
        raise CommandError("not_supported", "SetDisplayMessage")

    async def clear_display(self, message_id: int) -> None:
        """Remove a message from the station's display."""
        raise CommandError("not_supported", "ClearDisplayMessage")

    async def display_messages(self) -> list[Payload]:
        """Return the messages on the station's display, as it reports them."""
        raise CommandError("not_supported", "GetDisplayMessages")

    async def report(self, component: str) -> dict[str, str | None]:
        """Return the variables of a component."""
        raise CommandError("not_supported", "GetReport")

    async def monitors(self) -> list[Payload]:
        """Return the monitors that are set, as the station reports them."""
        raise CommandError("not_supported", "GetMonitoringReport")

    async def customer_information(self, id_token: str, *, clear: bool) -> str:
        """Return what the station stores about a card's owner, and make it delete that if asked to."""
        raise CommandError("not_supported", "CustomerInformation")

    async def transaction_status(self, transaction_id: str | None) -> TransactionStatus:
        """Return whether a transaction is running, and whether the station has unsent messages about it."""
        raise CommandError("not_supported", "GetTransactionStatus")

    async def send_cost(self, transaction_id: str, cost: float) -> None:
        """Send the station what a transaction has cost so far."""
        raise CommandError("not_supported", "CostUpdated")

    async def set_network_profile(self, profile: NetworkProfile) -> None:
        """Set where and how the station connects."""
        raise CommandError("not_supported", "SetNetworkProfile")
