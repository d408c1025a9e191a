"""Reads a device once, with as few requests as possible, and handles those that fail."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from .batches import Batch, batches
from .device import Condition, Device, Information, Quantity, QuantityReading
from .registers import (
    Failure,
    Image,
    ReadRegisters,
    Register,
    RegisterTable,
    RequestError,
    ValueType,
)

# An immediate retry may help against these, and the next request need not fail because of them.
_PASSING = frozenset((Failure.BUSY, Failure.BROKEN_ANSWER))
_BUSY_PAUSE_S = 0.2
# A register that a device refuses may exist after a firmware update. One that it answered before will soon be back: a
# device that restarts refuses for some seconds.
_REFUSED_FOR_S = 600.0
_REFUSED_NOW_FOR_S = 10.0


@dataclass(slots=True, kw_only=True)
class _Attempt:
    """What is to be read, what was read, and the last refusal."""

    registers: list[Register] = field(default_factory=list)
    image: dict[tuple[RegisterTable, int], int] = field(default_factory=dict)
    refused: RequestError | None = None


class Poll:
    """Reads registers of one device, and remembers those that it refuses."""

    def __init__(self, read: ReadRegisters) -> None:
        """`read` reads registers."""
        self.failures: Counter[Failure] = Counter()
        self.lies: Counter[Quantity] = Counter()
        self.last_error: str | None = None
        self._read = read
        self._refused: dict[tuple[RegisterTable, int, int], float] = {}  # until when
        # Requests and registers that the device has answered at any time.
        self._answered: set[tuple[RegisterTable, int, int]] = set()
        self._known: set[tuple[RegisterTable, int]] = set()
        self._conditions: dict[Condition, bool] = {}

    async def values(
        self, device: Device, quantities: Iterable[Quantity]
    ) -> dict[Quantity, float]:
        """Return the known values of these quantities. Raises RequestError if the device does not answer.

        Impossible values are left out, and counted.
        """
        wanted = set(quantities)
        signs = {device.readings[quantity].signed_by for quantity in wanted}
        needed = wanted | {sign for sign in signs if sign}
        image, readings = await self._read_all(
            device, {quantity: device.readings[quantity] for quantity in needed}
        )
        known: dict[Quantity, float] = {}
        for quantity, value in device.values(image, readings).items():
            if quantity not in wanted or value is None:
                continue
            if device.plausible(quantity, value):
                known[quantity] = value
            else:
                self.lies[quantity] += 1
        return known

    def refuses(self, reading: QuantityReading) -> bool:
        """Return whether the device refuses a part of this reading."""
        now_s = asyncio.get_running_loop().time()
        return any(
            self._refused.get((r.table, r.address, r.count), now_s) > now_s
            for r in reading.registers
        )

    async def _read_all(
        self, device: Device, readings: Mapping[Quantity, QuantityReading]
    ) -> tuple[Image, dict[Quantity, QuantityReading]]:
        """Return what could be read, and of each quantity the reading in use: its second register if the first is refused."""
        conditions = [
            reading.otherwise.when
            for reading in readings.values()
            if reading.otherwise
            and reading.otherwise.when
            and reading.otherwise.when not in self._conditions
        ]
        first = {q: self._in_use(reading) for q, reading in readings.items()}
        registers = [r for reading in first.values() for r in reading.registers]
        registers += [condition.register for condition in conditions]
        with self._attempt() as attempt:
            await self._gather(device, registers, attempt)
            self._conditions |= {
                condition: condition.holds(attempt.image)
                for condition in conditions
                if condition.register.words(attempt.image) is not None
            }
            second = {q: self._in_use(reading) for q, reading in readings.items()}
            moved = [
                register
                for quantity, reading in second.items()
                if reading != first[quantity]
                for register in reading.registers
            ]
            await self._gather(device, moved, attempt)
        return attempt.image, second

    def _in_use(self, reading: QuantityReading) -> QuantityReading:
        other = reading.otherwise
        if other is None:
            return reading
        older = other.when is not None and self._conditions.get(other.when, False)
        return other.reading if older or self.refuses(reading) else reading

    async def information(self, device: Device) -> dict[Information, str]:
        """Return what the device reports about itself. Raises RequestError if it does not answer."""
        image = await self.image(device, device.information.values())
        values = {
            information: _text(register, image)
            for information, register in device.information.items()
        }
        return {information: text for information, text in values.items() if text}

    async def image(self, device: Device, registers: Iterable[Register]) -> Image:
        """Return what could be read of these registers, value by value if a request for several is refused.

        Raises RequestError if there is no answer, and if a device refuses all registers that it answered before: it does not
        lack them, but is not ready.
        """
        with self._attempt() as attempt:
            await self._gather(device, registers, attempt)
        return attempt.image

    @contextmanager
    def _attempt(self) -> Iterator[_Attempt]:
        """Raise and forget the refusals of an attempt that returned nothing, so that everything is requested again."""
        before = dict(self._refused)
        attempt = _Attempt()
        yield attempt
        self._known |= attempt.image.keys()
        refused = attempt.refused
        if refused and not attempt.image and self._should_know(attempt.registers):
            self._refused = before
            raise refused

    async def _gather(
        self, device: Device, registers: Iterable[Register], attempt: _Attempt
    ) -> None:
        registers = list(registers)
        attempt.registers += registers
        planned = list(batches(registers, most=device.most_registers, gaps=device.gaps))
        failed: RequestError | None = None
        while planned:
            batch = planned.pop(0)
            try:
                words = await self._batch(batch)
            except RequestError as err:
                if err.failure is Failure.REFUSED:
                    attempt.refused = err
                    planned[:0] = batch.parts
                elif err.failure in _PASSING:
                    failed = err
                else:
                    # The next request would have to wait as long.
                    raise
                continue
            attempt.image |= {
                (batch.table, batch.address + i): word for i, word in enumerate(words)
            }
        if failed is not None and not attempt.image:
            raise failed

    def _should_know(self, registers: Iterable[Register]) -> bool:
        """Whether the device has ever answered one of these registers, or has not answered anything yet."""
        return not self._known or any(map(self._answered_before, registers))

    def _answered_before(self, register: Register) -> bool:
        return any((register.table, a) in self._known for a in register.addresses)

    async def _batch(self, batch: Batch) -> tuple[int, ...]:
        key = (batch.table, batch.address, batch.count)
        now_s = asyncio.get_running_loop().time()
        if self._refused.get(key, now_s) > now_s:
            raise RequestError(Failure.REFUSED, "as before")
        try:
            words = await self._patiently(batch)
        except RequestError as err:
            self.failures[err.failure] += 1
            self.last_error = (
                f"{err} ({batch.count} {batch.table} registers from {batch.address})"
            )
            if err.failure is Failure.REFUSED:
                alone = len(batch.registers) == 1
                had = key in self._answered or (
                    alone and self._answered_before(batch.registers[0])
                )
                for_s = _REFUSED_NOW_FOR_S if had else _REFUSED_FOR_S
                self._refused[key] = now_s + for_s
            raise
        self._answered.add(key)
        return words

    async def _patiently(self, batch: Batch) -> tuple[int, ...]:
        """Read a batch, a second time if the device was busy or its answer was broken."""
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
