"""Commands that a station refuses each time: they are tried again once an hour, and after a firmware update."""

from collections import Counter
from collections.abc import Callable, MutableMapping
from datetime import datetime, timedelta

from ...engine.codec import read_time

LIMITS = "SetChargingProfile"
SCHEDULE = "GetCompositeSchedule"

_SURE = 3  # consecutive refusals
RETRY = timedelta(hours=1)


class RefusedCommands:
    """Counts consecutive refusals; certain ones are stored among the station's variables, which a firmware update clears."""

    def __init__(
        self,
        variables: MutableMapping[str, str | None],
        now: Callable[[], datetime],
    ) -> None:
        """Start with what the variables contain."""
        self._variables = variables
        self._now = now
        self._counts: Counter[str] = Counter()

    def sure(self, action: str) -> bool:
        """Whether the station is known to refuse this."""
        return _key(action) in self._variables

    def may_ask(self, action: str) -> bool:
        """Whether to ask the station: it does not refuse, or was not asked for an hour."""
        if (last := self._variables.get(_key(action))) is None:
            return True
        try:
            return abs(self._now() - read_time(last)) >= RETRY
        except ValueError:  # a stored text that is none of ours
            return True

    def ask_again(self, action: str) -> None:
        """Ask the station at the next occasion, without waiting an hour."""
        if self.sure(action):
            self._variables[_key(action)] = (self._now() - RETRY).isoformat()

    def refused(self, action: str) -> None:
        """Note that the station refused."""
        self._counts[action] += 1
        if self.sure(action) or self._counts[action] >= _SURE:
            self._counts[action] = 0
            self._variables[_key(action)] = self._now().isoformat()

    def taken(self, action: str) -> None:
        """Note that the station accepted."""
        self._counts[action] = 0
        self._variables.pop(_key(action), None)


def _key(action: str) -> str:
    return f"Refuses.{action}"
