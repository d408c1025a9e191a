"""Closes WebSockets that never finish a message: endless fragments, even empty ones, cost time and are no request to slow down."""

import asyncio
from collections.abc import Callable
from typing import override

# A message ends long before (see `MAX_MESSAGE_BYTES`), and what is stored of others while one is handled is less.
MOST_BYTES = 2 * 1024 * 1024


class UnfinishedMessage:
    """How many bytes were received since the last message of a connection was taken."""

    def __init__(self, too_many: Callable[[], None] = lambda: None) -> None:
        """Count none yet; `too_many` is called when no message ended in all that was received."""
        self._too_many = too_many
        self._counting = False
        self._bytes = 0

    def taken(self) -> None:
        """Note that a message was taken: what follows belongs to the next ones."""
        self._counting = True
        self._bytes = 0

    def received(self, count: int) -> bool:
        """Count bytes of a WebSocket; returns whether that goes on."""
        self._bytes += count if self._counting else 0
        if self._bytes <= MOST_BYTES:
            return True
        self._too_many()
        return False


class CountingProtocol(asyncio.Protocol):
    """Counts what another protocol receives."""

    def __init__(self, inner: asyncio.Protocol, unfinished: UnfinishedMessage) -> None:
        """Hand everything over to `inner`."""
        self._inner = inner
        self._unfinished = unfinished

    @override
    def data_received(self, data: bytes) -> None:
        if self._unfinished.received(len(data)):
            self._inner.data_received(data)

    @override
    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)

    @override
    def pause_writing(self) -> None:
        self._inner.pause_writing()

    @override
    def resume_writing(self) -> None:
        self._inner.resume_writing()
