"""What a version of OCPP has to do for a station: the interface of the adapters."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime

from .protocol.frames import Payload
from .protocol.link import Answer, Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit for one connector, in amperes per phase, by the station's clock; no end: it is for good."""

    current_a: float
    phases: int | None = None  # None: as many as the station has
    start: datetime | None = None
    duration_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The limits that a station intends, in amperes per phase, each from so many seconds on."""

    steps: tuple[tuple[float, float], ...]
    duration_s: float

    def at(self, seconds: float) -> float | None:
        """Return the limit after so many seconds; None where the schedule does not tell."""
        if seconds >= self.duration_s:
            return None
        known = [limit for start, limit in self.steps if start <= seconds]
        return known[-1] if known else None


class Adapter(ABC):
    """Speaks one version of OCPP with one connected station."""

    def __init__(self, link: Link) -> None:
        """Speak on this link."""
        self.link = link

    @abstractmethod
    def handle(self, action: str, payload: Payload) -> Answer:
        """Take in a request of the station, valid by its schema, and return the answer.

        Raises:
            Fault: the request is wrong in a way that a schema cannot tell.

        """

    @abstractmethod
    def set_up_again(self) -> None:
        """Set the station up by what changed since it booted or came back."""

    @abstractmethod
    async def ask_to_boot(self) -> None:
        """Ask a station that waits for being accepted to boot again."""

    # Commands. All raise CommandError.

    @abstractmethod
    async def limit_transaction(
        self, connector: int, transaction_id: str | None, limit: Limit
    ) -> None:
        """Limit the running transaction of a connector."""

    @abstractmethod
    async def remote_start(self, connector: int, limit: Limit | None) -> None:
        """Start a transaction on a connector with a car on it."""

    @abstractmethod
    async def remote_stop(self, transaction_id: str) -> None:
        """Stop a transaction."""

    @abstractmethod
    async def schedule(self, connector: int, duration_s: int) -> Schedule:
        """Return what the station intends to allow a connector from now on."""

    @abstractmethod
    async def reset(self, *, hard: bool) -> None:
        """Restart the station."""

    @abstractmethod
    async def unlock(self, connector: int) -> None:
        """Unlock the plug of a connector."""
