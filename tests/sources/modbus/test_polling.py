"""Reading a device: as few requests as can be, and what becomes of those that fail."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
import logging
from typing import Any

from hypothesis import given, strategies as st
from pymodbus.constants import ExcCodes
import pytest

from custom_components.sunfuse.sources.modbus.batches import batches
from custom_components.sunfuse.sources.modbus.connection import Connection
from custom_components.sunfuse.sources.modbus.device import (
    Device,
    Information,
    Quantity,
)
from custom_components.sunfuse.sources.modbus.device_address import LinkKind, ModbusLink
from custom_components.sunfuse.sources.modbus.device_file import parse_device
from custom_components.sunfuse.sources.modbus.device_reader import Reader
from custom_components.sunfuse.sources.modbus.library import built_in_devices
from custom_components.sunfuse.sources.modbus.polling import Poll
from custom_components.sunfuse.sources.modbus.registers import (
    Failure,
    RegisterTable,
    RequestError,
    ValueType,
    register,
)
from custom_components.sunfuse.sources.modbus.scan import parse_units, scan

from .server import Server, image_of, serving

TIMEOUT_S = 1.0
INPUT = {"table": "input", "type": "int16"}


def device(**changes: Any) -> Device:
    """Return a meter whose power and currents lie next to each other, and its energy elsewhere."""
    content = {
        "name": "Meter",
        "manufacturer": "Maker",
        "kind": "meter",
        "source": "Manual, page 3",
        "interval_s": 0.1,
        "readings": {
            "power": INPUT | {"address": 10, "unit": "W"},
            "current_l1": INPUT | {"address": 11, "unit": "A"},
            "energy_import": INPUT | {"address": 20, "unit": "Wh"},
        },
    }
    return parse_device(content | changes, file="meter.yaml", device_id="meter")


VALUES = {Quantity.POWER: 690, Quantity.CURRENT_L1: 3, Quantity.ENERGY_IMPORT: 5}


@pytest.fixture(name="server")
async def server_fixture() -> AsyncIterator[Server]:
    """Return a server of one meter."""
    async with serving({1: image_of(device(), VALUES)}) as server:
        yield server


@pytest.fixture(name="connection")
async def connection_fixture(server: Server) -> AsyncIterator[Connection]:
    """Return a connection to it."""
    link = ModbusLink(kind=LinkKind.TCP, host="127.0.0.1", port=server.port)
    connection = Connection(link, request_timeout_s=TIMEOUT_S)
    yield connection
    await connection.close()


@pytest.fixture(name="poll")
def poll_fixture(connection: Connection) -> Poll:
    """Return what reads the meter."""
    return Poll(partial(connection.read, 1))


def asked(server: Server) -> list[tuple[int, int]]:
    """Return address and count of each request since the last time."""
    requests = [(address, count) for _, _, address, count in server.devices.requests]
    server.devices.requests.clear()
    return requests


async def test_what_lies_together_is_read_together(server: Server, poll: Poll) -> None:
    """Across a gap only where the device allows that, and never more than it allows."""
    await poll.values(device(), device().readings)
    assert asked(server) == [(10, 2), (20, 1)]
    # The registers between are there for this one.
    server.devices.images[1] |= {(RegisterTable.INPUT, a): 0 for a in range(12, 20)}
    await poll.values(device(gaps=True), device().readings)
    assert asked(server) == [(10, 11)]
    await poll.values(device(gaps=True, most_registers=10), device().readings)
    assert asked(server) == [(10, 2), (20, 1)]
    await poll.values(device(most_registers=1), device().readings)
    assert asked(server) == [(10, 1), (11, 1), (20, 1)]


@given(
    places=st.lists(
        st.tuples(
            st.sampled_from(RegisterTable),
            st.integers(0, 300),
            st.sampled_from(
                (ValueType.INT16, ValueType.INT32, ValueType.UINT64, ValueType.FLOAT32)
            ),
        ),
        max_size=30,
    ),
    most=st.integers(4, 125),
    gaps=st.booleans(),
)
def test_every_value_is_read_whole(
    places: list[tuple[RegisterTable, int, ValueType]], most: int, gaps: bool
) -> None:
    """Whatever the device: each value lies within one request, and no request asks for more than it may."""
    registers = [register(*place) for place in places]
    planned = batches(registers, most=most, gaps=gaps)
    for one in registers:
        assert any(
            batch.table is one.table
            and batch.address <= one.address
            and one.addresses.stop <= batch.address + batch.count
            for batch in planned
        )
    known = {(one.table, address) for one in registers for address in one.addresses}
    for batch in planned:
        assert 0 < batch.count <= most
        read = {(batch.table, batch.address + index) for index in range(batch.count)}
        assert gaps or read <= known
        # Parts get smaller, down to single values: it ends.
        for part in batch.parts:
            assert part.count <= batch.count
            assert len(part.registers) < len(batch.registers) or (
                part.count < batch.count
            )


async def test_what_a_device_lacks_does_not_take_the_rest_along(
    server: Server, poll: Poll
) -> None:
    """A request that is refused is tried in parts; what is refused for good is not asked for each time."""
    del server.devices.images[1][RegisterTable.INPUT, 11]
    values = await poll.values(device(), device().readings)
    assert values == {Quantity.POWER: 690, Quantity.ENERGY_IMPORT: 5}
    assert asked(server) == [(10, 2), (10, 1), (11, 1), (20, 1)]
    assert await poll.values(device(), device().readings) == values
    assert asked(server) == [(10, 1), (20, 1)]
    assert poll.failures == {Failure.REFUSED: 2}


async def test_a_gap_that_is_refused_is_left_out(server: Server, poll: Poll) -> None:
    """What a file says may be read along, and this version of the device refuses: three requests, not ten."""
    values = await poll.values(device(gaps=True), device().readings)
    assert values == VALUES
    assert asked(server) == [(10, 11), (10, 2), (20, 1)]


async def test_a_device_that_is_busy(server: Server, poll: Poll) -> None:
    """It is asked once more; who is busy still has no values now, and is not gone."""
    server.devices.answer, server.devices.answers_left = ExcCodes.DEVICE_BUSY, 1
    assert await poll.values(device(), device().readings) == VALUES
    server.devices.answer, server.devices.answers_left = ExcCodes.DEVICE_BUSY, 2
    assert await poll.values(device(), device().readings) == {Quantity.ENERGY_IMPORT: 5}
    server.devices.answers_left = None
    with pytest.raises(RequestError) as err:
        await poll.values(device(), device().readings)
    assert err.value.failure is Failure.BUSY


async def test_a_device_that_refuses_everything_for_a_moment(
    server: Server, poll: Poll
) -> None:
    """Some do while they restart: it counts as no answer, and registers that answer again are read at once."""
    for _ in range(2):
        server.devices.answer = ExcCodes.ILLEGAL_ADDRESS
        with pytest.raises(RequestError) as err:
            await poll.values(device(), device().readings)
        assert err.value.failure is Failure.REFUSED
        assert poll.last_error
        server.devices.answer = None
        assert await poll.values(device(), device().readings) == VALUES


async def test_registers_that_answered_before_are_read_again_soon(
    server: Server, poll: Poll, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that is refused for a moment is not blank for ten minutes."""
    await poll.values(device(), device().readings)
    whole = dict(server.devices.images[1])
    del server.devices.images[1][RegisterTable.INPUT, 10]
    del server.devices.images[1][RegisterTable.INPUT, 11]
    rest = {Quantity.ENERGY_IMPORT: 5}
    assert await poll.values(device(), device().readings) == rest
    server.devices.images[1] = whole
    assert await poll.values(device(), device().readings) == rest
    loop = asyncio.get_running_loop()
    later_s = loop.time() + 11
    monkeypatch.setattr(loop, "time", lambda: later_s)
    assert await poll.values(device(), device().readings) == VALUES


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (ExcCodes.GATEWAY_NO_RESPONSE, Failure.GATEWAY),
        (None, Failure.NO_ANSWER),
    ],
)
async def test_a_device_that_is_not_there(
    server: Server, poll: Poll, code: ExcCodes | None, failure: Failure
) -> None:
    """One request is enough to know: the others on the line are not kept waiting for all of them."""
    server.devices.answer = code
    if code is None:
        server.devices.images.clear()
    with pytest.raises(RequestError) as err:
        await poll.values(device(), device().readings)
    assert err.value.failure is failure
    assert len(asked(server)) == 1


WIDE = INPUT | {"address": 908, "type": "int32", "unit": "W"}
NARROW = INPUT | {"address": 820, "unit": "W"}


def wide(value: int) -> dict[tuple[RegisterTable, int], int]:
    """Return the registers of a power in 32 bits."""
    return {
        (RegisterTable.INPUT, 908): value >> 16,
        (RegisterTable.INPUT, 909): value & 0xFFFF,
    }


async def test_a_second_place_where_the_first_is_refused(
    server: Server, poll: Poll
) -> None:
    """An old Victron has 16 bits alone; a new one has both, of which those of 32 do not turn 40 kW into export."""
    victron = device(readings={"power": WIDE | {"otherwise": NARROW}})
    narrow = {(RegisterTable.INPUT, 820): 690}
    server.devices.images[1] = narrow
    for _ in range(2):
        assert await poll.values(victron, victron.readings) == {Quantity.POWER: 690}
    assert asked(server) == [(908, 2), (820, 1), (820, 1)]
    new = Poll(poll._read)  # noqa: SLF001
    server.devices.images[1] = wide(40_000) | {
        (RegisterTable.INPUT, 820): 40_000 - 65_536
    }
    assert await new.values(victron, victron.readings) == {Quantity.POWER: 40_000}
    assert asked(server) == [(908, 2)]


async def test_a_second_place_where_a_register_says_so(
    server: Server, poll: Poll
) -> None:
    """A GoodWe with an old DSP answers at both places, and knows its meter at the second."""
    when = {"table": "input", "address": 16, "type": "uint16", "between": [0, 8]}
    goodwe = device(readings={"power": WIDE | {"otherwise": NARROW | {"when": when}}})
    both = wide(0) | {(RegisterTable.INPUT, 820): 690}
    server.devices.images[1] = both | {(RegisterTable.INPUT, 16): 7}
    for _ in range(2):
        assert await poll.values(goodwe, goodwe.readings) == {Quantity.POWER: 690}
    assert asked(server) == [(16, 1), (908, 2), (820, 1), (820, 1)]
    new = Poll(poll._read)  # noqa: SLF001
    server.devices.images[1] = both | {(RegisterTable.INPUT, 16): 9}
    assert await new.values(goodwe, goodwe.readings) == {Quantity.POWER: 0}


async def test_what_a_device_reports_about_itself(server: Server, poll: Poll) -> None:
    """Texts without what fills them up, numbers whole, and nothing where nothing readable is."""
    told = device(
        information={
            "model": {"table": "holding", "address": 0, "type": "string(8)"},
            "serial_number": {"table": "holding", "address": 8, "type": "uint32"},
            "version": {"table": "holding", "address": 30, "type": "string(2)"},
        }
    )
    server.devices.images[1] = image_of(told, {})
    del server.devices.images[1][RegisterTable.HOLDING, 30]
    server.devices.images[1] |= {
        (RegisterTable.HOLDING, 8): 0x075B,
        (RegisterTable.HOLDING, 9): 0xCD15,
    }
    assert await poll.information(told) == {
        Information.MODEL: "A model",
        # 0x075BCD15.
        Information.SERIAL_NUMBER: "123456789",
    }


async def test_a_reader_reads_again_and_again(
    server: Server, connection: Connection
) -> None:
    """Powers at the device's own pace, energy far less often; until it is cancelled."""
    meter = device()

    async def find() -> Device:
        return meter

    reader = Reader(partial(connection.read, 1), find, name="Meter")
    read = asyncio.Event()
    unsubscribe = reader.subscribe(read.set)
    task = asyncio.create_task(reader.run())
    for _ in range(5):
        async with asyncio.timeout(60):
            await read.wait()
        read.clear()
    unsubscribe()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert reader.value(Quantity.POWER) == 690
    assert reader.value(Quantity.ENERGY_IMPORT) == 5
    requests = asked(server)
    assert requests.count((10, 2)) >= 5
    assert requests.count((20, 1)) == 1


async def test_a_device_that_falls_silent_on_a_good_line(
    server: Server,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is looked up anew, and logged once when it is lost and once when it is back. Here one miss is enough."""
    monkeypatch.setattr(
        "custom_components.sunfuse.sources.modbus.device_reader._MISSED_READINGS", 1
    )
    caplog.set_level(logging.INFO, "custom_components.sunfuse.sources.modbus")
    finds = 0

    async def find() -> Device:
        nonlocal finds
        finds += 1
        return device()

    reader = Reader(partial(connection.read, 1), find, name="Meter")
    task = asyncio.create_task(reader.run())
    async with asyncio.timeout(60):
        while reader.value(Quantity.POWER) is None:
            await asyncio.sleep(0.02)
        image = server.devices.images.pop(1)
        while reader.device is not None:
            await asyncio.sleep(0.02)
        # Nothing is known of a device that may be another one by now.
        assert reader.value(Quantity.POWER) is None
        server.devices.images[1] = image
        while reader.value(Quantity.POWER) is None:
            await asyncio.sleep(0.02)
    task.cancel()
    assert finds == 2
    messages = [
        record.message for record in caplog.records if "Meter" in record.message
    ]
    assert [message.split(":")[0] for message in messages] == [
        "Meter does not answer over Modbus",
        "Meter answers over Modbus again",
    ]


async def test_a_slow_device_is_read_as_fast_as_it_can(
    server: Server, connection: Connection
) -> None:
    """A device that needs longer than its interval is asked again when it has answered, and its values stay known."""
    meter = device()

    async def find() -> Device:
        return meter

    server.devices.delay_s = 0.15
    reader = Reader(partial(connection.read, 1), find, name="Meter")
    task = asyncio.create_task(reader.run())
    while len(server.devices.requests) < 4:
        await asyncio.sleep(0.05)
    task.cancel()
    assert reader.cycle_s is not None
    assert reader.cycle_s > meter.interval_s
    assert reader.value(Quantity.POWER) == 690


@pytest.mark.parametrize(
    "known", [d for d in built_in_devices().values() if d.identify], ids=lambda d: d.id
)
async def test_every_device_of_the_catalogue_is_recognised(
    server: Server, connection: Connection, known: Device
) -> None:
    """Among all that are known, by registers as its file says that it has them."""
    server.devices.images = {3: image_of(known, {})}
    told: list[float] = []
    found = await scan(connection, (3,), built_in_devices().values(), told.append)
    assert known.id in [one.device.id for one in found]
    assert told == [0]


async def test_a_scan_goes_on_where_nobody_is(
    server: Server, connection: Connection
) -> None:
    """Each unit id is asked in turn, with progress; a device that refuses everything is not a known one."""
    known = built_in_devices()["eastron_sdm630"]
    server.devices.images = {2: {}, 4: image_of(known, {})}
    told: list[float] = []
    found = await scan(
        connection, (1, 2, 3, 4), built_in_devices().values(), told.append
    )
    assert [(one.unit, one.device.id) for one in found] == [(4, known.id)]
    assert told == [0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", (1,)),
        ("1-3", (1, 2, 3)),
        (" 1 , 5-6,1 ", (1, 5, 6)),
        ("0, 255", (0, 255)),
        ("1-32", tuple(range(1, 33))),
        ("1-33", None),
        ("1-20, 30-50", None),
        ("3-1", None),
        ("256", None),
        ("", None),
        ("1,", None),
        ("one", None),
    ],
)
def test_unit_ids(text: str, expected: tuple[int, ...] | None) -> None:
    """As people write them; not more than can be asked in some minutes."""
    assert parse_units(text) == expected
