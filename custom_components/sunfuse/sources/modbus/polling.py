"""Reads a device once: as few requests as can be, and what to make of those that fail."""

import asyncio
from collections import Counter
from collections.abc import Iterable

from .batches import Batch, batches
from .device import Device, Information, Quantity, Reading
from .registers import (
    Failure,
    Image,
    ReadRegisters,
    Register,
    RequestError,
    Table,
    ValueType,
)

# Trying once more at once may help against these, and the next request need not fail because of them.
_PASSING = frozenset((Failure.BUSY, Failure.BROKEN_ANSWER))
_BUSY_PAUSE_S = 0.2
# What a device refused, it may know after an update of its firmware.
_REFUSED_FOR_S = 600.0


class Poll:
    """Reads registers of one device, and remembers what it refuses."""

    def __init__(self, read: ReadRegisters) -> None:
        """Take what reads registers."""
        self.failures: Counter[Failure] = Counter()
        self.lies: Counter[Quantity] = Counter()
        self.last_error: str | None = None
        self._read = read
        self._refused: dict[tuple[Table, int, int], float] = {}

    async def values(
        self, device: Device, quantities: Iterable[Quantity]
    ) -> dict[Quantity, float]:
        """Return what is known of these quantities. Raises RequestError if the device does not answer.

        What is beyond what can be is left out, and counted.
        """
        wanted = set(quantities)
        signs = {device.readings[quantity].signed_by for quantity in wanted}
        needed = wanted | {sign for sign in signs if sign}
        image = await self.image(
            device,
            [r for quantity in needed for r in device.readings[quantity].registers],
        )
        known: dict[Quantity, float] = {}
        for quantity, value in device.values(image).items():
            if quantity not in wanted or value is None:
                continue
            if device.plausible(quantity, value):
                known[quantity] = value
            else:
                self.lies[quantity] += 1
        return known

    def refuses(self, reading: Reading) -> bool:
        """Whether the device refused a part of this reading."""
        return any(
            (r.table, r.address, r.count) in self._refused for r in reading.registers
        )

    async def information(self, device: Device) -> dict[Information, str]:
        """Return what the device tells of itself. Raises RequestError if it does not answer."""
        image = await self.image(device, device.information.values())
        told = {
            information: _text(register, image)
            for information, register in device.information.items()
        }
        return {information: text for information, text in told.items() if text}

    async def image(self, device: Device, registers: Iterable[Register]) -> Image:
        """Return what could be read of these registers, value by value where a request for several is refused."""
        image: dict[tuple[Table, int], int] = {}
        planned = list(batches(registers, most=device.most_registers, gaps=device.gaps))
        failed: RequestError | None = None
        while planned:
            batch = planned.pop(0)
            try:
                words = await self._batch(batch)
            except RequestError as err:
                if err.failure is Failure.REFUSED:
                    planned[:0] = batch.parts
                elif err.failure in _PASSING:
                    failed = err
                else:
                    # Whatever is asked next would have to wait as long.
                    raise
                continue
            image |= {
                (batch.table, batch.address + i): word for i, word in enumerate(words)
            }
        if failed is not None and not image:
            raise failed
        return image

    async def _batch(self, batch: Batch) -> tuple[int, ...]:
        key = (batch.table, batch.address, batch.count)
        now_s = asyncio.get_running_loop().time()
        if self._refused.get(key, now_s) > now_s:
            raise RequestError(Failure.REFUSED, "as before")
        try:
            return await self._patiently(batch)
        except RequestError as err:
            self.failures[err.failure] += 1
            self.last_error = (
                f"{err} ({batch.count} {batch.table} registers from {batch.address})"
            )
            if err.failure is Failure.REFUSED:
                self._refused[key] = now_s + _REFUSED_FOR_S
            raise

    async def _patiently(self, batch: Batch) -> tuple[int, ...]:
        """Read a batch, a second time where the device was busy or its answer was broken."""
        try:
            return await self._read(batch.table, batch.address, batch.count)
        except RequestError as err:
            if err.failure not in _PASSING:
                raise
        await asyncio.sleep(_BUSY_PAUSE_S)
        return await self._read(batch.table, batch.address, batch.count)


def _text(register: Register, image: Image) -> str:
    words = register.words(image)
    if words is None:
        return ""
    if register.type is ValueType.STRING:
        text = register.text(words)
        return text if text.isprintable() else ""
    return f"{register.number(words):.15g}"
