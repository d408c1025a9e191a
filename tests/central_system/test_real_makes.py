"""What chargers on the market do that no specification asks for."""

import asyncio

import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    FinishedTransaction,
    StationConfig,
    Timing,
)

from .client import ANSWERS_2, Payload
from .conftest import Connect, SteppedClock, Watched

_ENDLESS = 2**31 - 1  # what a meter that is not read gives


async def test_status_before_booting(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that tells a status before it boots is asked nothing until it has (Wallbox, lbbrhzn/ocpp 1503)."""
    watched.system.accept(StationConfig(identity="CP1"))
    cp = await connect()
    await cp.status("Charging")
    await asyncio.sleep(0.05)
    assert not cp.requests
    await cp.boot(chargePointVendor="Acme")
    await cp.wait_told("SetChargingProfile")


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
        await cp.wait_told("GetConfiguration")
        await cp.boot()
        asked = len(cp.requests)
        await asyncio.sleep(0.1)
        assert len(cp.requests) == asked
        await cp.wait_told("GetConfiguration", 2)


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
    await cp.wait_told("SetVariables")
    await cp.close()
    await watched.until(lambda: not station.state.connected)

    old = await connect()
    await old.boot()
    await old.wait_told("GetConfiguration", 6)
    assert station.connector(1).transaction is None
    await old.status("Charging")
    await station.offer(1, 9.0)
    profile = old.told("SetChargingProfile")[-1]["csChargingProfiles"]
    assert profile["chargingProfilePurpose"] == "TxProfile"
    transaction_id = await old.start_transaction(clock.text())
    await station.offer(1, 0.0)
    profile = old.told("SetChargingProfile")[-1]["csChargingProfiles"]
    assert profile["transactionId"] == transaction_id
