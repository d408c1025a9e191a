"""Finds devices on a connection, and recognises them by their registers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
import re

from .connection import Connection
from .device import Device, Information, Quantity
from .polling import Poll
from .registers import (
    Failure,
    ReadRegisters,
    Register,
    RegisterTable,
    RequestError,
    ValueType,
    register,
)
from .sunspec import discover

# A device that is there answers sooner, even if only to refuse.
_TIMEOUT_S = 1.0
# This many different requests without an answer: there is no device.
_SILENT_PROBES = 2
# Where SunSpec usually begins: a SunSpec device answers here, whatever it does with other registers.
_MARK = register(RegisterTable.HOLDING, 40000, ValueType.UINT32)
# An inverter has no power reading at night, but still has the register; an unknown battery is absent.
_BATTERY = frozenset((Quantity.BATTERY_POWER, Quantity.BATTERY_SOC))
_UNITS = re.compile(r"(\d+)(?:-(\d+))?")
MOST_UNITS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDevice:
    """A device that answered, and what it reported."""

    unit: int
    device: Device
    values: dict[Quantity, float]
    # What it can measure, even if some of it is unknown now.
    quantities: tuple[Quantity, ...]
    information: dict[Information, str]

    @property
    def name(self) -> str:
        """Return its name for people: what it reports itself, otherwise what its file contains."""
        return device_name(self.device, self.information)


def device_name(device: Device, information: dict[Information, str]) -> str:
    """Return manufacturer and model of a device."""
    manufacturer = information.get(Information.MANUFACTURER, device.manufacturer)
    return f"{manufacturer} {information.get(Information.MODEL, device.name)}"


def parse_units(text: str) -> tuple[int, ...] | None:
    """Return unit ids as written by a person (`1, 5-8, 100`), None if they are invalid or too many."""
    units: list[int] = []
    for part in text.replace(" ", "").split(","):
        match = _UNITS.fullmatch(part)
        if match is None:
            return None
        first, last = int(match[1]), int(match[2] or match[1])
        # On a serial line ids from 248 on are reserved, and 0 is a broadcast; over TCP, 0 and 255 are in use.
        if first > last or last > 255 or last - first >= MOST_UNITS:
            return None
        units += [unit for unit in range(first, last + 1) if unit not in units]
    return tuple(units) if len(units) <= MOST_UNITS else None


async def scan(
    connection: Connection,
    units: Iterable[int],
    devices: Iterable[Device],
    progress: Callable[[float], None],
) -> list[FoundDevice]:
    """Return the devices that answer at these unit ids. Raises RequestError if there is no connection."""
    units, devices = tuple(units), tuple(devices)
    found: list[FoundDevice] = []
    for index, unit in enumerate(units):
        progress(index / len(units))
        read = partial(connection.read, unit, timeout_s=_TIMEOUT_S)
        for device in await _at(read, devices):
            try:
                found.append(await look(connection, unit, device))
            except RequestError as err:
                if err.failure is Failure.NOT_CONNECTED:
                    raise
    return found


async def _at(read: ReadRegisters, devices: Iterable[Device]) -> list[Device]:
    """Return the device at a unit id: by its file, which may know more, and by what it reports itself."""
    probe = _Probe(read)
    likely = await recognise(probe, devices)
    if probe.nobody:
        return []
    try:
        by_sunspec = await discover(read)
    except RequestError as err:
        if err.failure is Failure.NOT_CONNECTED:
            raise
        by_sunspec = None
    return [*likely, by_sunspec] if by_sunspec else likely


async def look(connection: Connection, unit: int, device: Device) -> FoundDevice:
    """Return what a device reports now. Raises RequestError if it does not answer."""
    read = partial(connection.read, unit, pause_s=device.pause_s)
    poll = Poll(read)
    values = await poll.values(device, device.readings)
    return FoundDevice(
        unit=unit,
        device=device,
        values=values,
        quantities=tuple(
            quantity
            for quantity, reading in device.readings.items()
            if quantity in values or not (quantity in _BATTERY or poll.refuses(reading))
        ),
        information=await poll.information(device),
    )


async def is_there(connection: Connection, unit: int, device: Device) -> bool:
    """Return whether a device still matches its file. Raises RequestError if there is no connection."""
    read = partial(connection.read, unit, pause_s=device.pause_s)
    return await _Probe(read).holds(device)


async def recognise(probe: _Probe, devices: Iterable[Device]) -> list[Device]:
    """Return the kinds of device that a unit id may be, the most certain first."""
    likely: list[Device] = []
    await probe.ask(_MARK)
    for device in devices:
        if device.identify and await probe.holds(device):
            likely.append(device)
        if probe.nobody:
            return []
    most = max((len(device.identify) for device in likely), default=0)
    return [device for device in likely if len(device.identify) == most]


class _Probe:
    """Asks one unit id for registers, each only once."""

    def __init__(self, read: ReadRegisters) -> None:
        self._read = read
        self._image: dict[tuple[RegisterTable, int], int] = {}
        self._asked: set[Register] = set()
        self._silent = 0
        self._answered = False

    @property
    def nobody(self) -> bool:
        """Whether there was no answer to enough requests so far."""
        return not self._answered and self._silent >= _SILENT_PROBES

    async def holds(self, device: Device) -> bool:
        """Return whether all conditions of a device hold. Reads no more than necessary."""
        for condition in device.identify:
            await self.ask(condition.register)
            if not condition.holds(self._image):
                return False
        return True

    async def ask(self, register: Register) -> None:
        """Read a register that was not read before."""
        if register in self._asked or self.nobody:
            return
        self._asked.add(register)
        try:
            words = await self._read(register.table, register.address, register.count)
        except RequestError as err:
            if err.failure is Failure.NOT_CONNECTED:
                raise
            if err.failure in (Failure.NO_ANSWER, Failure.GATEWAY):
                self._silent += 1
            else:
                self._answered = True
            return
        self._answered = True
        for address, word in zip(register.addresses, words, strict=True):
            self._image[register.table, address] = word
