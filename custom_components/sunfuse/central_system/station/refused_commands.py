"""What a station refuses each time it is asked: it is asked again once an hour, and after an update of its firmware."""

from collections import Counter
from collections.abc import Callable, MutableMapping
from datetime import datetime, timedelta

LIMITS = "SetChargingProfile"
SCHEDULE = "GetCompositeSchedule"

_SURE = 3  # refusals in a row
_RETRY = timedelta(hours=1)


class RefusedCommands:
    """Counts refusals in a row; what is sure is kept among the station's variables, which other firmware voids."""

    def __init__(
        self,
        variables: MutableMapping[str, str | None],
        now: Callable[[], datetime],
    ) -> None:
        """Know of none but what the variables tell."""
        self._variables = variables
        self._now = now
        self._counts: Counter[str] = Counter()

    def sure(self, action: str) -> bool:
        """Whether the station is known to refuse this."""
        return _key(action) in self._variables

    def may_ask(self, action: str) -> bool:
        """Whether the station is to be asked: it does not refuse, or was not asked for long."""
        if (last := self._variables.get(_key(action))) is None:
            return True
        return abs(self._now() - datetime.fromisoformat(last)) >= _RETRY

    def refused(self, action: str) -> None:
        """Note that the station refused."""
        self._counts[action] += 1
        if self.sure(action) or self._counts[action] >= _SURE:
            self._counts[action] = 0
            self._variables[_key(action)] = self._now().isoformat()

    def taken(self, action: str) -> None:
        """Note that the station did what it was asked for."""
        self._counts[action] = 0
        self._variables.pop(_key(action), None)


def _key(action: str) -> str:
    return f"Refuses.{action}"
