"""What an ISO 15118 car asks for, from its charger's message to the charger's limit."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from homeassistant.util import dt as dt_util

from ...central_system.client import RawStation
from ...common import wait_until

pytestmark = pytest.mark.usefixtures("socket_enabled")


def _limits(station: RawStation) -> list[float]:
    """Return the limits of transactions that a charger of 2.x was sent."""
    return [
        request["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0][
            "limit"
        ]
        for request in station.received("SetChargingProfile")
        if request["chargingProfile"]["chargingProfilePurpose"] == "TxProfile"
    ]


async def test_car_is_offered_what_it_asks_for(start: Callable[..., Any]) -> None:
    """A car that takes 8 A at most is offered no more, by a schedule that answers its needs."""
    home = await start("CP1")
    system = home.entry.runtime_data.central_system
    station = await RawStation.connect(
        home.session, system.port, "/CP1", ("ocpp2.0.1",)
    )
    await station.boot2()
    now = dt_util.utcnow().isoformat()
    await station.status2("Available", now)
    await station.event("Started", now, 0, state="Charging", energy_wh=1000)
    await wait_until(lambda: max(_limits(station), default=0) > 8, "more than 8 A")
    station.requests.clear()
    departure = dt_util.utcnow() + timedelta(hours=2)
    answer = await station.call(
        "NotifyEVChargingNeeds",
        {
            "evseId": 1,
            "chargingNeeds": {
                "requestedEnergyTransfer": "AC_three_phase",
                "departureTime": departure.isoformat(),
                "acChargingParameters": {
                    "energyAmount": 9000,
                    "evMinCurrent": 6,
                    "evMaxCurrent": 8,
                    "evMaxVoltage": 400,
                },
            },
        },
    )
    assert answer == {"status": "Accepted"}
    await wait_until(lambda: _limits(station)[-1:] == [8], "a schedule of 8 A")
    await station.close()
