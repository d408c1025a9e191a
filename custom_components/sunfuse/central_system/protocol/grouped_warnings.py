"""Logs warnings about other parties without flooding the log."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import logging

from aiohttp.http_exceptions import HttpProcessingError

EVERY_S = 60.0


@dataclass(slots=True)
class _Kind:
    """A kind of problem: its last line, and how often it occurred since then."""

    line: str
    timer: asyncio.TimerHandle
    more: int = 0


class GroupedWarnings:
    """Writes one line per minute and kind; the next one says how often it happened meanwhile.

    There must be few kinds: text from an unknown client must not be part of a kind.
    """

    def __init__(self, logger: logging.Logger) -> None:
        """Write to this logger."""
        self._logger = logger
        self._kinds: dict[str, _Kind] = {}

    def warn(self, kind: str, line: str) -> None:
        """Warn of something, now or with the next line of its kind."""
        if (known := self._kinds.get(kind)) is not None:
            known.line = line
            known.more += 1
            return
        self._logger.warning("%s", line)
        self._kinds[kind] = _Kind(line, self._later(kind))

    def about(self, kind: str) -> Callable[[str], None]:
        """Return a function that warns about one kind."""
        return lambda line: self.warn(kind, line)

    def close(self) -> None:
        """Drop all warnings that have not been written."""
        for known in self._kinds.values():
            known.timer.cancel()
        self._kinds.clear()

    def _later(self, kind: str) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(EVERY_S, self._sum_up, kind)

    def _sum_up(self, kind: str) -> None:
        known = self._kinds[kind]
        if not known.more:
            del self._kinds[kind]
            return
        self._logger.warning("%s (%d times in the last minute)", known.line, known.more)
        known.more = 0
        known.timer = self._later(kind)


def http_logger(complaints: GroupedWarnings, parent: logging.Logger) -> logging.Logger:
    """Return a logger for an HTTP server, which would otherwise log a traceback for each invalid request."""

    def is_ours(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, HttpProcessingError):
            return True
        complaints.warn(
            "request", "A client sent something that is not an HTTP request"
        )
        return False

    # Not shared by name: each server has its own warnings.
    logger = logging.Logger(f"{parent.name}.http")  # noqa: LOG001
    logger.parent = parent
    logger.addFilter(is_ours)
    return logger
