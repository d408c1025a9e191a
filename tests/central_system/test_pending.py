"""A charger that has to wait until it is accepted, while its car charges already."""

from typing import Any

import pytest

from custom_components.sunfuse.central_system import CentralSystem, FinishedTransaction
from custom_components.sunfuse.engine.model import ConnectorStatus

from .charging import CP1
from .client import Payload, RawStation, Refused
from .conftest import Connect, SteppedClock, Watched

EVSE: Payload = {"id": 1, "connectorId": 1}
VERSIONS = ("1.6", "2.0.1", "2.1")


class Waiting:
    """A charger whose car charges before the charger is accepted. It sends BootNotification only when it is asked to."""

    def __init__(self, station: RawStation, clock: SteppedClock, version: str) -> None:
        """Use a connection."""
        self.station, self._clock = station, clock
        self.old = version == "1.6"
        self.transaction: Any = "tx1"

    async def boot(self) -> Payload:
        """Boot."""
        boot = self.station.boot if self.old else self.station.boot2
        return await boot()

    async def status(self, *, charging: bool) -> None:
        """Tell the status of its connector."""
        if self.old:
            await self.station.status("Charging" if charging else "Available")
        else:
            word = "Occupied" if charging else "Available"
            await self.station.status2(word, self._clock.text())

    async def start(self, energy_wh: int, at: str) -> None:
        """Report the start of its transaction."""
        if self.old:
            self.transaction = await self.station.start_transaction(at, meter=energy_wh)
        else:
            await self.station.event(
                "Started",
                at,
                0,
                state="Charging",
                energy_wh=energy_wh,
                evse=EVSE,
            )

    async def measure(self, energy_wh: int) -> None:
        """Report what the car has."""
        if not self.old:
            at = self._clock.text()
            await self.station.event(
                "Updated", at, 1, state="Charging", energy_wh=energy_wh, evse=EVSE
            )
            return
        value = {
            "timestamp": self._clock.text(),
            "sampledValue": [{"value": str(energy_wh)}],
        }
        transaction = (
            {} if self.transaction == "tx1" else {"transactionId": self.transaction}
        )
        await self.station.call(
            "MeterValues", {"connectorId": 1, "meterValue": [value], **transaction}
        )

    async def stop(self, energy_wh: int) -> None:
        """Report the end of its transaction."""
        if self.old:
            await self.station.call(
                "StopTransaction",
                {
                    "transactionId": self.transaction,
                    "meterStop": energy_wh,
                    "timestamp": self._clock.text(),
                },
            )
        else:
            at = self._clock.text()
            await self.station.event(
                "Ended", at, 2, state="Idle", energy_wh=energy_wh, stopped="Local"
            )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("again", ["boot", "start", "status", "measure"])
async def test_accepted_while_a_car_charges(
    watched: Watched,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    again: str,
) -> None:
    """Whatever it says first after that, it is set up and limited, and the session has the energy of the car."""
    system = watched.system
    finished: list[FinishedTransaction] = []
    system.subscribe_transactions(finished.append)
    one = Waiting(await connect(protocols=(f"ocpp{version}",)), clock, version)
    answer = await one.boot()
    assert (answer["status"], answer["interval"]) == ("Pending", 10)
    await one.status(charging=True)
    began = clock.text()
    for report in (one.start(1000, began), one.measure(1200)):
        with pytest.raises(Refused, match="SecurityError"):
            await report
    clock.step(10)
    assert (await one.boot())["status"] == "Pending"
    assert not one.station.requests
    system.accept(CP1)
    clock.step(10)
    match again:
        case "boot":
            assert (await one.boot())["status"] == "Accepted"
            await one.start(1000, began)
        case "start":
            await one.start(1000, began)
        case "status":
            await one.status(charging=True)
            await one.start(1000, began)
        case "measure":
            await one.measure(1400)
            await one.start(1000, began)
    await one.station.wait_for(
        lambda: "TxDefaultProfile" in str(one.station.received("SetChargingProfile"))
    )
    if again != "boot":
        clock.step(10)
        answer = await one.boot()
        assert (answer["status"], answer["interval"]) == ("Accepted", 60)
    await one.measure(1500)
    await system.stations["CP1"].offer(1, 10)
    await one.station.wait_for(
        lambda: "TxProfile" in str(one.station.received("SetChargingProfile"))
    )
    connector = system.stations["CP1"].state.connectors[0]
    assert connector.status is ConnectorStatus.CHARGING
    if again != "measure":  # until its end, what preceded its start counts from there
        assert connector.session_energy_wh == 500
    await one.stop(1600)
    assert [transaction.energy_wh for transaction in finished] == [600]


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_was_refused_is_not_sent_again(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A charger drops the start that it was refused: its car is limited, and has the energy from then on."""
    one = Waiting(await connect(protocols=(f"ocpp{version}",)), clock, version)
    await one.boot()
    await one.status(charging=True)
    with pytest.raises(Refused, match="SecurityError"):
        await one.start(1000, clock.text())
    system.accept(CP1)
    assert (await one.boot())["status"] == "Accepted"
    await one.measure(1200)
    await one.measure(1500)
    await system.stations["CP1"].offer(1, 10)
    await one.station.wait_for(
        lambda: "TxProfile" in str(one.station.received("SetChargingProfile"))
    )
    connector = system.stations["CP1"].state.connectors[0]
    assert connector.status is ConnectorStatus.CHARGING
    assert connector.meter.energy_wh == 1500
