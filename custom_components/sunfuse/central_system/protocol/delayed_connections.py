"""Delays connections that come too often or with the wrong password."""

import asyncio
from typing import Any

from aiohttp import web

# Connections that are delayed at a time: in all, and of one address, so that none keeps out the others.
_MOST, _MOST_PER_ADDRESS = 100, 50


class DelayedConnections:
    """Delays connections, at most until it is closed."""

    def __init__(self) -> None:
        """Start empty and open."""
        # Handlers of connections, each with the address of its client.
        self._waiting: dict[asyncio.Task[Any], str] = {}
        self._closing = asyncio.Event()

    async def wait(self, seconds: float, address: str) -> None:
        """Delay the connection from an address that the present task handles.

        Raises:
            web.HTTPServiceUnavailable: too many are delayed, or this is closed.

        """
        if not seconds or (task := asyncio.current_task()) is None:
            return
        here = sum(one == address for one in self._waiting.values())
        if len(self._waiting) >= _MOST or here >= _MOST_PER_ADDRESS:
            raise web.HTTPServiceUnavailable
        self._waiting[task] = address
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
            raise web.HTTPServiceUnavailable
        except TimeoutError:
            return
        finally:
            del self._waiting[task]

    def open(self) -> None:
        """Delay connections from now on."""
        self._closing.clear()

    async def close(self) -> None:
        """Refuse all delayed connections, and wait until they are gone."""
        self._closing.set()
        await asyncio.gather(*self._waiting, return_exceptions=True)
