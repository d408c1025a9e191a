"""The sessions from which habits are learned: the last ones of each vehicle, or of the guests at a connector, by weekday.

A site with many chargers would otherwise forget within weeks who leaves when on a Friday.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from .habits import PastSession

# Of each weekday: three quarters of a year of one session a day, a season of three.
EACH = 40
# Who moves the plug is no driver who leaves.
SHORTEST_SESSION = timedelta(minutes=10)


class SessionHistory:
    """Past sessions by owner."""

    def __init__(self) -> None:
        """Know none."""
        self._known: dict[tuple[str, int], deque[PastSession]] = defaultdict(
            partial(deque, maxlen=EACH)
        )
        # Rises with each change, for those who look for changes.
        self.version = 0

    def learn(self, past: Iterable[PastSession]) -> None:
        """Take in sessions, the oldest first."""
        for one in past:
            self._known[one.owner, one.left.weekday()].append(one)
        self.version += 1

    def of(self, owner: str) -> list[PastSession]:
        """Return the sessions of a vehicle, or of the guests at a connector, the oldest first."""
        found = [
            one for weekday in range(7) for one in self._known.get((owner, weekday), ())
        ]
        return sorted(found, key=lambda one: one.left)
