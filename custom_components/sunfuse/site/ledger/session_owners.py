"""Which vehicle, and therefore whose, each running session is."""

from collections.abc import Iterator

from ...sessions import Attribution, TransactionFacts
from ...sessions.session_facts import NOBODY, to_millisecond
from ..cars.demands import Demands
from ..outcome import ConnectorData, ConnectorKey, SiteData
from ..people.cards import Cards
from ..people.persons import Persons


class SessionOwners:
    """Notices which vehicle a session is of, whenever that becomes known or turns out to be another one.

    Without a card it is the session of the person whose vehicle it is.
    """

    def __init__(self, cards: Cards, persons: Persons, demands: Demands) -> None:
        """Begin with nothing noticed."""
        self._cards = cards
        self._persons = persons
        self._demands = demands
        # The transaction of each connector, its vehicle, and that vehicle's person.
        self._known: dict[ConnectorKey, tuple[str, str | None, str | None]] = {}
        self._looked_at: dict[ConnectorKey, ConnectorData] = {}

    def news(self, data: SiteData) -> Iterator[TransactionFacts]:
        """Yield what is new with a tick."""
        for key, one in data.connectors.items():
            if self._looked_at.get(key) is one:
                continue  # whose vehicle and card it is is among what is shown
            self._looked_at[key] = one
            transaction = one.connector.transaction
            vehicle = self._demands.at(key).vehicle
            if transaction is None:
                continue
            owner = None
            if self._cards.person(transaction.id_token) is None:
                owner = self._persons.of_vehicle(self._demands.known_vehicle(key))
            found = (transaction.id, vehicle, owner.id if owner else None)
            before = self._known.get(key, (transaction.id, None, None))
            if found == before:
                continue
            self._known[key] = found
            at = to_millisecond(data.snapshot.now)
            was_owned = before[0] == transaction.id and before[2] is not None
            whose = owner.id if owner else NOBODY if was_owned else None
            yield TransactionFacts(
                station=key.identity,
                transaction=transaction.id,
                vehicle=Attribution(at=at, value=vehicle) if vehicle else None,
                person=None if whose is None else Attribution(at=at, value=whose),
            )
