"""Rate limits, in bounded memory."""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

_REMEMBERED = 512


class Bucket:
    """A bucket of tokens that fills at `rate_per_s` up to `burst`."""

    def __init__(
        self, rate_per_s: float, burst: float, clock: Callable[[], float]
    ) -> None:
        """Start full; `clock` gives seconds."""
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._at = clock()

    def take(self, tokens: float = 1) -> float:
        """Take tokens; return for how many seconds to wait until they are there."""
        self._fill()
        self._tokens -= tokens
        return self.owed()

    def owed(self) -> float:
        """Return for how many seconds to wait until the tokens that were taken are refilled."""
        self._fill()
        return max(0.0, -self._tokens / self._rate_per_s)

    def _fill(self) -> None:
        now = self._clock()
        filled = self._tokens + (now - self._at) * self._rate_per_s
        self._tokens = min(self._burst, filled)
        self._at = now


class Throttle:
    """A bucket for each of many keys; the oldest are forgotten."""

    def __init__(
        self, rate_per_s: float, burst: float, clock: Callable[[], float]
    ) -> None:
        """Give each key the same kind of bucket."""
        self._make = partial(Bucket, rate_per_s, burst, clock)
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def __getitem__(self, key: str) -> Bucket:
        """Return the bucket of a key."""
        bucket = self._buckets.setdefault(key, self._make())
        self._buckets.move_to_end(key)
        while len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        return bucket
