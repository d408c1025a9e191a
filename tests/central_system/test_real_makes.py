"""What chargers on the market do that no specification asks for."""

import asyncio
import json
from typing import Any

import pytest

from custom_components.sunfuse.central_system import (
    Card,
    CardPolicy,
    CentralSystem,
    FinishedTransaction,
    StationConfig,
    Timing,
)

from .client import ANSWERS_2, Payload, Refused
from .conftest import Connect, SteppedClock, Watched

_ENDLESS = 2**31 - 1  # what a meter that is not read gives


async def test_status_before_booting(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that reports a status before it boots is asked nothing until it has booted (Wallbox, lbbrhzn/ocpp 1503)."""
    watched.system.accept(StationConfig(identity="CP1"))
    cp = await connect()
    await cp.status("Charging")
    await asyncio.sleep(0.05)
    assert not cp.requests
    await cp.boot(chargePointVendor="Acme")
    await cp.wait_received("SetChargingProfile")


class TestBootsWhileItIsAsked:
    """A charger that boots while it is set up."""

    @pytest.fixture
    def timing(self) -> Timing:
        """Let it settle for a moment."""
        return Timing(settle_s=0.2, return_s=600, ping_s=600, response_s=5)

    async def test_is_left_alone_again(
        self, system: CentralSystem, connect: Connect
    ) -> None:
        """It is left alone until it has settled, and then set up once."""
        system.accept(StationConfig(identity="CP1"))
        cp = await connect()
        cp.answers["GetConfiguration"] = None  # it restarts instead of answering
        await cp.boot()
        await cp.wait_received("GetConfiguration")
        await cp.boot()
        asked = len(cp.requests)
        booted = asyncio.get_running_loop().time()
        await cp.wait_received("GetConfiguration", 2)
        assert asyncio.get_running_loop().time() - booted > 0.1
        assert cp.requests[asked][0] == "GetConfiguration"


@pytest.mark.parametrize(
    ("stop", "energy_wh"),
    [
        pytest.param(1500, 500, id="what it counted"),
        pytest.param(_ENDLESS, 400, id="the largest number"),
        pytest.param(0, 400, id="nothing"),
    ],
)
async def test_absurd_stop(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    stop: int,
    energy_wh: float,
) -> None:
    """A meter reading at the end that no cable can have carried gives way to what was measured on the way."""
    finished: list[FinishedTransaction] = []
    system.subscribe_transactions(finished.append)
    system.accept(StationConfig(identity="CP1"))
    cp = await connect()
    await cp.boot()
    transaction_id = await cp.start_transaction(clock.text(), meter=1000)
    clock.step(3600)
    value = {"value": "1400"}
    meter_value = {"timestamp": clock.text(), "sampledValue": [value]}
    await cp.call(
        "MeterValues",
        {
            "connectorId": 1,
            "transactionId": transaction_id,
            "meterValue": [meter_value],
        },
    )
    end: Payload = {"transactionId": transaction_id, "timestamp": clock.text()}
    await cp.call("StopTransaction", {**end, "meterStop": stop})
    assert [told.energy_wh for told in finished] == [energy_wh]


async def test_absurd_register(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A first reading beyond all measure does not become the lifetime energy."""
    system.accept(StationConfig(identity="CP1"))
    cp = await connect(protocols=("ocpp2.1",))
    cp.answers = dict(ANSWERS_2)
    await cp.boot2()
    value = {"value": 1e308, "unitOfMeasure": {"unit": "kWh", "multiplier": 9}}
    meter_value = {"timestamp": clock.text(), "sampledValue": [value]}
    await cp.event("Started", clock.text(), 0, state="Charging")
    await cp.event("Updated", clock.text(), 1, meterValue=[meter_value])
    assert system.stations["CP1"].connector(1).meter.energy_wh is None
    await cp.event("Updated", clock.text(), 2, energy_wh=2000)
    assert system.stations["CP1"].connector(1).meter.energy_wh == 2000
    assert system.stations["CP1"].counters["impossible_meter_values"] == 1


async def test_other_version_after_an_update(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that speaks another version from now on is asked anew, and its old transaction runs no longer."""
    system = watched.system
    system.accept(StationConfig(identity="CP1"))
    station = system.stations["CP1"]
    cp = await connect(protocols=("ocpp2.0.1",))
    cp.answers = dict(ANSWERS_2)
    await cp.boot2()
    await cp.status2("Available", clock.text())
    await cp.event("Started", clock.text(), 0, transaction="4f9c-a1", state="Charging")
    await cp.wait_received("SetVariables")
    await cp.close()
    await watched.until(lambda: not station.state.connected)

    old = await connect()
    await old.boot()
    await old.wait_received("GetConfiguration", 6)
    assert station.connector(1).transaction is None
    await old.status("Charging")
    await station.offer(1, 9.0)
    profile = old.received("SetChargingProfile")[-1]["csChargingProfiles"]
    assert profile["chargingProfilePurpose"] == "TxProfile"
    transaction_id = await old.start_transaction(clock.text())
    await station.offer(1, 0.0)
    profile = old.received("SetChargingProfile")[-1]["csChargingProfiles"]
    assert profile["transactionId"] == transaction_id


@pytest.mark.parametrize("days", [365, -56 * 365])
@pytest.mark.parametrize("restart", [False, True])
async def test_session_by_a_clock_that_was_never_set(
    watched: Watched, connect: Connect, clock: SteppedClock, days: int, restart: bool
) -> None:
    """The times of a session are right in the end, although its start was reported before the clock was known."""
    system, off_s = watched.system, days * 86400.0
    finished: list[FinishedTransaction] = []
    system.subscribe_transactions(finished.append)
    system.accept(StationConfig(identity="CP1"))
    cp = await connect()
    await cp.boot()
    began = clock()
    transaction_id = await cp.start_transaction(clock.text(off_s), meter=1000)
    await cp.status("Charging")
    for energy_wh in (1000, 1020, 1040):
        clock.step(10)
        value = {"value": str(energy_wh)}
        meter_value = {"timestamp": clock.text(off_s), "sampledValue": [value]}
        await cp.call(
            "MeterValues",
            {
                "connectorId": 1,
                "transactionId": transaction_id,
                "meterValue": [meter_value],
            },
        )
    running = system.stations["CP1"].connector(1).transaction
    assert running is not None
    assert running.started_at == began
    if restart:
        memory = json.loads(json.dumps(system.stations["CP1"].memory()))
        system.forget("CP1")
        await watched.until(lambda: not system.stations)
        system.accept(StationConfig(identity="CP1"), memory)
        cp = await connect()
        await cp.boot()
        for _ in range(2):  # two, some seconds apart, and the clock is known again
            clock.step(10)
            await cp.status("Charging", timestamp=clock.text(off_s))
    end: Payload = {"transactionId": transaction_id, "timestamp": clock.text(off_s)}
    await cp.call("StopTransaction", {**end, "meterStop": 1060})
    assert [(told.started_at, told.stopped_at) for told in finished] == [
        (began, clock())
    ]
    assert finished[0].energy_wh == 60


async def test_meter_values_that_name_no_transaction(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """After our restart a session continues, although the charger never sends the id of its transaction again."""
    system = watched.system
    system.accept(StationConfig(identity="CP1"))
    cp = await connect()
    await cp.boot()
    transaction_id = str(await cp.start_transaction(clock.text(), meter=1000))
    memory = json.loads(json.dumps(system.stations["CP1"].memory()))
    system.forget("CP1")
    system.accept(StationConfig(identity="CP1"), memory)
    cp = await connect()
    await cp.status("Charging")
    running = system.stations["CP1"].connector(1).transaction
    assert running is not None
    assert running.id == transaction_id
    clock.step(600)
    meter_value = {"timestamp": clock.text(), "sampledValue": [{"value": "1500"}]}
    await cp.call("MeterValues", {"connectorId": 1, "meterValue": [meter_value]})
    assert system.stations["CP1"].connector(1).session_energy_wh == 500


async def test_another_car_after_our_restart(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """A session that ended while we were away is not taken up by the next car."""
    system = watched.system
    system.accept(StationConfig(identity="CP1"))
    cp = await connect()
    await cp.boot()
    await cp.start_transaction(clock.text(), meter=1000)
    memory = json.loads(json.dumps(system.stations["CP1"].memory()))
    system.forget("CP1")
    system.accept(StationConfig(identity="CP1"), memory)
    cp = await connect()
    for status in ("Available", "Preparing", "Charging"):
        await cp.status(status)
    assert system.stations["CP1"].connector(1).transaction is None


@pytest.mark.parametrize("connector", [-5, 33, 99999])
async def test_connector_that_cannot_be(
    system: CentralSystem, connect: Connect, clock: SteppedClock, connector: int
) -> None:
    """No connector comes into being that no charger can have."""
    system.accept(StationConfig(identity="CP1"))
    cp = await connect()
    await cp.boot()
    with pytest.raises(Refused, match="PropertyConstraintViolation"):
        await cp.start_transaction(clock.text(), connector=connector)
    await cp.status("Charging", connector=connector)
    meter_value = {"timestamp": clock.text(), "sampledValue": [{"value": "1500"}]}
    await cp.call(
        "MeterValues",
        {"connectorId": connector, "transactionId": 7, "meterValue": [meter_value]},
    )
    assert [state.id for state in system.stations["CP1"].state.connectors] == [1]


_PNC = "org.openchargealliance.iso15118pnc"
_CARDS = CardPolicy(free=False, cards=(Card(id="DE8AA1A2B3C4D59", kind="eMAID"),))


@pytest.mark.parametrize(
    ("message", "data", "status", "answer"),
    [
        (
            "Authorize",
            {"idToken": {"idToken": "DE8AA1A2B3C4D59", "type": "eMAID"}},
            "Accepted",
            {"idTokenInfo": {"status": "Accepted"}, "certificateStatus": "Accepted"},
        ),
        (
            "Authorize",
            {"idToken": "DE8AA1A2B3C4D59"},
            "Accepted",
            {"idTokenInfo": {"status": "Accepted"}, "certificateStatus": "Accepted"},
        ),
        (
            "Authorize",
            {"idToken": "FR8AA1A2B3C4D59"},
            "Accepted",
            {
                "idTokenInfo": {"status": "Invalid"},
                "certificateStatus": "ContractCancelled",
            },
        ),
        ("Authorize", {"idToken": 5}, "Rejected", None),
        ("Authorize", [], "Rejected", None),
        ("GetCertificateStatus", {}, "Accepted", {"status": "Failed"}),
        (
            "Get15118EVCertificate",
            {},
            "Accepted",
            {"status": "Failed", "exiResponse": ""},
        ),
        ("SignCertificate", {}, "Accepted", {"status": "Rejected"}),
        ("TeaIsReady", {}, "UnknownMessageId", None),
    ],
)
async def test_plug_and_charge_over_1_6(
    system: CentralSystem,
    connect: Connect,
    message: str,
    data: Any,
    status: str,
    answer: Payload | None,
) -> None:
    """A contract of ISO 15118 is a card, also where OCPP 1.6 carries it in a DataTransfer."""
    system.set_cards(_CARDS)
    system.accept(StationConfig(identity="CP1"))
    cp = await connect()
    await cp.boot()
    told = await cp.call(
        "DataTransfer",
        {"vendorId": _PNC, "messageId": message, "data": json.dumps(data)},
    )
    assert told["status"] == status
    assert (json.loads(told["data"]) if "data" in told else None) == answer


async def test_transaction_that_began_while_we_were_away(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """What a charger says of its transaction counts for more than what ran before our restart."""
    system = watched.system
    system.accept(StationConfig(identity="CP1"))
    cp = await connect(protocols=("ocpp2.0.1",))
    await cp.boot2()
    await cp.event("Started", clock.text(), 0, transaction="old", state="Charging")
    memory = json.loads(json.dumps(system.stations["CP1"].memory()))
    system.forget("CP1")
    system.accept(StationConfig(identity="CP1"), memory)
    cp = await connect(protocols=("ocpp2.0.1",))
    cp.answers = dict(ANSWERS_2)
    for sequence in (3, 4):
        await cp.event(
            "Updated",
            clock.text(),
            sequence,
            transaction="new",
            state="Charging",
            evse={"id": 1, "connectorId": 1},
        )
        running = system.stations["CP1"].connector(1).transaction
        assert running is not None
        assert running.id == "new"


async def test_end_that_was_reported_before_the_status(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """A session whose end arrives first after our restart is not taken up again."""
    system = watched.system
    system.accept(StationConfig(identity="CP1"))
    cp = await connect()
    await cp.boot()
    transaction_id = await cp.start_transaction(clock.text())
    memory = json.loads(json.dumps(system.stations["CP1"].memory()))
    system.forget("CP1")
    system.accept(StationConfig(identity="CP1"), memory)
    cp = await connect()
    end: Payload = {"transactionId": transaction_id, "timestamp": clock.text()}
    await cp.call("StopTransaction", {**end, "meterStop": 1060})
    await cp.status("Charging")
    assert system.stations["CP1"].connector(1).transaction is None
