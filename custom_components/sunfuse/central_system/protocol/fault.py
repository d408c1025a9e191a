"""Where one part may fail alone: what it raises is logged, and everything beside it goes on."""

from collections.abc import Callable
import logging
import time
from types import TracebackType
from typing import Self

# A part that fails with each message must not fill the log.
_LOG_EVERY_S = 60.0


class FaultBoundary:
    """A context in which a part may raise any exception without ending what runs around it.

    The log has the first failure with its traceback, and then one a minute, with how many there were.
    """

    def __init__(
        self,
        logger: logging.Logger,
        what: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Name the part as the log is to name it."""
        self._logger = logger
        self._what = what
        self._clock = clock
        self._unlogged = 0
        self._logged_at: float | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """Take an exception, but nothing that ends the program or a task."""
        if not isinstance(error, Exception):
            return False
        self._unlogged += 1
        now = self._clock()
        if self._logged_at is None or now - self._logged_at >= _LOG_EVERY_S:
            self._logger.error(
                "%s failed (%d times since this was last logged)",
                self._what,
                self._unlogged,
                exc_info=error,
            )
            self._logged_at, self._unlogged = now, 0
        return True


class Listeners[T]:
    """Functions that are called with what happens; one that fails keeps nothing from the others."""

    def __init__(self, logger: logging.Logger, what: str) -> None:
        """Start with none. The log names them by `what`."""
        self._logger = logger
        self._what = what
        self._listeners: list[tuple[Callable[[T], None], FaultBoundary]] = []

    def add(self, listener: Callable[[T], None]) -> Callable[[], None]:
        """Call a listener from now on; returns what ends that."""
        one = listener, FaultBoundary(self._logger, f"{self._what} {listener!r}")
        self._listeners.append(one)
        return lambda: self._listeners.remove(one)

    def call(self, event: T) -> None:
        """Tell every listener."""
        for listener, boundary in tuple(self._listeners):
            with boundary:
                listener(event)
