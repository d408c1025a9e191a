"""Who connects how: paths, identities, sub-protocols, and sockets that die."""

import asyncio
import base64
import logging
import os

from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError
import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    StationConfig,
    Timing,
)
from custom_components.sunfuse.central_system.protocol.identity_and_version import (
    identity_of,
    negotiate,
)
from custom_components.sunfuse.central_system.server import MAX_PENDING_PER_ADDRESS

from .charging import CP1
from .client import WAIT_S, RawStation
from .conftest import Connect, SteppedClock, Watched


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("/CP1", "CP1"),
        ("/CP1/", "CP1"),
        ("/ocpp/1.6/CP1//", "CP1"),
        ("/CP1?token=x", "CP1"),
        ("/A%2FB", "A/B"),
        ("/Garage%20links", "Garage links"),
        ("/%C3%9Cber", "Über"),
        ("/", None),
        ("", None),
        ("/%FF", None),
        ("/%00", None),
        ("/%20", None),
        ("/" + "x" * 65, None),
    ],
)
def test_identity(path: str, identity: str | None) -> None:
    """The identity is the last part of the path, whatever comes before it."""
    assert identity_of(path) == identity


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ("", ("ocpp1.6", None)),
        ("ocpp1.6", ("ocpp1.6", "ocpp1.6")),
        ("OCPP1.6", ("ocpp1.6", "OCPP1.6")),
        ("ocpp1.5, ocpp1.6", ("ocpp1.6", "ocpp1.6")),
        ("ocpp1.5", (None, None)),
    ],
)
def test_negotiation(offered: str, chosen: tuple[str | None, str | None]) -> None:
    """The newest protocol that both speak is spoken, in the charger's spelling; none offered means 1.6."""
    assert negotiate(offered) == chosen


async def test_no_sub_protocol_is_1_6(system: CentralSystem, connect: Connect) -> None:
    """A charger that offers no sub-protocol is spoken to in OCPP 1.6."""
    station = await connect(protocols=())
    assert station.websocket.protocol is None
    await station.boot()
    assert system.pending["CP1"].info.protocol == "ocpp1.6"


async def test_no_common_sub_protocol(system: CentralSystem, connect: Connect) -> None:
    """A charger that speaks only what we do not is shaken hands with and sent away."""
    station = await connect(protocols=("ocpp1.2",))
    await station.wait_for(lambda: station.websocket.closed)
    assert station.websocket.close_code == 1002
    assert not system.pending


async def test_a_browser_gets_a_sentence(system: CentralSystem) -> None:
    """Whoever looks at the address with a browser reads what it is for."""
    async with (
        ClientSession() as session,
        session.get(f"http://127.0.0.1:{system.port}/CP1") as response,
    ):
        assert response.status == 426
        assert "OCPP" in await response.text()


async def test_identity_in_another_case(
    system: CentralSystem, connect: Connect
) -> None:
    """Identities do not differ by upper and lower case (OCPP 2.0.1, identifierString)."""
    system.accept(CP1)
    station = await connect("/cp1")
    assert (await station.boot())["status"] == "Accepted"
    assert system.stations["CP1"].state.connected


async def test_unknown_chargers_are_bounded(watched: Watched, connect: Connect) -> None:
    """Unknown chargers take up so much and no more, and leave room when they go."""
    many = MAX_PENDING_PER_ADDRESS
    stations = [await connect(f"/X{number}") for number in range(many)]
    assert len(watched.system.pending) == many
    with pytest.raises(WSServerHandshakeError, match="503"):
        await connect("/one_more")
    watched.system.accept(CP1)
    assert (await (await connect("/CP1")).boot())["status"] == "Accepted"
    await stations[0].close()
    await watched.until(lambda: len(watched.system.pending) < many)
    await connect("/one_more")


async def test_who_is_accepted_makes_room_for_the_next(
    watched: Watched, connect: Connect
) -> None:
    """Of twenty chargers behind one address the first are accepted; the others can come at once, not when those come back."""
    many = MAX_PENDING_PER_ADDRESS
    for number in range(many):
        await connect(f"/X{number}")
    for number in range(4):
        watched.system.accept(StationConfig(identity=f"X{number}"))
    for number in range(4):
        await connect(f"/Y{number}")
    with pytest.raises(WSServerHandshakeError, match="503"):
        await connect("/one_more")


async def test_a_heartbeat_is_no_news(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """A sign of life is noted, and wakes nobody: each message is one."""
    station = await connect()
    await station.boot()
    known = len(watched.states)
    clock.step(1)
    assert "currentTime" in await station.call("Heartbeat", {})
    assert len(watched.states) == known
    assert watched.system.pending["CP1"].last_seen == clock.time


async def test_second_connection_while_the_first_lives(
    system: CentralSystem, connect: Connect
) -> None:
    """Nobody takes the place of a charger that is connected and answers."""
    system.accept(CP1)
    first = await connect()
    await first.boot()
    with pytest.raises(WSServerHandshakeError, match="409"):
        await connect()
    await (await system.stations["CP1"].in_service()).reset(hard=False)
    assert first.received("Reset")


async def _silent_connection(port: int) -> asyncio.StreamWriter:
    """Open a WebSocket as CP1 and never read from it: the charger is gone, its socket is not."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET /CP1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    return writer


async def test_newer_connection_replaces_a_dead_one(clock: SteppedClock) -> None:
    """A charger that comes back takes the place of its dead connection, whose end does not touch the new one."""
    system = CentralSystem(now=clock, timing=Timing(probe_s=0.05, settle_s=0))
    system.accept(CP1)
    watched = Watched(system)
    await system.start("127.0.0.1", 0)
    writer = await _silent_connection(system.port)
    await watched.until(lambda: system.stations["CP1"].state.connected)
    watched.states.clear()
    async with ClientSession() as session:
        station = await RawStation.connect(session, system.port)
        await station.boot()
        writer.close()
        await writer.wait_closed()
        await station.call("Heartbeat", {})
        assert all(state.connected for state in watched.states)
        await (await system.stations["CP1"].in_service()).reset(hard=False)
        assert station.received("Reset")
        await station.close()
    await system.stop()


async def test_storm_of_connections_is_slowed(
    system: CentralSystem, connect: Connect
) -> None:
    """A charger that connects again and again waits ever longer for it."""
    system.accept(CP1)

    async def come_again_and_again() -> None:
        # On a busy machine some of the ten are earned again meanwhile.
        for _ in range(50):
            async with asyncio.timeout(0.5):
                station = await connect()
            await station.close()

    with pytest.raises(TimeoutError):
        await come_again_and_again()


async def test_too_many_messages_are_slowed(
    system: CentralSystem, connect: Connect
) -> None:
    """An unknown charger that floods us is read no faster than it may speak."""
    station = await connect()
    for number in range(60):
        await station.send([2, str(number), "Heartbeat", {}])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await station.answer_to("59")
    assert len(station.frames) < 30
    await system.stop()


async def test_large_messages_are_slowed(
    system: CentralSystem, connect: Connect
) -> None:
    """Reading one takes as long as reading many small ones."""
    station = await connect()
    brackets: list[list[str]] = [[]] * 60_000
    for number in range(10):
        await station.send([2, str(number), "DataTransfer", {"data": brackets}])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await station.answer_to("9")
    assert 0 < len(station.frames) < 3
    await system.stop()


async def test_half_open_socket_is_found(clock: SteppedClock) -> None:
    """A charger that vanished without a word is found by ping."""
    system = CentralSystem(now=clock, timing=Timing(ping_s=0.1))
    system.accept(CP1)
    watched = Watched(system)
    await system.start("127.0.0.1", 0)
    writer = await _silent_connection(system.port)
    await watched.until(lambda: system.stations["CP1"].state.connected)
    # The socket stays open and nobody reads it.
    await watched.until(lambda: not system.stations["CP1"].state.connected)
    writer.close()
    await writer.wait_closed()
    await system.stop()


async def test_a_charger_that_ignores_pings_stays(clock: SteppedClock) -> None:
    """Some never answer pings (lbbrhzn/ocpp issue 211): who answers a request, if only with an error, is alive."""
    system = CentralSystem(now=clock, timing=Timing(ping_s=0.1, settle_s=600))
    system.accept(CP1)
    await system.start("127.0.0.1", 0)
    async with ClientSession() as session:
        station = await RawStation.connect(session, system.port, autoping=False)
        del station.answers["TriggerMessage"]  # it does not know the request
        await station.boot()
        await station.wait_received("TriggerMessage", times=3)
        assert system.stations["CP1"].state.connected
        station.answers["TriggerMessage"] = None
        await station.wait_for(lambda: station.websocket.closed)
        await station.close()
    await system.stop()


async def test_a_charger_that_answers_pings_stays(clock: SteppedClock) -> None:
    """A charger that says nothing but answers pings stays connected; its own pings are answered."""
    system = CentralSystem(now=clock, timing=Timing(ping_s=2))
    system.accept(CP1)
    await system.start("127.0.0.1", 0)
    async with ClientSession() as session:
        websocket = await session.ws_connect(
            f"ws://127.0.0.1:{system.port}/CP1",
            protocols=("ocpp1.6",),
            autoping=False,
        )
        await websocket.ping(b"mine")
        pings = 0
        pongs = 0
        async with asyncio.timeout(WAIT_S):
            while pings < 2 or not pongs:
                message = await websocket.receive()
                if message.type is WSMsgType.PING:
                    pings += 1
                    await websocket.pong(message.data)
                elif message.type is WSMsgType.PONG:
                    assert message.data == b"mine"
                    pongs += 1
        assert system.stations["CP1"].state.connected
        await websocket.close()
    await system.stop()


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        ("rubbish", ("-1", "FormationViolation")),
        ("[" * 100_000, ("-1", "FormationViolation")),
        # Its sender waits for an answer to this id, and may send nothing else before.
        ('[2,"1","Heartbeat",{"a":NaN}]', ("1", "FormationViolation")),
        (f'[2,"1","Heartbeat",{{"a":{10**29}}}]', ("1", "FormationViolation")),
        (f'[2,"1","Heartbeat",{"[" * 100}', ("1", "FormationViolation")),
        (f'[2,"1","Heartbeat",{{"a":"{"x" * 1000}', ("1", "FormationViolation")),
        ("{}", ("-1", "FormationViolation")),
        ("[]", ("-1", "FormationViolation")),
        ("[2]", ("-1", "FormationViolation")),
        ('[2,true,"Heartbeat",{}]', ("-1", "FormationViolation")),
        (f'[2,"{"1" * 129}","Heartbeat",{{}}]', ("-1", "FormationViolation")),
        ('[2,"1","Heartbeat"]', ("1", "FormationViolation")),
        ('[2,"1","Heartbeat",[]]', ("1", "FormationViolation")),
        ('[2,"1",5,{}]', ("1", "FormationViolation")),
        ('[2,"1","Rubbish",{}]', ("1", "NotImplemented")),
        ('[2,"1","RemoteStartTransaction",{"idTag":"x"}]', ("1", "NotSupported")),
        ('[2,"1","BootNotification",{}]', ("1", "ProtocolError")),
        (
            (
                '[2,"1","BootNotification",'
                '{"chargePointVendor":true,"chargePointModel":"x"}]'
            ),
            ("1", "TypeConstraintViolation"),
        ),
        (
            (
                '[2,"1","StatusNotification",'
                '{"connectorId":1,"errorCode":"NoError","status":"Asleep"}]'
            ),
            ("1", "PropertyConstraintViolation"),
        ),
        # OCPP-J 1.6 section 4.1.3: a message type that is not known is ignored.
        ('[9,"1","Heartbeat",{}]', None),
        # An answer that nobody waits for.
        ('[3,"1",{}]', None),
        ('[4,"1","GenericError"]', None),
    ],
)
async def test_rubbish_is_answered(
    system: CentralSystem,
    connect: Connect,
    caplog: pytest.LogCaptureFixture,
    frame: str,
    answer: tuple[str, str] | None,
) -> None:
    """What is wrong gets the right CALLERROR and one log line at most, and the charger stays."""
    system.accept(CP1)
    station: RawStation = await connect()
    await station.boot()
    caplog.clear()
    for _ in range(3):
        await station.websocket.send_str(frame)
    await station.call("Heartbeat", {})
    errors = [(f[1], f[2]) for f in station.frames if f[0] == 4]
    assert errors == ([] if answer is None else [answer] * 3)
    warnings = [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(warnings) <= 1
    assert all(record.exc_info is None for record in warnings)


async def test_message_that_is_too_big(watched: Watched, connect: Connect) -> None:
    """A message beyond all measure ends the connection; the charger may come back."""
    watched.system.accept(CP1)
    station = await connect()
    await station.websocket.send_str("x" * 300_000)
    await station.wait_for(lambda: station.websocket.closed)
    await watched.until(lambda: not watched.system.stations["CP1"].state.connected)
    assert (await (await connect()).boot())["status"] == "Accepted"
