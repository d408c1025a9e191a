"""Reads a device repeatedly, about once a second; its values are stored with their times."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
import logging

from homeassistant.util import dt as dt_util

from .device import Device, Dimension, Quantity
from .polling import Poll
from .registers import Failure, ReadRegisters, RequestError

_LOGGER = logging.getLogger(__name__)

# Energy counters move slowly, and no decision depends on them; the bus is free for powers meanwhile.
_SLOW = frozenset((Dimension.ENERGY, Dimension.TEMPERATURE))
_SLOW_EVERY_S = 30.0
# A value that was not renewed for this many readings, and for this long, is unknown.
_MISSED_READINGS = 3
_LEAST_AGE = timedelta(seconds=10)
# Pause between two readings of a device that is slower than it should be, for others on the line.
_BREATH_S = 0.05
_LONGEST_DELAY_S = 30.0
# A device that lacks something is asked again what it has, each time after twice as long.
_RARELY_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A value in our unit and sign, and when it was requested."""

    value: float
    at: datetime


class Reader:
    """Reads one device. The values of its last readings are in `measured`."""

    def __init__(
        self,
        read: ReadRegisters,
        find_device: Callable[[], Awaitable[Device]],
        *,
        name: str,
        known: Iterable[Quantity] = (),
    ) -> None:
        """`read` reads registers, `find_device` returns the device and may raise RequestError; `known` is what it measures."""
        self.name = name
        self.poll = Poll(read)
        self.device: Device | None = None
        self.measured: dict[Quantity, Measured] = {}
        self.last_seen: datetime = dt_util.utcnow()
        self.cycle_s: float | None = None
        self.last_error: str | None = None
        self._find_device = find_device
        self._known = frozenset(known)
        self._listeners: list[Callable[[], None]] = []
        self._slow_due = 0.0
        self._look_due = 0.0
        self._look_every_s = 0.0
        self._misses = 0
        self._lost = False

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call a listener after every reading, also after a failed one. Returns the function that ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def value(self, quantity: Quantity) -> float | None:
        """Return a value, None if it is too old or was never known."""
        measured = self.measured.get(quantity)
        if measured is None or self.device is None:
            return None
        usual_s = max(self.device.interval_s, self.cycle_s or 0.0)
        if quantity.dimension in _SLOW:
            usual_s = max(usual_s, _SLOW_EVERY_S)
        oldest = max(timedelta(seconds=usual_s * _MISSED_READINGS), _LEAST_AGE)
        return measured.value if dt_util.utcnow() - measured.at <= oldest else None

    async def run(self) -> None:
        """Read until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            try:
                device = await self._read_once()
            except RequestError as err:
                delay_s = self._missed(err)
            else:
                self._seen()
                self.cycle_s = loop.time() - started
                delay_s = max(device.interval_s - self.cycle_s, _BREATH_S)
            for listener in tuple(self._listeners):
                listener()
            await asyncio.sleep(delay_s)

    async def _read_once(self) -> Device:
        now_s = asyncio.get_running_loop().time()
        slow = now_s >= self._slow_due
        device = self.device
        if device is None or (now_s >= self._look_due and self._may_have_more(device)):
            device = self.device = await self._look(device, now_s)
        at = dt_util.utcnow()
        values = await self.poll.values(
            device, [q for q in device.readings if slow or q.dimension not in _SLOW]
        )
        if slow:
            self._slow_due = now_s + _SLOW_EVERY_S
        self.measured |= {
            quantity: Measured(value=value, at=at) for quantity, value in values.items()
        }
        return device

    def _may_have_more(self, device: Device) -> bool:
        return not (device.whole and device.readings.keys() >= self._known)

    async def _look(self, before: Device | None, now_s: float) -> Device:
        """Return the device as it describes itself; if it is busy half-way now, what it was before."""
        twice_s = min(2 * self._look_every_s, _RARELY_S)
        self._look_every_s = twice_s if before else _SLOW_EVERY_S
        self._look_due = now_s + self._look_every_s
        found = await self._find_device()
        if before and before.readings.keys() - found.readings.keys():
            return before
        return found

    def _missed(self, err: RequestError) -> float:
        """Return how long to wait. A lost connection has its own delay and fails quickly."""
        self.last_error = str(err)
        if err.failure is Failure.NOT_CONNECTED:
            return 1.0
        self._misses += 1
        if self._misses == _MISSED_READINGS:
            # The next answer may come from another device, or the same with other registers: the old values are not
            # its.
            self.device = None
            self.measured = {}
            if not self._lost:
                self._lost = True
                _LOGGER.warning("%s does not answer over Modbus: %s", self.name, err)
        return min(2.0 ** (self._misses - 1), _LONGEST_DELAY_S)

    def _seen(self) -> None:
        self._misses = 0
        self.last_seen = dt_util.utcnow()
        if self._lost:
            self._lost = False
            _LOGGER.info("%s answers over Modbus again", self.name)
