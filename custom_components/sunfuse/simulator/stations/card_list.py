"""The local authorization list of a simulated station: which cards it knows without a central system."""

from collections.abc import Iterable


class CardList:
    """Cards with their authorization status, and the version of the list."""

    def __init__(self) -> None:
        """Start without cards."""
        self.cards: dict[str, str] = {}
        self.version = 0

    def accepts(self, id_tag: str) -> bool:
        """Return whether a card may charge."""
        return self.cards.get(id_tag) == "Accepted"

    def update(
        self, version: int, entries: Iterable[tuple[str, str | None]], *, full: bool
    ) -> bool:
        """Update cards with their status, where None removes one; returns whether the version was newer."""
        if full:
            self.cards = {}
        elif version <= self.version:
            return False
        for id_tag, status in entries:
            if status is None:
                self.cards.pop(id_tag, None)
            else:
                self.cards[id_tag] = status
        self.version = version
        return True
