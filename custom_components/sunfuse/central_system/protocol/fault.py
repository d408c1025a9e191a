"""Fault boundaries: a part may fail alone; its exception is logged, and everything else continues."""

from collections.abc import Callable
import logging
import time
from types import TracebackType
from typing import Self

# A part that fails with each message must not flood the log.
_LOG_EVERY_S = 60.0


class FaultBoundary:
    """A context in which a part may raise any exception without ending what surrounds it.

    The log has the first failure with its traceback, and then one line a minute with the number of failures.
    """

    def __init__(
        self,
        logger: logging.Logger,
        what: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Name the part as in the log."""
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
        """Swallow an exception, but nothing that ends the program or a task."""
        if not isinstance(error, Exception):
            return False
        self.failed(error)
        return True

    def failed(self, error: Exception) -> None:
        """Note that the part failed."""
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


class Listeners[T]:
    """Functions that are called with each event; if one fails, the others are still called."""

    def __init__(self, logger: logging.Logger, what: str) -> None:
        """Start empty. The log names the listeners by `what`."""
        self._logger = logger
        self._what = what
        self._listeners: list[tuple[Callable[[T], None], FaultBoundary]] = []

    def add(self, listener: Callable[[T], None]) -> Callable[[], None]:
        """Call a listener from now on; returns the function that removes it."""
        one = listener, FaultBoundary(self._logger, f"{self._what} {listener!r}")
        self._listeners.append(one)
        return lambda: self._listeners.remove(one)

    def call(self, event: T) -> None:
        """Call every listener."""
        for listener, boundary in tuple(self._listeners):
            # This is done with each message of a charger: a context takes longer than most listeners.
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001
                boundary.failed(error)
