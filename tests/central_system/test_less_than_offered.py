"""A charger that reports that it allows a car less than it was offered is believed."""

import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    StationConfig,
    Timing,
)

from .client import RawStation
from .conftest import Connect, SteppedClock

_OFFER_A = 16.0


class _Charging:
    """A car that charges, and what the charger says of it."""

    def __init__(
        self, system: CentralSystem, cp: RawStation, clock: SteppedClock
    ) -> None:
        self.station = system.stations["CP1"]
        self._cp = cp
        self._clock = clock
        self._transaction_id = 0

    async def start(self) -> None:
        self._transaction_id = await self._cp.start_transaction(self._clock.text())
        await self._cp.status("Charging")

    async def measure_by_phase(self, current_a: float) -> None:
        """Tell phase by phase what the car is let have, and draws."""
        value = {"value": str(current_a), "unit": "A"}
        values = [
            {**value, "measurand": measurand, "phase": f"L{phase}"}
            for measurand in ("Current.Import", "Current.Offered")
            for phase in (1, 2, 3)
        ]
        meter_value = {"timestamp": self._clock.text(), "sampledValue": values}
        await self._cp.call(
            "MeterValues", {"connectorId": 1, "meterValue": [meter_value]}
        )

    async def measure(self, *, confirmed_a: float | None, draw_a: float) -> None:
        values = [{"measurand": "Current.Import", "value": str(draw_a), "unit": "A"}]
        if confirmed_a is not None:
            values.append(
                {"measurand": "Current.Offered", "value": str(confirmed_a), "unit": "A"}
            )
        at = self._clock.text()
        await self._cp.call(
            "MeterValues",
            {
                "connectorId": 1,
                "transactionId": self._transaction_id,
                "meterValue": [{"timestamp": at, "sampledValue": values}],
            },
        )

    async def go_on(
        self,
        seconds: int,
        *,
        confirmed_a: float | None,
        draw_a: float,
        offer_a: float | None = _OFFER_A,
    ) -> float | None:
        """Let time pass, with meter values every ten seconds, and return the limit that is believed."""
        for _ in range(seconds // 10):
            self._clock.step(10)
            if offer_a is not None:
                await self.station.offer(1, offer_a)
            await self.measure(confirmed_a=confirmed_a, draw_a=draw_a)
        return self.station.connector(1).charger_limit_a


@pytest.fixture
def timing() -> Timing:
    """Return the usual times, with nothing that happens by itself."""
    return Timing(settle_s=600, return_s=600, ping_s=600)


@pytest.fixture
async def charging(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> _Charging:
    """Let a car charge that was offered 16 A."""
    system.accept(StationConfig(identity="CP1"))
    cp = await connect()
    await cp.boot()
    car = _Charging(system, cp, clock)
    await car.start()
    return car


async def test_lower_limit_is_believed(charging: _Charging) -> None:
    """A charger that says 10 A for half a minute has 10 A; it is tried again after ten minutes."""
    assert await charging.go_on(30, confirmed_a=10, draw_a=10) is None
    assert await charging.go_on(30, confirmed_a=10, draw_a=10) == 10
    # From now on no more than 10 A are offered, of which it gives all.
    assert await charging.go_on(500, confirmed_a=10, draw_a=10, offer_a=10) == 10
    assert await charging.go_on(110, confirmed_a=10, draw_a=10, offer_a=10) is None
    assert await charging.go_on(60, confirmed_a=10, draw_a=10) == 10


async def test_limit_that_rises_is_forgotten(charging: _Charging) -> None:
    """A charger that reports that it allows the car more again is offered more at once."""
    assert await charging.go_on(60, confirmed_a=10, draw_a=10) == 10
    assert await charging.go_on(10, confirmed_a=16, draw_a=10) is None


@pytest.mark.parametrize(
    ("confirmed_a", "draw_a"),
    [
        pytest.param(16, 10, id="the car takes less"),
        pytest.param(15.5, 15, id="about the same"),
        pytest.param(10, 16, id="the car takes more: it is mistaken"),
        pytest.param(0, 0, id="a pause"),
        pytest.param(None, 10, id="it says nothing"),
    ],
)
async def test_no_limit(
    charging: _Charging, confirmed_a: float | None, draw_a: float
) -> None:
    """Nothing is believed that is no lower limit."""
    assert await charging.go_on(120, confirmed_a=confirmed_a, draw_a=draw_a) is None


async def test_said_once(charging: _Charging) -> None:
    """What was said at the beginning and never again is no limit."""
    await charging.go_on(10, confirmed_a=6, draw_a=6)
    assert await charging.go_on(120, confirmed_a=None, draw_a=6) is None


async def test_offer_that_lapsed(charging: _Charging) -> None:
    """A charger at its fail-safe current has no limit of its own, but no offer."""
    await charging.go_on(10, confirmed_a=16, draw_a=16)
    await charging.go_on(120, confirmed_a=16, draw_a=16, offer_a=None)
    assert await charging.go_on(300, confirmed_a=6, draw_a=6, offer_a=None) is None


async def test_follows_the_offer_late(charging: _Charging) -> None:
    """A charger that lags behind an offer that changes all the time is not taken to limit it."""
    for offer_a, confirmed_a in ((10, 16), (16, 10)) * 6:
        limit_a = await charging.go_on(
            10, confirmed_a=confirmed_a, draw_a=9, offer_a=offer_a
        )
        assert limit_a is None


async def test_reported_by_phase(charging: _Charging, clock: SteppedClock) -> None:
    """A charger may say it for each phase."""
    for _ in range(6):
        clock.step(10)
        await charging.station.offer(1, _OFFER_A)
        await charging.measure_by_phase(10)
    assert charging.station.connector(1).charger_limit_a == 10
