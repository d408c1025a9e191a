"""Whether a station is connected and in service, and the adapter that speaks with it."""

import asyncio

from ..adapter import Adapter
from ..station_state import CommandError
from .boot_loops import BootLoops

_READY_S = 15.0


class Presence:
    """The connection of a station: it accepts commands once it has booted."""

    def __init__(self) -> None:
        """Start disconnected."""
        self.boot_loops = BootLoops()
        self._adapter: Adapter | None = None
        self._ready = asyncio.Event()

    @property
    def adapter(self) -> Adapter | None:
        """The adapter of the station; None while it is disconnected."""
        return self._adapter

    @property
    def serving(self) -> Adapter | None:
        """The adapter of the station; None while it is disconnected or has not booted."""
        return self._adapter if self._ready.is_set() else None

    async def in_service(self) -> Adapter:
        """Return the adapter once the station has booted.

        Raises:
            CommandError: the station is not connected.

        """
        try:
            async with asyncio.timeout(_READY_S if self._adapter else 0):
                await self._ready.wait()
        except TimeoutError as err:
            raise CommandError("not_connected") from err
        if (adapter := self._adapter) is None:
            raise CommandError("not_connected")
        return adapter

    def connected(self, adapter: Adapter) -> None:
        """Note that the station is connected; it has not booted yet."""
        self._adapter = adapter
        self._ready.clear()

    def enter_service(self) -> bool:
        """Note that the station accepts commands from now on; returns whether that is new."""
        if self._ready.is_set():
            return False
        self._ready.set()
        return True

    def disconnected(self, adapter: Adapter) -> bool:
        """Note that a connection is closed; returns whether it was the present one."""
        if self._adapter is not adapter:
            return False
        self._adapter = None
        self._ready.clear()
        return True

    def set_up_again(self) -> None:
        """Set the station up again after a change; one that is not in service yet is set up when it is."""
        if (adapter := self.serving) is not None:
            adapter.onboarding.set_up_again()
