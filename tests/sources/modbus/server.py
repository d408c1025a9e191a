"""A real pymodbus server on the loopback interface, whose devices are images of registers, and who may misbehave."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
import os
import struct
import tty
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.exceptions import NoSuchIdException
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from custom_components.sunfuse.sources.modbus.batches import batches
from custom_components.sunfuse.sources.modbus.device import Device, Quantity
from custom_components.sunfuse.sources.modbus.registers import (
    NUMBERS,
    Order,
    Register,
    RegisterTable,
    ValueType,
)

from ...common import free_port

FUNCTIONS = {3: RegisterTable.HOLDING, 4: RegisterTable.INPUT}

type RegisterWords = dict[tuple[RegisterTable, int], int]


def encode(register: Register, value: float | str) -> RegisterWords:
    """Return the words by which a device says a value, as the protocol's text has it: the inverse of decoding."""
    if register.type is ValueType.STRING:
        size = 2 * register.count
        packed = str(value).encode()[:size].ljust(size, b"\0")
    else:
        code, _ = NUMBERS[register.type]
        number = float(value)
        packed = struct.pack(code, number if code[1] in "fd" else round(number))
    words = list(struct.unpack(f">{register.count}H", packed))
    if register.byte_order is Order.LITTLE:
        words = [(word & 0xFF) << 8 | word >> 8 for word in words]
    if register.word_order is Order.LITTLE:
        words.reverse()
    return {
        (register.table, register.address + index): word
        for index, word in enumerate(words)
    }


def image_of(device: Device, values: Mapping[Quantity, float]) -> RegisterWords:
    """Return the registers of a device that shows these values, its own signature included. Other readings show 0.

    Of a sum, the first term shows it all. An exponent is 0.
    """
    image: RegisterWords = {}
    for reading in device.readings.values():
        for term in reading.terms:
            image |= encode(term.register, 0)
            if term.scale_register:
                image |= encode(term.scale_register, 0)
    for quantity, value in values.items():
        term = device.readings[quantity].terms[0]
        image |= encode(term.register, value / term.factor)
    for information, register in device.information.items():
        text = register.type is ValueType.STRING
        image |= encode(register, f"A {information.value}" if text else 4711)
    for condition in device.identify:
        said: float | str
        if condition.between:
            # Between 80 and 300 V, say: what the values show may be it already.
            if condition.holds(image):
                continue
            said = sum(condition.between) / 2
        else:
            ways = (*condition.one_of, condition.starts_with, condition.contains)
            said = next(way for way in ways if way is not None)
        image |= encode(condition.register, said)
    registers = [r for reading in device.readings.values() for r in reading.registers]
    for batch in batches(registers, most=device.most_registers, gaps=device.gaps):
        for index in range(batch.count):
            image.setdefault((batch.table, batch.address + index), 0)
    return image


class Devices:
    """The devices behind a server, by unit id. A request for a register that a device lacks is refused by it."""

    def __init__(self, images: Mapping[int, RegisterWords]) -> None:
        """Take their registers; they may be changed at any time."""
        self.images = dict(images)
        self.requests: list[tuple[int, RegisterTable, int, int]] = []
        self.delay_s = 0.0
        self.answer: ExcCodes | None = None
        self.answers_left: int | None = None
        self._going_on: set[asyncio.Task[Any]] = set()

    def device_ids(self) -> list[int]:
        """Return the unit ids, as a server asks for them."""
        return list(self.images)

    async def async_getValues(
        self, device_id: int, func_code: int, address: int, count: int = 1
    ) -> list[int] | ExcCodes:
        """Return registers, or the code of an exception."""
        table = FUNCTIONS[func_code]
        self.requests.append((device_id, table, address, count))
        if device_id not in self.images:
            raise NoSuchIdException
        image = self.images[device_id]
        words = [image.get((table, address + index)) for index in range(count)]
        if self.delay_s:
            await self._delay()
        if self.answer is not None and self.answers_left != 0:
            if self.answers_left:
                self.answers_left -= 1
            return self.answer
        known = [word for word in words if word is not None]
        return known if len(known) == count else ExcCodes.ILLEGAL_ADDRESS

    @property
    def delayed(self) -> int:
        """Return how many answers are delayed now."""
        return len(self._going_on)

    async def _delay(self) -> None:
        task = asyncio.current_task()
        assert task
        self._going_on.add(task)
        try:
            await asyncio.sleep(self.delay_s)
        finally:
            self._going_on.discard(task)

    async def stop(self) -> None:
        """Let go of what is still to be answered."""
        for task in (tasks := tuple(self._going_on)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Server:
    """A server that can be stopped and started again on its port, and whose frames can be spoilt."""

    def __init__(
        self, devices: Devices, framer: FramerType = FramerType.SOCKET
    ) -> None:
        """Prepare a server for these devices."""
        self.devices = devices
        self.framer = framer
        self.port = free_port()
        self.spoil: Callable[[bytes], bytes] | None = None
        self._server: ModbusTcpServer | ModbusSerialServer | None = None

    async def start(self) -> None:
        """Listen, on the port as before."""
        server = ModbusTcpServer(
            _NOTHING,
            framer=self.framer,
            address=("127.0.0.1", self.port),
            ignore_missing_devices=True,
            trace_packet=self._trace,
        )
        server.context = self.devices  # type: ignore[assignment]
        await server.serve_forever(background=True)
        self._server = server

    async def start_serial(self, path: str) -> None:
        """Answer on a serial line."""
        server = ModbusSerialServer(
            _NOTHING,
            port=path,
            framer=FramerType.RTU,
            baudrate=9600,
            ignore_missing_devices=True,
            trace_packet=self._trace,
        )
        server.context = self.devices  # type: ignore[assignment]
        await server.serve_forever(background=True)
        self._server = server

    async def stop(self) -> None:
        """Stop, and close every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.devices.stop()

    @property
    def connections(self) -> int:
        """Return how many clients are connected."""
        return len(self._server.active_connections) if self._server else 0

    def _trace(self, sending: bool, data: bytes) -> bytes:
        return self.spoil(data) if sending and self.spoil and data else data


# pymodbus wants one; the devices answer in its place.
_NOTHING = SimDevice(id=1, simdata=[SimData(0, values=0, datatype=DataType.REGISTERS)])


@asynccontextmanager
async def serving(
    images: Mapping[int, RegisterWords], framer: FramerType = FramerType.SOCKET
) -> AsyncIterator[Server]:
    """Run a server for devices with these registers."""
    server = Server(Devices(images), framer)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def serial_line() -> AsyncIterator[tuple[str, str]]:
    """Return the two ends of a serial line: what is written to one can be read at the other."""
    loop = asyncio.get_running_loop()
    pairs = [os.openpty() for _ in range(2)]
    masters = [master for master, _ in pairs]
    for master, slave in pairs:
        tty.setraw(slave)
        os.set_blocking(master, False)

    def copy(source: int, target: int) -> None:
        os.write(target, os.read(source, 4096))

    loop.add_reader(masters[0], copy, masters[0], masters[1])
    loop.add_reader(masters[1], copy, masters[1], masters[0])
    try:
        yield os.ttyname(pairs[0][1]), os.ttyname(pairs[1][1])
    finally:
        for master, slave in pairs:
            loop.remove_reader(master)
            os.close(master)
            os.close(slave)
