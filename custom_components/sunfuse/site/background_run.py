"""Background work of a site: requests that come in a burst lead to one run, and only one run goes on at a time."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later


class BackgroundRun:
    """Runs a job soon after it was asked for: once for a burst, and once more if it was asked for meanwhile."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        job: Callable[[], Awaitable[None]],
        *,
        name: str,
        burst_s: float,
    ) -> None:
        """Wait; `burst_s` is how long a burst lasts before the job begins."""
        self._hass = hass
        self._entry = entry
        self._job = job
        self._name = name
        self._burst_s = burst_s
        self._running = False
        self._again = False
        self._stop_waiting: CALLBACK_TYPE | None = None

    @callback
    def soon(self, delay_s: float | None = None) -> None:
        """Run after a burst, or after another delay; who asks later waits no longer than who asked first."""
        if self._stop_waiting is None:
            delay_s = self._burst_s if delay_s is None else delay_s
            self._stop_waiting = async_call_later(self._hass, delay_s, self.begin)

    @callback
    def begin(self, _now: datetime | None = None) -> None:
        """Run now, or once more where it runs already."""
        self._forget()
        if self._running:
            self._again = True
            return
        self._entry.async_create_background_task(
            self._hass, self.async_run(), self._name
        )

    async def async_run(self) -> None:
        """Run now and wait for its end; where it runs already it runs once more, later."""
        if self._running:
            self._again = True
            return
        self._running = True
        try:
            await self._job()
        finally:
            self._running = False
            if self._again:
                self._again = False
                self.soon()

    @callback
    def stop(self) -> None:
        """Begin no more; a job that runs comes to its end."""
        self._forget()
        self._again = False

    @callback
    def _forget(self) -> None:
        if self._stop_waiting:
            self._stop_waiting()
            self._stop_waiting = None
