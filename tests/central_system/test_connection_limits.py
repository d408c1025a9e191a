"""Strangers at the port: connections that ask for nothing, floods that would fill the log, wrong passwords."""

import asyncio
import base64
from collections.abc import AsyncIterator
import contextlib
from contextlib import asynccontextmanager
import gc
import logging
from pathlib import Path
import socket
import ssl
from warnings import catch_warnings, simplefilter

from aiohttp import ClientSession, TCPConnector, WSMsgType, WSServerHandshakeError
import pytest

from custom_components.sunfuse.central_system import CentralSystem, StationConfig
from custom_components.sunfuse.central_system.protocol.connection_limits import (
    MAX_WAITING_PER_ADDRESS,
    LimitedListener,
)
from custom_components.sunfuse.central_system.protocol.grouped_warnings import (
    GroupedWarnings,
)
from custom_components.sunfuse.central_system.protocol.unfinished_message import (
    MOST_BYTES,
)

from ..certificates import write_certificate
from ..common import wait_until
from .charging import CP1
from .client import RawStation
from .conftest import Connect

MODULE = "custom_components.sunfuse.central_system"
PASSWORD = "ab" * 20

type Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def half_open(
    port: int, number: int, said: bytes = b""
) -> AsyncIterator[list[Connection]]:
    """Open connections that never complete a request."""
    connections: list[Connection] = []
    for _ in range(number):
        connections.append(await asyncio.open_connection("127.0.0.1", port))
        connections[-1][1].write(said)
    yield connections
    for _, writer in connections:
        writer.close()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines that a user would read; asyncio warns of a busy machine in tests only."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.name != "asyncio"
    ]


@pytest.mark.parametrize("said", [b"", b"GET /CP1 HTTP/1.1\r\nHost: x\r\n"])
async def test_half_open_connections_are_bounded(
    system: CentralSystem,
    connect: Connect,
    caplog: pytest.LogCaptureFixture,
    said: bytes,
) -> None:
    """Connections without a request take so many files and no more, and keep no charger out."""
    system.accept(CP1)
    async with half_open(system.port, 3 * MAX_WAITING_PER_ADDRESS, said) as connections:
        await (await connect()).boot()
        await wait_until(
            lambda: (
                sum(r.at_eof() or bool(r.exception()) for r, _ in connections)
                >= 2 * MAX_WAITING_PER_ADDRESS
            ),
            "the oldest are closed",
        )
    assert len(warnings(caplog)) == 1


async def test_a_connection_without_request_is_closed(
    system: CentralSystem, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection without a complete request lasts a moment; one that is served lasts."""
    monkeypatch.setattr(f"{MODULE}.protocol.connection_limits.REQUEST_S", 0.2)
    system.accept(CP1)
    station = await connect()
    await station.boot()
    async with half_open(system.port, 5, b"GET /CP1 HT") as connections:
        for reader, _ in connections:
            assert await reader.read() == b""
    await station.call("Heartbeat", {})


async def test_a_connection_without_tls_handshake_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With TLS, connections are bounded before its handshake; a charger gets in beside them."""
    monkeypatch.setattr(f"{MODULE}.protocol.connection_limits.REQUEST_S", 1.0)
    certificate, key = write_certificate(tmp_path, "home")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=certificate)
    system = CentralSystem()
    system.accept(CP1)
    await system.start("127.0.0.1", 0, context)
    many = MAX_WAITING_PER_ADDRESS + 20
    async with half_open(system.port, many) as connections, ClientSession() as session:
        websocket = await session.ws_connect(
            f"wss://127.0.0.1:{system.port}/CP1", protocols=("ocpp1.6",), ssl=trusting
        )
        station = RawStation(session, websocket)
        await station.boot()
        for reader, _ in connections:
            assert await reader.read() == b""
        await station.call("Heartbeat", {})
        await station.close()
    await system.stop()


@pytest.mark.parametrize(
    "request_text",
    [
        b"GET / HTTP/1.1\r\nbad header\x00\r\n\r\n",
        b"POST /CP1 HTTP/9\r\n\r\n",
        b"\x16\x03\x01 TLS to a port without\r\n\r\n",
    ],
)
async def test_rubbish_instead_of_http(
    system: CentralSystem, caplog: pytest.LogCaptureFixture, request_text: bytes
) -> None:
    """However often: one line at most, and no traceback."""
    for _ in range(50):
        reader, writer = await asyncio.open_connection("127.0.0.1", system.port)
        writer.write(request_text)
        await reader.read()
        writer.close()
    assert len(warnings(caplog)) <= 1
    assert all(record.exc_info is None for record in caplog.records)


async def test_one_line_a_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next line contains how often it happened meanwhile; then there is silence."""
    monkeypatch.setattr(f"{MODULE}.protocol.grouped_warnings.EVERY_S", 0.1)
    complaints = GroupedWarnings(logging.getLogger(MODULE))
    for number in range(66_000):
        complaints.warn("flood", f"line {number}")
    assert warnings(caplog) == ["line 0"]
    await wait_until(lambda: len(warnings(caplog)) == 2, "it is summed up")
    assert warnings(caplog)[1] == "line 65999 (65999 times in the last minute)"
    complaints.warn("other", "other")
    assert warnings(caplog)[2:] == ["other"]
    complaints.close()


async def test_the_case_of_an_identity_makes_no_new_one(
    system: CentralSystem, connect: Connect
) -> None:
    """A storm of connections is slowed however the identity is spelt."""
    system.accept(StationConfig(identity="abcdefgh"))

    async def come_again_and_again() -> None:
        for number in range(50):
            spelt = "".join(
                letter.upper() if number >> place & 1 else letter
                for place, letter in enumerate("abcdefgh")
            )
            async with asyncio.timeout(0.5):
                station = await connect(f"/{spelt}")
            await station.close()

    with pytest.raises(TimeoutError):
        await come_again_and_again()


async def test_unknown_chargers_of_one_address_are_slowed(
    system: CentralSystem,
) -> None:
    """An address that tries one identity after the other is slowed, and keeps no accepted charger out."""
    system.accept(CP1)
    url = f"ws://127.0.0.1:{system.port}/"
    refused: list[int] = []
    let_in = 0

    async def knock(session: ClientSession, number: int) -> None:
        nonlocal let_in
        try:
            async with asyncio.timeout(2):
                websocket = await session.ws_connect(
                    f"{url}Stranger{number}", protocols=("ocpp1.6",)
                )
        except WSServerHandshakeError as err:
            refused.append(err.status)
        except TimeoutError:
            return  # it is made to wait
        else:
            let_in += 1
            await websocket.close()

    async with asyncio.timeout(60), ClientSession() as session:
        await asyncio.gather(*(knock(session, number) for number in range(90)))
        assert let_in <= 22
        assert let_in + refused.count(503) <= 50
        station = await RawStation.connect(session, system.port)
        assert (await station.boot())["status"] == "Accepted"
        await station.close()


async def test_wrong_passwords_from_many_addresses(
    system: CentralSystem,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They make one line and few changes of state; the charger itself gets in."""
    monkeypatch.setattr(f"{MODULE}.handshake._LONGEST_DELAY_S", 0.05)
    system.accept(StationConfig(identity="CP1", password=PASSWORD))
    changes: list[object] = []
    system.subscribe(changes.append)

    async def come(address: str, password: str) -> int | str:
        proof = base64.b64encode(f"CP1:{password}".encode()).decode()
        async with ClientSession(
            connector=TCPConnector(local_addr=(address, 0))
        ) as session:
            try:
                async with session.ws_connect(
                    f"ws://127.0.0.1:{system.port}/CP1",
                    protocols=("ocpp1.6",),
                    headers={"Authorization": f"Basic {proof}"},
                ):
                    return "in"
            except WSServerHandshakeError as err:
                return err.status

    statuses = await asyncio.gather(
        *(come(f"127.0.1.{number}", f"{number:040}") for number in range(1, 61))
    )
    assert set(statuses) == {401}
    assert len(warnings(caplog)) == 1
    assert 1 <= len(changes) <= 30
    assert await come("127.0.2.1", PASSWORD) == "in"


async def test_pings_of_unknown_chargers_are_slowed(system: CentralSystem) -> None:
    """Who is not accepted is answered no faster than it may speak."""
    pongs = 0
    async with ClientSession() as session:
        websocket = await session.ws_connect(
            f"ws://127.0.0.1:{system.port}/CP1",
            protocols=("ocpp1.6",),
            autoping=False,
        )
        for number in range(60):
            await websocket.ping(f"{number}".encode())

        async def read() -> None:
            nonlocal pongs
            while (await websocket.receive()).type is WSMsgType.PONG:
                pongs += 1

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(read(), 0.5)
        assert 0 < pongs < 30
        await system.stop()


# Frames of RFC 6455, section 5.2, masked with zeros: the beginning of a text, and a part that is neither content nor end.
TEXT_BEGINS = bytes([0x01, 0x81, 0, 0, 0, 0]) + b"["
NOTHING = bytes([0x00, 0x80, 0, 0, 0, 0])


async def test_endless_fragments_are_closed(
    system: CentralSystem, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """A message of empty continuation frames never ends, and is no request that could be slowed down."""
    system.accept(CP1)
    reader, writer = await asyncio.open_connection("127.0.0.1", system.port)
    writer.write(
        b"GET /CP1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        b"Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
    )
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    writer.write(TEXT_BEGINS)
    with contextlib.suppress(ConnectionError):
        for _ in range(MOST_BYTES // len(NOTHING) // 1000 + 100):
            writer.write(NOTHING * 1000)
            await writer.drain()
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(10):
            await reader.read()
    writer.close()
    await wait_until(lambda: not system.stations["CP1"].state.connected, "it is closed")
    assert len(warnings(caplog)) == 1
    await (await connect()).boot()


async def test_a_message_of_many_parts_is_read(
    system: CentralSystem, connect: Connect
) -> None:
    """What ends is a message, and many of them are more than one without an end may be."""
    system.accept(CP1)
    station = await connect()
    await station.boot()
    for _ in range(10):
        payload = {"vendorId": "x", "data": "y" * (MOST_BYTES // 9)}
        answer = await station.call("DataTransfer", payload)
        assert answer["status"] == "UnknownVendorId"


async def test_connections_of_the_last_moment_are_closed() -> None:
    """A site that is reloaded while its chargers connect leaves no socket open, whatever asyncio was about to do."""
    for turns in range(5):
        listener = LimitedListener(asyncio.Protocol, None, print)
        port = await listener.open("127.0.0.1", 0)
        with catch_warnings(record=True) as left:
            simplefilter("always")
            # The system accepts these before asyncio knows of them.
            clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]
            for _ in range(turns):
                await asyncio.sleep(0)
            await listener.close()
            await asyncio.sleep(0)
            gc.collect()
            for client in clients:
                client.close()
        assert not [one for one in left if one.category is ResourceWarning]
