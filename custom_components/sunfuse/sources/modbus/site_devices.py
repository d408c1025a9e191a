"""The Modbus devices of a site, which are read while the site is loaded."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Self

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ...engine.clock_change import move_attributes
from .connection import Connection
from .connections import LinkConflictError, acquire, release
from .device import Device, Information, Quantity
from .device_address import ModbusLink
from .device_reader import Reader
from .library import Library, async_load_library
from .registers import Failure, ReadRegisters, RequestError
from .sunspec import DISCOVERED, discover


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceConfig:
    """A device of a site. Stored in its sub-entry, with the quantities found, so that its entities are known."""

    link: ModbusLink
    unit: int
    device: str
    quantities: tuple[Quantity, ...]
    information: Mapping[Information, str]

    @property
    def place(self) -> tuple[tuple[str, int], int]:
        """Return its address: two devices cannot share one."""
        return (self.link.endpoint, self.unit)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return what `to_dict` stored."""
        return cls(
            link=ModbusLink.from_dict(stored["link"]),
            unit=stored["unit"],
            device=stored["device"],
            quantities=tuple(Quantity(name) for name in stored["quantities"]),
            information={
                Information(name): text for name, text in stored["information"].items()
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a form for the sub-entry."""
        return {
            "link": self.link.to_dict(),
            "unit": self.unit,
            "device": self.device,
            "quantities": [quantity.value for quantity in self.quantities],
            "information": {
                information.value: text
                for information, text in self.information.items()
            },
        }


@dataclass(slots=True, kw_only=True)
class SiteDevice:
    """A device while its site is loaded."""

    config: DeviceConfig
    reader: Reader
    # None if its link is in use with other settings.
    connection: Connection | None

    def diagnostics(self) -> dict[str, Any]:
        """Return the state of reading."""
        reader, connection = self.reader, self.connection
        return {
            "name": reader.name,
            "last_seen": reader.last_seen,
            "last_error": reader.last_error or reader.poll.last_error,
            "cycle_s": reader.cycle_s,
            "failures": {str(k): n for k, n in reader.poll.failures.items()},
            "implausible_values": {str(k): n for k, n in reader.poll.lies.items()},
            "values": {str(k): m.value for k, m in reader.measured.items()},
            "connection": None
            if connection is None
            else {
                "connected": connection.connected,
                "connects": connection.connects,
                "requests": connection.requests,
                "failures": {str(k): n for k, n in connection.failures.items()},
                "latency_s": connection.latency_s,
                "last_error": connection.last_error,
            },
        }


class SiteDevices:
    """The devices of a site, by the id of their sub-entries."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Start with none."""
        self._hass = hass
        self._entry = entry
        self._tasks: list[asyncio.Task[None]] = []
        self.devices: dict[str, SiteDevice] = {}

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which the wall clock was set forward."""
        for device in self.devices.values():
            move_attributes(device.reader, by)

    async def async_load(
        self, configs: Iterable[tuple[str, str, DeviceConfig]]
    ) -> None:
        """Prepare reading these devices: the id and the title of each sub-entry, and its data."""
        configs = list(configs)
        if not configs:
            return
        library = await async_load_library(self._hass)
        for subentry_id, title, config in configs:
            try:
                connection = acquire(self._hass, config.link)
            except LinkConflictError:
                connection = None
            known = library.devices.get(config.device)
            pause_s = known.pause_s if known else 0.0
            read = (
                partial(connection.read, config.unit, pause_s=pause_s)
                if connection
                else _in_use
            )
            find = partial(find_device, library, config.device, read, config.quantities)
            self.devices[subentry_id] = SiteDevice(
                config=config,
                reader=Reader(read, find, name=title, known=config.quantities),
                connection=connection,
            )

    def start(self) -> None:
        """Read all devices from now on."""
        self._tasks = [
            self._entry.async_create_background_task(
                self._hass, device.reader.run(), f"sunfuse modbus {device.reader.name}"
            )
            for device in self.devices.values()
        ]

    async def async_stop(self) -> None:
        """Stop reading, and close connections that nobody else needs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for device in self.devices.values():
            if device.connection is not None:
                await release(self._hass, device.connection)
                device.connection = None

    def gone(self, now: datetime, after: timedelta) -> Iterator[tuple[str, Reader]]:
        """Yield the sub-entry's id and the reader of each device that has not answered for this long."""
        for subentry_id, device in self.devices.items():
            if now - device.reader.last_seen > after:
                yield subentry_id, device.reader


async def find_device(
    library: Library,
    device_id: str,
    read: ReadRegisters,
    known: Iterable[Quantity] = (),
) -> Device:
    """Return a device by its id; a SunSpec device reports what it has, besides the quantities known already.

    Raises RequestError if there is none.
    """
    device = (
        await discover(read, frozenset(known))
        if device_id == DISCOVERED
        else library.devices.get(device_id)
    )
    if device is None:
        raise RequestError(Failure.REFUSED, f"there is no device {device_id}")
    return device


async def _in_use(*_: object) -> tuple[int, ...]:
    raise RequestError(
        Failure.NOT_CONNECTED, "in use by another device with other settings"
    )
