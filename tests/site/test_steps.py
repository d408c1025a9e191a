"""A step of the house, the sun or the limit, seen through Home Assistant with chargers on real sockets.

The fuse stands above its limit for no longer than meter, charger and car take, and a second for the decision; nobody is
offered more meanwhile. Seconds are simulated: each brings one value of the meter and one of each car, and what is
decided on them has reached the chargers before the next one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import ClientSession
from freezegun import freeze_time
from freezegun.api import TickingDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..central_system.client import RawStation
from ..common import charger, free_port, set_meters, site_entry, wait_until
from ..site_fixtures import limits

pytestmark = pytest.mark.usefixtures("socket_enabled")

FUSE_A = 25.0
STEP_S, WATCHED_S = 60, 30
RISES_A_S, FALLS_A_S = 2.0, 8.0  # how fast a car follows
CHARGER_LAG_S, METER_S, DECISION_S = 1, 1, 1
# The longest way down is from full power to nothing.
ALLOWED_S = METER_S + CHARGER_LAG_S + 16 / FALLS_A_S + DECISION_S


@pytest.fixture
def clock() -> Iterator[TickingDateTimeFactory]:
    """Return the wall clock, which is moved on; what waits for a socket does not see that."""
    with freeze_time("2026-11-25T11:00:00Z", tick=True, real_asyncio=True) as frozen:
        assert isinstance(frozen, TickingDateTimeFactory)
        yield frozen


@dataclass
class Car:
    """A car at a charger that passes a limit on after its lag."""

    station: RawStation
    transaction: int = 0
    drawn_a: float = 0.0
    confirmed_a: float = 0.0  # by the charger

    async def plug_in(self) -> None:
        """Begin to charge."""
        await self.station.boot()
        await self.station.status("Preparing")
        self.transaction = await self.station.start_transaction(
            dt_util.utcnow().isoformat()
        )
        await self.station.status("Charging")

    def follow(self) -> None:
        """Move towards the charger's limit; the charger receives a new limit in the meantime."""
        lowest_a, highest_a = self.drawn_a - FALLS_A_S, self.drawn_a + RISES_A_S
        self.drawn_a = min(max(self.confirmed_a, lowest_a), highest_a)
        self.confirmed_a = next(reversed(limits(self.station)), 0.0)

    async def report(self) -> None:
        """Tell what the car draws."""
        sampled = [
            {
                "value": str(self.drawn_a),
                "measurand": "Current.Import",
                "phase": phase,
                "unit": "A",
            }
            for phase in ("L1", "L2", "L3")
        ]
        meter = {"timestamp": dt_util.utcnow().isoformat(), "sampledValue": sampled}
        await self.station.call(
            "MeterValues",
            {
                "connectorId": 1,
                "transactionId": self.transaction,
                "meterValue": [meter],
            },
        )


@dataclass
class Seconds:
    """Lets seconds pass at a site, and notes what the fuse carries and what is offered."""

    hass: HomeAssistant
    clock: TickingDateTimeFactory
    entry: MockConfigEntry
    cars: list[Car]

    async def next(self, house_a: float) -> tuple[float, tuple[float, ...]]:
        """Let one pass; return what the fuse carried in it, and the offers at its end."""
        self.clock.tick(timedelta(seconds=0.5))
        for car in self.cars:
            car.follow()
        flows_a = house_a + sum(car.drawn_a for car in self.cars)
        set_meters(self.hass, currents_a=(flows_a, flows_a - 1, flows_a - 2))
        for car in self.cars:
            await car.report()
        self.clock.tick(timedelta(seconds=0.5))
        self.entry.runtime_data.controller.tick()
        decision = self.entry.runtime_data.coordinator.data.decision
        offers = tuple(connector.offer_a for connector in decision.connectors)
        await wait_until(lambda: self._confirmed(offers), f"{offers} confirmed")
        return flows_a, offers

    def _confirmed(self, offers: tuple[float, ...]) -> bool:
        """Whether the chargers have what was decided."""
        stations = self.entry.runtime_data.central_system.stations.values()
        return all(
            station.state.connectors[0].offer_a == pytest.approx(offer, abs=0.11)
            for station, offer in zip(stations, offers, strict=True)
        )


@pytest.mark.parametrize(
    ("house_a", "limit_a"),
    [
        pytest.param(lambda at_s: 14.0 if at_s >= STEP_S else 2.0, None, id="house"),
        pytest.param(lambda at_s: 8.0 if at_s >= STEP_S else -15.0, None, id="cloud"),
        pytest.param(lambda _at_s: 2.0, 16.0, id="limit"),
    ],
)
async def test_a_step(
    hass: HomeAssistant,
    clock: TickingDateTimeFactory,
    house_a: Callable[[int], float],
    limit_a: float | None,
) -> None:
    """The excess is gone in time, and no offer rises before."""
    set_meters(hass, currents_a=(house_a(0), house_a(0) - 1, house_a(0) - 2))
    # A fuse with a characteristic bears the minimums of both for a moment: a strict one does not.
    entry = site_entry(
        free_port(), charger("CP1"), charger("CP2"), characteristic="strict"
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    port = entry.runtime_data.central_system.port
    async with ClientSession() as session:
        cars = [
            Car(await RawStation.connect(session, port, f"/{name}"))
            for name in ("CP1", "CP2")
        ]
        for car in cars:
            await car.plug_in()
        seconds = Seconds(hass, clock, entry, cars)
        for at_s in range(STEP_S):
            flows_a, before = await seconds.next(house_a(at_s))
        assert FUSE_A - 4 < flows_a - min(house_a(0), 0.0) <= FUSE_A, "all is used"
        most_a = FUSE_A
        if limit_a is not None:
            await set_limit(hass, entry, limit_a)
            most_a = limit_a
        above_s = 0
        for at_s in range(STEP_S, STEP_S + WATCHED_S):
            flows_a, offers = await seconds.next(house_a(at_s))
            if flows_a > most_a:
                above_s = at_s - STEP_S + 1
                rising = [now > was for now, was in zip(offers, before, strict=True)]
                assert not any(rising), f"{before} A to {offers} A at {flows_a} A"
            before = offers
        assert 0 < above_s <= ALLOWED_S
        # Whoever charged goes on: there is enough for the minimum of both, or of one.
        assert sum(offers) >= 6
        for car in cars:
            await car.station.close()
    await hass.config_entries.async_unload(entry.entry_id)


async def set_limit(
    hass: HomeAssistant, entry: MockConfigEntry, limit_a: float
) -> None:
    """Turn the site's limit down, as its user does."""
    entity_id = er.async_get(hass).async_get_entity_id(
        "number", DOMAIN, f"{entry.entry_id}_limit"
    )
    await hass.services.async_call(
        "number", "set_value", {"entity_id": entity_id, "value": limit_a}, blocking=True
    )
