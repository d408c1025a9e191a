"""Connections to real servers on the loopback interface: those that answer, and those that do not, or not well."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
import logging

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.constants import ExcCodes
from pymodbus.framer import FramerType
from pymodbus.pdu import DecodePDU
import pytest

from custom_components.sunfuse.sources.modbus.connection import Connection
from custom_components.sunfuse.sources.modbus.device_address import LinkKind, ModbusLink
from custom_components.sunfuse.sources.modbus.registers import (
    Failure,
    RegisterTable,
    RequestError,
)

from ...common import wait_until
from .server import Devices, Server, serial_line, serving

TIMEOUT_S = 0.5
WORDS = {(RegisterTable.INPUT, address): 100 + address for address in range(20)} | {
    (RegisterTable.HOLDING, address): 200 + address for address in range(20)
}
KINDS = [LinkKind.TCP, LinkKind.RTU_OVER_TCP]


@asynccontextmanager
async def connected(
    server: Server, kind: LinkKind = LinkKind.TCP
) -> AsyncIterator[Connection]:
    """Return a connection to a server."""
    link = ModbusLink(kind=kind, host="127.0.0.1", port=server.port)
    connection = Connection(link, request_timeout_s=TIMEOUT_S)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def line(kind: LinkKind) -> AsyncIterator[tuple[Server, Connection]]:
    """Return a server with two devices, and a connection of this kind to it."""
    framer = FramerType.SOCKET if kind is LinkKind.TCP else FramerType.RTU
    images = {1: dict(WORDS), 2: {(RegisterTable.INPUT, 0): 7}}
    async with serving(images, framer) as server, connected(server, kind) as connection:
        yield server, connection


async def fails(connection: Connection, unit: int = 1, count: int = 1) -> Failure:
    """Return why a request fails."""
    with pytest.raises(RequestError) as err:
        await connection.read(unit, RegisterTable.INPUT, 0, count)
    return err.value.failure


@pytest.mark.parametrize("kind", KINDS)
async def test_reading(kind: LinkKind) -> None:
    """Both tables of both devices, over one connection that stays open."""
    async with line(kind) as (server, connection):
        assert await connection.read(1, RegisterTable.INPUT, 3, 4) == (
            103,
            104,
            105,
            106,
        )
        assert await connection.read(1, RegisterTable.HOLDING, 3, 1) == (203,)
        assert await connection.read(2, RegisterTable.INPUT, 0, 1) == (7,)
        assert (connection.connects, connection.requests) == (1, 3)
        assert server.connections == 1
        assert connection.latency_s is not None
        assert 0 < connection.latency_s < TIMEOUT_S


async def test_reading_over_a_serial_line() -> None:
    """The frames of RTU over a pair of pseudo-terminals."""
    async with serial_line() as (device_end, our_end):
        server = Server(Devices({5: dict(WORDS)}))
        await server.start_serial(device_end)
        link = ModbusLink(kind=LinkKind.SERIAL, host=our_end)
        connection = Connection(link, request_timeout_s=1)
        assert await connection.read(5, RegisterTable.INPUT, 3, 2) == (103, 104)
        assert await connection.read(5, RegisterTable.HOLDING, 3, 2) == (203, 204)
        await connection.close()
        await server.stop()


@pytest.mark.parametrize("kind", KINDS)
async def test_requests_wait_for_each_other(kind: LinkKind) -> None:
    """A device that gets two requests at once may mix them up; each gets its own answer."""
    async with line(kind) as (server, connection):
        server.devices.delay_s = 0.01
        answers = await asyncio.gather(
            *(
                connection.read(1, RegisterTable.INPUT, address, 1)
                for address in range(10)
            )
        )
        assert answers == [(100 + address,) for address in range(10)]
        assert [address for _, _, address, _ in server.devices.requests] == list(
            range(10)
        )


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (ExcCodes.ILLEGAL_FUNCTION, Failure.REFUSED),
        (ExcCodes.ILLEGAL_ADDRESS, Failure.REFUSED),
        (ExcCodes.ILLEGAL_VALUE, Failure.REFUSED),
        (ExcCodes.DEVICE_FAILURE, Failure.BUSY),
        (ExcCodes.DEVICE_BUSY, Failure.BUSY),
        (ExcCodes.GATEWAY_PATH_UNAVIABLE, Failure.GATEWAY),
        (ExcCodes.GATEWAY_NO_RESPONSE, Failure.GATEWAY),
    ],
)
async def test_exceptions(code: ExcCodes, failure: Failure) -> None:
    """Each exception of the protocol is distinguished by what it means for the next request."""
    async with line(LinkKind.TCP) as (server, connection):
        server.devices.answer = code
        assert await fails(connection) is failure
        assert connection.failures == {failure: 1}
        server.devices.answer = None
        assert await connection.read(1, RegisterTable.INPUT, 0, 1) == (100,)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_device_that_is_not_there(kind: LinkKind) -> None:
    """Its neighbour on the same line goes on answering, over the same connection."""
    async with line(kind) as (_, connection):
        for _ in range(2):
            assert await fails(connection, unit=9) is Failure.NO_ANSWER
            assert await connection.read(1, RegisterTable.INPUT, 0, 1) == (100,)
        assert connection.connects == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_late_answer_is_not_taken_for_the_next(kind: LinkKind) -> None:
    """The frames of a serial line do not say to which request they belong: a late answer is waited out."""
    async with line(kind) as (server, connection):
        assert await connection.read(1, RegisterTable.INPUT, 0, 1) == (100,)
        server.devices.delay_s = TIMEOUT_S * 1.5
        assert await fails(connection) is Failure.NO_ANSWER
        server.devices.delay_s = 0
        assert await connection.read(1, RegisterTable.INPUT, 5, 1) == (105,)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data[:3],
        lambda data: bytes(len(data)),
        lambda data: b"\xff" * len(data),
        lambda data: data[:7] + b"\x04\x01\x00" if len(data) > 8 else data[:1],
        lambda data: data[:4] + b"\x00\x03\x01\x55\x00",
        lambda data: b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
)
async def test_broken_frames(
    kind: LinkKind, spoil: object, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever comes instead of an answer, there is an error of ours, no stack trace, and it works again after."""
    async with line(kind) as (server, connection):
        assert await connection.read(1, RegisterTable.INPUT, 0, 3) == (100, 101, 102)
        server.spoil = spoil  # type: ignore[assignment]
        assert await fails(connection, count=3) in (
            Failure.NO_ANSWER,
            Failure.BROKEN_ANSWER,
        )
        assert not [
            record
            for record in caplog.records
            if record.name == "asyncio" and record.levelno >= logging.WARNING
        ]
        server.spoil = None
        assert await connection.read(1, RegisterTable.INPUT, 0, 3) == (100, 101, 102)


async def test_a_wrong_checksum() -> None:
    """A frame of a serial line whose bits have toppled is no answer; what comes after its end does no harm."""
    async with line(LinkKind.RTU_OVER_TCP) as (server, connection):
        server.spoil = lambda data: data + b"\x00"
        assert await connection.read(1, RegisterTable.INPUT, 0, 3) == (100, 101, 102)
        server.spoil = lambda data: data[:5] + bytes([data[5] ^ 1]) + data[6:]
        assert await fails(connection, count=3) is Failure.NO_ANSWER


async def test_fewer_registers_than_were_asked_for() -> None:
    """An answer of another length is the answer to something else."""
    async with line(LinkKind.TCP) as (server, connection):
        # Header with the length of 5, unit, function 4, 2 bytes, one register.
        server.spoil = lambda data: (
            data[:4] + b"\x00\x05" + data[6:8] + b"\x02" + data[9:11]
        )
        assert await fails(connection, count=2) is Failure.BROKEN_ANSWER


@pytest.mark.parametrize("kind", KINDS)
async def test_lost_and_found(
    kind: LinkKind, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is restarted is found again; both are logged, once."""
    module = "custom_components.sunfuse.sources.modbus.connection"
    monkeypatch.setattr(f"{module}._FIRST_DELAY_S", 0.05)
    monkeypatch.setattr(f"{module}._STEADY_S", 0.0)
    caplog.set_level(logging.INFO, "custom_components.sunfuse.sources.modbus")
    async with line(kind) as (server, connection):
        assert await connection.read(1, RegisterTable.INPUT, 0, 1) == (100,)
        await server.stop()
        for _ in range(5):
            assert await fails(connection) is Failure.NOT_CONNECTED
        await server.start()

        async def found() -> tuple[int, ...]:
            while True:
                await asyncio.sleep(0.02)
                with suppress(RequestError):
                    return await connection.read(1, RegisterTable.INPUT, 0, 1)

        assert await asyncio.wait_for(found(), 30) == (100,)
        assert connection.connects == 2
        ours = [r.message for r in caplog.records if "sunfuse" in r.name]
        assert len(ours) == 2
        assert "is lost" in ours[0]
        assert "is back" in ours[1]
        # The library would warn of each attempt.
        assert not [r for r in caplog.records if "Failed to connect" in r.message]


async def test_a_connection_that_is_closed_again_and_again_is_logged_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two clients of a device that accepts one take turns in losing it. It is back when it holds for a while."""
    module = "custom_components.sunfuse.sources.modbus.connection"
    caplog.set_level(logging.INFO, module)
    async with line(LinkKind.TCP) as (server, connection):
        for _ in range(5):
            assert await connection.read(1, RegisterTable.INPUT, 0, 1) == (100,)
            server.devices.delay_s = 30
            request = asyncio.create_task(connection.read(1, RegisterTable.INPUT, 0, 1))
            while not server.devices.delayed:
                await asyncio.sleep(0.01)
            await server.stop()
            with pytest.raises(RequestError, match="not_connected"):
                await request
            server.devices.delay_s = 0
            await server.start()
        monkeypatch.setattr(f"{module}._STEADY_S", 0.0)
        assert await connection.read(1, RegisterTable.INPUT, 0, 1) == (100,)
    ours = [r.message for r in caplog.records if r.name == module]
    assert ["is lost" in text for text in ours] == [True, False]


async def test_a_server_that_hangs_up_does_not_keep_us_waiting() -> None:
    """A connection that is closed during a request brings no answer: nobody waits for it."""
    async with serving({1: dict(WORDS)}) as server:
        link = ModbusLink(kind=LinkKind.TCP, host="127.0.0.1", port=server.port)
        connection = Connection(link, request_timeout_s=30)
        server.devices.delay_s = 5
        request = asyncio.create_task(connection.read(1, RegisterTable.INPUT, 0, 1))
        while not server.devices.requests:
            await asyncio.sleep(0.01)
        await server.stop()
        # Sooner than the request would be given up.
        async with asyncio.timeout(20):
            with pytest.raises(RequestError, match="not_connected"):
                await request
        await connection.close()


async def test_a_gateway_that_takes_its_time() -> None:
    """One that always needs longer than usual is waited for, from the first request on."""
    async with line(LinkKind.TCP) as (server, connection):
        server.devices.delay_s = 1.5 * TIMEOUT_S
        for _ in range(3):
            assert await connection.read(1, RegisterTable.INPUT, 0, 1) == (100,)
        # One that got slower by little more is waited for as well.
        server.devices.delay_s = 2.5 * TIMEOUT_S
        assert await connection.read(1, RegisterTable.INPUT, 0, 1) == (100,)


async def test_an_end_without_a_time_is_ignored() -> None:
    """A connection on which nobody answers any more is opened anew: the other end may have forgotten it."""
    async with line(LinkKind.TCP) as (server, connection):
        server.devices.images.clear()
        for _ in range(3):
            assert await fails(connection) is Failure.NO_ANSWER
        assert not connection.connected
        server.devices.images[1] = dict(WORDS)
        assert await connection.read(1, RegisterTable.INPUT, 0, 1) == (100,)
        assert connection.connects == 2


async def test_a_wait_grows_and_nobody_is_hammered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As long as an attempt is not due, requests fail at once; no connection is tried for them."""
    monkeypatch.setattr(
        "custom_components.sunfuse.sources.modbus.connection._FIRST_DELAY_S", 60
    )
    async with serving({}) as server:
        await server.stop()
        async with connected(server) as connection:
            assert await fails(connection) is Failure.NOT_CONNECTED
            started = asyncio.get_running_loop().time()
            await server.start()
            assert await fails(connection) is Failure.NOT_CONNECTED
            assert asyncio.get_running_loop().time() - started < 20
            assert server.connections == 0


@pytest.mark.parametrize("moment_s", [0.0, 0.02, 0.2])
async def test_a_request_can_be_cancelled(moment_s: float) -> None:
    """At whatever moment: the cancellation is not lost, and the connection is good for the next request."""
    async with line(LinkKind.TCP) as (server, connection):
        server.devices.delay_s = 10
        request = asyncio.create_task(connection.read(1, RegisterTable.INPUT, 0, 1))
        await asyncio.sleep(moment_s)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        server.devices.delay_s = 0
        assert await connection.read(1, RegisterTable.INPUT, 4, 1) == (104,)


@pytest.mark.parametrize("kind", KINDS)
async def test_others_use_the_same_library(kind: LinkKind) -> None:
    """Home Assistant's own integration has a client of pymodbus of its own: neither notices the other."""
    async with line(kind) as (server, connection):
        framer = FramerType.SOCKET if kind is LinkKind.TCP else FramerType.RTU
        client = AsyncModbusTcpClient("127.0.0.1", port=server.port, framer=framer)
        assert await client.connect()
        for address in range(5):
            theirs, ours = await asyncio.gather(
                client.read_holding_registers(address, count=2, device_id=1),
                connection.read(1, RegisterTable.INPUT, address, 1),
            )
            assert theirs.registers == [200 + address, 201 + address]
            assert ours == (100 + address,)
        assert type(client.ctx.framer.decoder) is DecodePDU
        await connection.close()
        theirs = await client.read_holding_registers(0, count=1, device_id=1)
        assert theirs.registers == [200]
        client.close()


@pytest.mark.parametrize(
    "link",
    [
        ModbusLink(kind=LinkKind.SERIAL, host="/dev/there_is_none"),
        ModbusLink(kind=LinkKind.SERIAL, host="/dev/null"),
        ModbusLink(kind=LinkKind.SERIAL, host="/tmp"),  # noqa: S108
        ModbusLink(kind=LinkKind.SERIAL, host="no_such://scheme"),
    ],
)
async def test_what_cannot_be_a_connection(link: ModbusLink) -> None:
    """Whatever a person types in: it is no connection, and nothing else."""
    assert await fails(Connection(link)) is Failure.NOT_CONNECTED


async def test_nothing_is_left_of_a_closed_connection() -> None:
    """No task, no socket: neither of ours nor of pymodbus."""
    before = asyncio.all_tasks()
    async with serving({1: dict(WORDS)}) as server:
        for _ in range(3):
            async with connected(server) as connection:
                await connection.read(1, RegisterTable.INPUT, 0, 1)
        await wait_until(lambda: not server.connections, "all are closed")
        await server.stop()
    await wait_until(lambda: asyncio.all_tasks() == before, "no task is left")
