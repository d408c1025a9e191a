"""Rubbish and floods: what is sent by mistake, and what by somebody who means harm."""

import asyncio
import base64
import json

from aiohttp import ClientSession, WSCloseCode, WSMsgType, WSServerHandshakeError
import pytest

from custom_components.sunfuse.central_system import CentralSystem, StationConfig
from custom_components.sunfuse.central_system.handshake import MAX_MESSAGE_BYTES
from custom_components.sunfuse.central_system.protocol.frames import (
    Call,
    Error,
    Fault,
    UnknownMessageTypeError,
    parse,
)

from .charging import CP1
from .client import RawStation
from .conftest import Connect

VERSIONS = ("1.6", "2.0.1", "2.1")

DEEP = 50_000
RUBBISH: dict[str, str | bytes] = {
    "nothing": "",
    "spaces": "   ",
    "half": '[2,"1","Heart',
    "word": "hello",
    "number": "7",
    "object": "{}",
    "no elements": "[]",
    "null": "null",
    "nested deeply": "[" * DEEP + "]" * DEEP,
    "nested without end": "[" * 100_000,
    "nested kind": "[" + "[" * DEEP + "]" * DEEP + ',"1","Heartbeat",{}]',
    "nested payload": '[2,"1","Heartbeat",'
    + '{"a":' * 30_000
    + "1"
    + "}" * 30_000
    + "]",
    "nested error": '[4,"1",' + "[" * DEEP + "]" * DEEP + "]",
    "nested custom data": '[2,"1","DataTransfer",{"vendorId":"x","data":'
    + "[" * 900
    + "]" * 900
    + "}]",
    "text without end": '[2,"1","Heartbeat",{"a":"' + '\\"' * 100_000,
    "not a number": '[2,"1","Heartbeat",{"a":NaN}]',
    "large number": '[2,"1","Heartbeat",{"a":1' + "0" * 400 + "}]",
    "large exponent": '[2,"1","Heartbeat",{"a":1e999}]',
    "true": '[true,"1","Heartbeat",{}]',
    "float": '[2.0,"1","Heartbeat",{}]',
    "long id": f'[2,"{"1" * 300}","Heartbeat",{{}}]',
    "id of null": '[2,null,"Heartbeat",{}]',
    "id of emoji": '[2,"🚗","Heartbeat",{}]',
    "action of null": '[2,"1",null,{}]',
    "long action": f'[2,"1","{"A" * 100_000}",{{}}]',
    "payload is a list": '[2,"1","Heartbeat",[]]',
    "payload is null": '[2,"1","Heartbeat",null]',
    "two payloads": '[2,"1","Heartbeat",{},{}]',
    "answer to nothing": '[3,"nobody",{}]',
    "error to nothing": '[4,"nobody","GenericError","",{}]',
    "short error": '[4,"nobody"]',
    "lone surrogate": '[2,"1","Authorize",{"idTag":"\\ud800"}]',
    "NUL": '[2,"1","Authorize",{"idTag":"\\u0000"}]',
    "byte order mark": '\ufeff[2,"1","Heartbeat",{}]',
    "bytes": b'[2,"b1","Heartbeat",{}]',
    "bytes of nothing": b"\xff\xfe\x00\x01",
}


async def _ready(connect: Connect, system: CentralSystem, version: str) -> RawStation:
    system.accept(CP1)
    station = await connect(protocols=(f"ocpp{version}",))
    await (station.boot() if version == "1.6" else station.boot2())
    return station


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", RUBBISH)
async def test_rubbish_of_all_kinds(
    system: CentralSystem,
    connect: Connect,
    caplog: pytest.LogCaptureFixture,
    version: str,
    name: str,
) -> None:
    """Rubbish is refused or ignored, with a line in the log at most; the charger stays and is served."""
    station = await _ready(connect, system, version)
    caplog.clear()
    for _ in range(3):
        if isinstance(rubbish := RUBBISH[name], bytes):
            await station.websocket.send_bytes(rubbish)
        else:
            await station.websocket.send_str(rubbish)
    await station.call("Heartbeat", {})
    warnings = [record for record in caplog.records if record.levelname != "DEBUG"]
    warnings = [record for record in warnings if "sunfuse" in record.name]
    assert len(warnings) <= 1
    codes = {frame[2] for frame in station.frames if frame[0] == 4}
    assert "InternalError" not in codes
    json.dumps(system.stations["CP1"].diagnostics())


@pytest.mark.parametrize("levels", [61, 62, 100_000])
@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"a":', "}")])
def test_nesting_is_bounded(
    monkeypatch: pytest.MonkeyPatch, levels: int, opens: str, closes: str
) -> None:
    """Beyond 64 levels a message is refused before it is read; brackets in texts are no levels."""
    # The frame, the payload and its data are three levels.
    nested = opens * levels + '"[[{{"' + closes * levels
    text = f'[2,"1","DataTransfer",{{"vendorId":"x","data":[{nested}]}}]'
    if levels <= 61:
        assert isinstance(parse(text, "1.6"), Call)
        return
    monkeypatch.setattr(json, "loads", None)
    with pytest.raises(Fault, match="Not JSON"):
        parse(text, "1.6")


def test_brackets_in_texts_are_no_levels() -> None:
    """A vendor's own JSON may stand in a text, also with quotation marks of its own."""
    data = json.dumps("[{" * 200 + '\\"' + "[" * 200)
    call = parse(f'[2,"1","DataTransfer",{{"data":{data}}}]', "1.6")
    assert isinstance(call, Call)
    assert call.payload["data"] == json.loads(data)


def test_commas_in_texts_are_no_parts() -> None:
    """A vendor's table may be longer than any message of OCPP has parts."""
    rows = "1,2,3\n" * 40_000
    call = parse(f'[2,"1","DataTransfer",{{"data":{json.dumps(rows)}}}]', "1.6")
    assert isinstance(call, Call)
    assert call.payload["data"] == rows


@pytest.mark.parametrize(
    ("kind", "shown"), [("9", "9"), ("[[1,2]]", "that is no number")]
)
def test_an_unknown_type_is_shown_if_it_is_a_number(kind: str, shown: str) -> None:
    """Whatever else stands there is not turned into a text."""
    with pytest.raises(UnknownMessageTypeError, match=f"^{shown}$"):
        parse(f'[{kind},"1","Heartbeat",{{}}]', "1.6")


@pytest.mark.parametrize(
    ("code", "shown"), [("[[1]]", ""), ('"' + "x" * 5000 + '"', "x" * 255)]
)
def test_only_short_texts_are_kept(code: str, shown: str) -> None:
    """A code that is no text is left out, and a long one is cut."""
    error = parse(f'[4,"1",{code},{{"a":1}}]', "1.6")
    assert isinstance(error, Error)
    assert (error.code, error.description) == (shown, "")


async def test_bytes_are_read_as_text(system: CentralSystem, connect: Connect) -> None:
    """A message in a binary frame is a message: some stations send them so."""
    station = await _ready(connect, system, "1.6")
    await station.websocket.send_bytes(b'[2,"b1","Heartbeat",{}]')
    assert "currentTime" in await station.answer_to("b1")


@pytest.mark.parametrize("compress", [0, 15])
async def test_huge_message(
    system: CentralSystem, connect: Connect, compress: int
) -> None:
    """A message beyond the bound closes its connection, one that was compressed to little too; others go on."""
    system.accept(CP1)
    other = await connect("/CP2")
    station = await connect(compress=compress)
    await station.websocket.send_str("[" + " " * 4 * MAX_MESSAGE_BYTES + "]")
    await station.wait_for(lambda: station.websocket.closed)
    assert station.websocket.close_code == WSCloseCode.MESSAGE_TOO_BIG
    assert (await other.boot())["status"] == "Pending"


async def test_endless_message(system: CentralSystem, connect: Connect) -> None:
    """A message in parts that never ends is cut off as well."""
    system.accept(CP1)
    station = await connect(compress=0)
    writer = station.websocket._writer  # noqa: SLF001
    part = b" " * 60_000
    await writer.send_frame(part, WSMsgType.TEXT)

    async def go_on() -> None:
        for _ in range(1000):
            await writer.send_frame(part, WSMsgType.CONTINUATION)
            await asyncio.sleep(0)

    with pytest.raises(ConnectionError):
        await go_on()


async def test_many_connections(system: CentralSystem, connect: Connect) -> None:
    """A thousand connections at once with names of their own keep nobody out who is known."""
    system.accept(CP1)
    known = await connect()
    await known.boot()
    async with ClientSession() as session:

        async def come(number: int) -> str:
            url = f"ws://127.0.0.1:{system.port}/Z{number}"
            try:
                async with session.ws_connect(url, protocols=("ocpp1.6",)):
                    await asyncio.sleep(0)
            except WSServerHandshakeError as err:
                return str(err.status)
            return "in"

        results = await asyncio.gather(*(come(number) for number in range(1000)))
    assert set(results) <= {"in", "503"}
    assert len(system.pending) <= 32
    assert "currentTime" in await known.call("Heartbeat", {})


async def test_unknown_charger_leaves_nothing(
    system: CentralSystem, connect: Connect
) -> None:
    """Of a charger that nobody accepted no message is kept, and it may not say much."""
    station = await connect()
    await station.boot()
    for number in range(5):
        await station.status("Available", number)
    waiting = system._waiting["CP1"]  # noqa: SLF001
    assert waiting.diagnostics()["messages"] == []
    await station.close()
    for _ in range(100):
        if not system.pending:
            break
        await asyncio.sleep(0.01)
    assert not system.pending


async def test_guessing_on_many_connections(
    system: CentralSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who tries many passwords at once has few of them looked at, the right one among the rest included."""
    module = "custom_components.sunfuse.central_system.handshake"
    monkeypatch.setattr(f"{module}._LONGEST_DELAY_S", 0.05)
    password = "ab" * 20
    system.accept(StationConfig(identity="CP1", password=password))
    statuses: list[int | str] = []
    async with ClientSession() as session:

        async def guess(text: str) -> None:
            url = f"ws://127.0.0.1:{system.port}/CP1"
            try:
                proof = base64.b64encode(f"CP1:{text}".encode()).decode()
                headers = {"Authorization": f"Basic {proof}"}
                async with session.ws_connect(
                    url, protocols=("ocpp1.6",), headers=headers
                ):
                    statuses.append("in")
            except WSServerHandshakeError as err:
                statuses.append(err.status)

        for number in range(8):
            await guess(f"{number:040}")
        await guess(password)
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert "in" not in statuses


async def test_accepted_charger_may_speak(
    system: CentralSystem, connect: Connect
) -> None:
    """A charger that waited is slowed no longer once it was accepted."""
    station = await connect()
    await station.boot()
    system.accept(CP1)
    # At the pace of one that waits it would take 40 s.
    async with asyncio.timeout(20):
        for _ in range(60):
            await station.call("Heartbeat", {})
