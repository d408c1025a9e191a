"""Which connectors a station has: as it reports, otherwise as its messages suggest."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from ..station_state import ConnectorState, StationState

# OCPP 1.6 section 9.1.24; the count from the device model of OCPP 2.x is stored under the same name.
NUMBER_OF_CONNECTORS = "NumberOfConnectors"
MAX_CONNECTORS = 32
# This many are believed by their statuses alone, if a station does not report its number of connectors; one of a higher
# number only if it had a transaction beside its status.
_MOST_UNSAID = 4


class StatusCount:
    """How many connectors a station has by its statuses alone.

    It reports them one after the other, so what is a twin now may be nonsense a second later: only a number that has
    settled counts.
    """

    def __init__(self, settle: timedelta) -> None:
        """Start with one connector; another number counts when it has not changed for `settle`."""
        self._settle = settle
        self._seen = self._settled = 1
        self._seen_at: datetime | None = None

    @property
    def unsettled(self) -> bool:
        """Whether another number may count soon, although nothing more is reported."""
        return self._seen != self._settled

    def settled(self, seen: int, now: datetime) -> int:
        """Return the number that counts; `seen` is the highest connector with a reported status."""
        seen = seen if seen <= _MOST_UNSAID else 1
        if seen != self._seen or self._seen_at is None:
            self._seen, self._seen_at = seen, now
        if now - self._seen_at >= self._settle:
            self._settled = seen
        return self._settled


def own_word(variables: Mapping[str, str | None]) -> int | None:
    """Return how many connectors a station reports to have, None if it does not."""
    said = variables.get(NUMBER_OF_CONNECTORS) or ""
    if not said.isdecimal() or not 1 <= int(said) <= MAX_CONNECTORS:
        return None
    return int(said)


def plausible(connector: ConnectorState) -> bool:
    """Return whether a connector that had a transaction is there, whatever its station reports otherwise."""
    return connector.used and (
        connector.id <= _MOST_UNSAID or connector.status is not None
    )


def only_connector(state: StationState) -> int | None:
    """Return the number of the only connector of a station, None if it has several."""
    numbers = {one.id for one in state.connectors} | {*state.known_connectors}
    return numbers.pop() if len(numbers) == 1 else None


def believed(
    variables: Mapping[str, str | None], *, seen: int, used: Iterable[int]
) -> tuple[int, ...]:
    """Return the numbers of the connectors that a station has; none until it was asked, or used one of them.

    Args:
        variables: what the station reported.
        seen: how many its statuses suggest.
        used: those with a transaction, which are believed in any case.

    """
    asked = NUMBER_OF_CONNECTORS in variables
    if not asked and max(used, default=1) == 1:
        return ()
    count = own_word(variables) or (seen if asked else 1)
    return tuple(sorted({*range(1, count + 1), *used}))
