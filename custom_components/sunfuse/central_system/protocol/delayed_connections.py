"""Delays connections that come too often or with the wrong password."""

import asyncio
from typing import Any

from aiohttp import web

_MOST = 100  # connections that are delayed at a time


class DelayedConnections:
    """Delays connections, at most until it is closed."""

    def __init__(self) -> None:
        """Start empty and open."""
        self._waiting: set[asyncio.Task[Any]] = set()  # handlers of connections
        self._closing = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Delay the connection that the present task handles.

        Raises:
            web.HTTPServiceUnavailable: too many are delayed, or this is closed.

        """
        if not seconds or (task := asyncio.current_task()) is None:
            return
        if len(self._waiting) >= _MOST:
            raise web.HTTPServiceUnavailable
        self._waiting.add(task)
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
            raise web.HTTPServiceUnavailable
        except TimeoutError:
            return
        finally:
            self._waiting.discard(task)

    def open(self) -> None:
        """Delay connections from now on."""
        self._closing.clear()

    async def close(self) -> None:
        """Refuse all delayed connections, and wait until they are gone."""
        self._closing.set()
        await asyncio.gather(*self._waiting, return_exceptions=True)
