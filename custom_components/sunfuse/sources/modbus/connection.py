"""A connection to Modbus devices: one request at a time, reconnecting by itself.

pymodbus frames the requests. What it leaves to its caller is here. Its own reconnecting is off, because it does not report
that it waits; its own timeouts are longer than ours, because it logs each one as an error.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
import logging
import struct
import termios
from typing import Any, override

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerType
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU

from .device_address import LinkKind, ModbusLink
from .registers import Failure, RegisterTable, RequestError

_LOGGER = logging.getLogger(__name__)

type Client = AsyncModbusTcpClient | AsyncModbusSerialClient

CONNECT_TIMEOUT_S = 5.0
REQUEST_TIMEOUT_S = 3.0
# A gateway that takes seconds for each answer is also read: the timeout adapts to the observed response times.
_UNKNOWN_FACTOR = 2.0
_LATENCY_FACTOR = 3.0
_LONGEST_TIMEOUT_S = 10.0
# Longer than any of ours.
_LIBRARY_TIMEOUT_S = 60.0
_FIRST_DELAY_S = 1.0
_LONGEST_DELAY_S = 30.0
# This many requests in a row without an answer: the other end is gone without closing the connection.
_SILENT_REQUESTS = 3
# Modbus over Serial Line 1.02, section 2.5.1.1, asks for 3.5 characters between frames, 4 ms at 9600 baud. Converters
# between USB and RS485 need more; Home Assistant's own integration waits 30 ms as well.
_SERIAL_PAUSE_S = 0.03
_LATENCY_WEIGHT = 0.1
# A connection is back when it has held for this long: many devices accept one client, and two take turns in losing it.
_STEADY_S = 60.0

# Modbus Application Protocol 1.1b3, section 7. Codes that are not named here are temporary: try again later.
_REFUSED = frozenset((1, 2, 3))
_GATEWAY = frozenset((10, 11))
# Not a code of the standard: the answer was invalid.
_BROKEN = 0


class _NotConnectedError(Exception):
    """pymodbus would log this as a warning at each attempt, also for a device that is switched off."""


class _Decoder(DecodePDU):
    """Turns data that cannot be understood into an answer; it would otherwise end the connection with a traceback."""

    @override
    def decode(self, frame: bytes) -> ModbusPDU:
        try:
            decoded = super().decode(frame)
        except struct.error:
            decoded = None
        return decoded or ExceptionResponse(0, _BROKEN)


class Connection:
    """A connection that is shared by all devices behind it."""

    def __init__(
        self, link: ModbusLink, *, request_timeout_s: float = REQUEST_TIMEOUT_S
    ) -> None:
        """Prepare the connection; the first request opens it."""
        self.link = link
        self.connects = 0
        self.requests = 0
        self.failures: Counter[Failure] = Counter()
        self.latency_s: float | None = None
        self.last_error: str | None = None
        self._request_timeout_s = request_timeout_s
        self._client: Client | None = None
        self._lock = asyncio.Lock()
        self._deadline: asyncio.Timeout | None = None
        self._next_attempt = 0.0
        self._delay_s = 0.0
        self._silent = 0
        self._lost_at: float | None = None
        self._free_at = 0.0
        # Until when an answer to an abandoned request may still arrive, by unit id.
        self._quiet_until: dict[int, float] = {}

    @property
    def connected(self) -> bool:
        """Whether the connection is open."""
        return self._client is not None and self._client.connected

    async def read(
        self,
        unit: int,
        table: RegisterTable,
        address: int,
        count: int,
        *,
        pause_s: float = 0.0,
        timeout_s: float | None = None,
    ) -> tuple[int, ...]:
        """Read registers of a device; opens the connection when needed. Raises RequestError."""
        async with self._lock:
            try:
                client = await self._open()
                await self._wait_for_silence(unit)
                words = await self._request(
                    client, unit, table, address, count, timeout_s
                )
            except RequestError as err:
                self.failures[err.failure] += 1
                self.last_error = str(err)
                raise
            finally:
                serial = self.link.kind is LinkKind.SERIAL
                pause_s = max(pause_s, _SERIAL_PAUSE_S if serial else 0.0)
                self._free_at = _now() + pause_s
            return words

    async def open(self) -> None:
        """Open the connection if it is closed. Raises RequestError."""
        async with self._lock:
            await self._open()

    async def close(self) -> None:
        """Close the connection, after the request in progress."""
        async with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    async def _open(self) -> Client:
        """Return the open client. A failed attempt is not repeated before its delay has passed."""
        if self._client is not None and self._client.connected:
            return self._client
        self._drop()
        if _now() < self._next_attempt:
            raise RequestError(Failure.NOT_CONNECTED, self.link.name)
        if (client := await self._connected_client()) is None:
            self._delay_s = min(self._delay_s * 2 or _FIRST_DELAY_S, _LONGEST_DELAY_S)
            self._next_attempt = _now() + self._delay_s
            self._report_lost("no connection")
            raise RequestError(Failure.NOT_CONNECTED, self.link.name)
        self._client = client
        self.connects += 1
        self._silent = 0
        self._quiet_until.clear()
        return client

    async def _connected_client(self) -> Client | None:
        """Return a new client, None if it cannot connect. pyserial raises different errors for a bad port."""
        try:
            client = self._new_client()
        except RuntimeError as err:
            # pymodbus was imported before pyserial was installed: a restart solves that.
            self.last_error = str(err)
            return None
        connected = False
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                connected = await client.connect()
        except (
            TimeoutError,
            ModbusException,
            ValueError,
            termios.error,
            _NotConnectedError,
        ) as err:
            _LOGGER.debug("No connection to %s: %s", self.link.name, err)
        finally:
            if not connected:
                client.close()
        return client if client.connected else None

    def _new_client(self) -> Client:
        link = self.link
        client: Client
        if link.kind is LinkKind.SERIAL:
            client = AsyncModbusSerialClient(
                link.host,
                baudrate=link.serial.baudrate,
                parity=link.serial.parity.value,
                stopbits=link.serial.stop_bits,
                timeout=_LIBRARY_TIMEOUT_S,
                retries=0,
                reconnect_delay=0,
                trace_connect=self._connection_changed,
            )
        else:
            rtu = link.kind is LinkKind.RTU_OVER_TCP
            client = AsyncModbusTcpClient(
                link.host,
                port=link.port,
                framer=FramerType.RTU if rtu else FramerType.SOCKET,
                timeout=_LIBRARY_TIMEOUT_S,
                retries=0,
                reconnect_delay=0,
                trace_connect=self._connection_changed,
            )
        client.ctx.framer.decoder = _Decoder(False)
        client.ctx.call_create = partial(_create_quietly, client.ctx.call_create)
        return client

    def _connection_changed(self, connected: bool) -> None:
        """Stop waiting for an answer when the connection is closed."""
        if not connected and self._deadline is not None:
            self._deadline.reschedule(_now())

    async def _wait_for_silence(self, unit: int) -> None:
        """Keep the pause that a serial line needs, and do not take a late answer for the one to the next request.

        A frame on a serial line does not say which request it answers.
        """
        due = max(self._free_at, self._quiet_until.pop(unit, 0.0))
        if (wait_s := due - _now()) > 0:
            await asyncio.sleep(wait_s)

    async def _request(
        self,
        client: Client,
        unit: int,
        table: RegisterTable,
        address: int,
        count: int,
        timeout_s: float | None,
    ) -> tuple[int, ...]:
        read = (
            client.read_holding_registers
            if table is RegisterTable.HOLDING
            else client.read_input_registers
        )
        self.requests += 1
        started = _now()
        try:
            async with asyncio.timeout(
                timeout_s or self._patience_s()
            ) as self._deadline:
                answer = await read(address, count=count, device_id=unit)
        except (ModbusException, TimeoutError) as err:
            # pymodbus turns a cancellation into an error of its own: ours must not be lost.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise asyncio.CancelledError from err
            raise self._unanswered(client, unit, started) from err
        finally:
            self._deadline = None
        self._answered(_now() - started)
        if isinstance(answer, ExceptionResponse):
            raise RequestError(
                _failure(answer.exception_code), f"code {answer.exception_code}"
            )
        if len(answer.registers) != count:
            raise RequestError(
                Failure.BROKEN_ANSWER, f"{len(answer.registers)} of {count} registers"
            )
        return tuple(answer.registers)

    def _patience_s(self) -> float:
        """Return how long to wait for an answer."""
        usual_s = self._request_timeout_s
        if self.latency_s is None:
            return _UNKNOWN_FACTOR * usual_s
        longest_s = max(usual_s, _LONGEST_TIMEOUT_S)
        return min(max(usual_s, _LATENCY_FACTOR * self.latency_s), longest_s)

    def _unanswered(self, client: Client, unit: int, started: float) -> RequestError:
        if not client.connected:
            self._drop()
            self._report_lost("closed by the other end")
            return RequestError(Failure.NOT_CONNECTED, self.link.name)
        self._silent += 1
        if self._silent >= _SILENT_REQUESTS:
            self._drop()
            self._silent = 0
        elif self.link.kind is not LinkKind.TCP:
            # It may be as late again as it is already.
            self._quiet_until[unit] = 2 * _now() - started
        return RequestError(Failure.NO_ANSWER, f"unit {unit}, {_now() - started:.1f} s")

    def _answered(self, latency_s: float) -> None:
        self._silent = 0
        self._delay_s = 0.0
        before = self.latency_s if self.latency_s is not None else latency_s
        self.latency_s = before + _LATENCY_WEIGHT * (latency_s - before)
        if self._lost_at is not None and _now() - self._lost_at >= _STEADY_S:
            self._lost_at = None
            _LOGGER.info("The Modbus connection to %s is back", self.link.name)

    def _report_lost(self, why: str) -> None:
        if self._lost_at is None:
            _LOGGER.warning(
                "The Modbus connection to %s is lost: %s. It is tried again; check its power, cable and address",
                self.link.name,
                why,
            )
        self._lost_at = _now()


async def _create_quietly(create: Callable[[], Awaitable[Any]]) -> Any:
    try:
        return await create()
    except OSError as err:
        raise _NotConnectedError(str(err)) from err


def _failure(code: int) -> Failure:
    if code == _BROKEN:
        return Failure.BROKEN_ANSWER
    if code in _REFUSED:
        return Failure.REFUSED
    return Failure.GATEWAY if code in _GATEWAY else Failure.BUSY


def _now() -> float:
    return asyncio.get_running_loop().time()
