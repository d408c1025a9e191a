"""When to start a transaction for a waiting car."""

from datetime import datetime, timedelta

from ....engine.model import ConnectorStatus
from ...security.card_policy import OWN_TOKEN
from .connector_offer import OfferedConnector


class RemoteStarts:
    """Knows whether a car waits for a transaction that neither it nor the station has started."""

    def __init__(self, connector: OfferedConnector) -> None:
        """Start without a car."""
        self._connector = connector
        self._shared = connector.shared
        self._no_start_before: datetime | None = None
        self._waiting_since: datetime | None = None

    def requested(self) -> None:
        """Note that a transaction is requested now; it may take some time to begin."""
        retry = timedelta(seconds=self._shared.timing.start_retry_s)
        self._no_start_before = self._shared.now() + retry
        requests = self._connector.state.start_requests + 1
        self._connector.change(start_requests=requests)

    def started(self) -> None:
        """Note that a transaction started."""
        self._forget()

    def _forget(self) -> None:
        self._no_start_before = None
        if self._connector.state.start_requests:
            self._connector.change(start_requests=0)

    def status_changed(self) -> None:
        """Note a new status of the connector."""
        status = self._connector.state.status
        if status is not ConnectorStatus.PREPARING:
            self._waiting_since = None
            self._forget()
        elif self._waiting_since is None:
            self._waiting_since = self._shared.now()

    @property
    def pending(self) -> bool:
        """Whether a transaction was requested with a limit that may still take effect."""
        return self._no_start_before is not None and (
            self._shared.now() < self._no_start_before
        )

    def may_start(self) -> bool:
        """Whether a transaction may be requested now."""
        state = self._connector.state
        if self.pending:
            return False
        if state.paused and state.status in (
            ConnectorStatus.FINISHING,
            ConnectorStatus.PREPARING,
        ):
            return True
        if state.status is not ConnectorStatus.PREPARING or not self._shared.cards.free:
            return False
        since = self._waiting_since
        grace = timedelta(seconds=self._shared.timing.start_grace_s)
        if since is None or self._shared.now() - since < grace:
            return False
        return not self._may_wait_for_car(since)

    def _may_wait_for_car(self, since: datetime) -> bool:
        """Whether the station waits since a time because somebody held a card to it, and no car may be there yet.

        It starts that car by itself. Whenever we command a start it waits on, and the session would be nobody's.
        """
        state, timing = self._shared.state, self._shared.timing
        card_at = state.last_card_at
        if card_at is None or state.last_card == OWN_TOKEN:
            return False
        if since < card_at - timedelta(seconds=timing.start_grace_s):
            return False  # a car was there before
        return state.waits_for_car(self._shared.now(), timing.card_s)
