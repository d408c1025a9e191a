"""Warns of what others do wrong without filling the log."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import logging

from aiohttp.http_exceptions import HttpProcessingError

EVERY_S = 60.0


@dataclass(slots=True)
class _Kind:
    """What was said of one kind of trouble, and how often it was held back since."""

    line: str
    timer: asyncio.TimerHandle
    more: int = 0


class GroupedWarnings:
    """Writes one line a minute and kind; the next one says how often it happened meanwhile.

    Kinds must be few: who speaks for a stranger must not put the stranger's own words into the kind.
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
        """Return what warns of one kind."""
        return lambda line: self.warn(kind, line)

    def close(self) -> None:
        """Say nothing more of what was held back."""
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
    """Return a logger for an HTTP server, which would write a traceback for each request that is none."""

    def is_ours(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, HttpProcessingError):
            return True
        complaints.warn("request", "Somebody sent what is no HTTP request")
        return False

    # Not shared by name: each server complains for itself.
    logger = logging.Logger(f"{parent.name}.http")  # noqa: LOG001
    logger.parent = parent
    logger.addFilter(is_ours)
    return logger
