"""A Home Assistant with a site of one's own, whose chargers the test plays."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import ClientSession
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from .central_system.client import Payload, RawStation
from .common import charger, free_port, set_meters, site_entry, wait_until

BOOT = {"chargePointVendor": "Wallbox GmbH", "chargePointModel": "W11"}


def limit_of(request: tuple[str, Payload]) -> float | None:
    """Return the limit of a transaction's charging profile, None for any other request."""
    action, payload = request
    profile = payload.get("csChargingProfiles", {})
    if action != "SetChargingProfile" or (
        profile.get("chargingProfilePurpose") != "TxProfile"
    ):
        return None
    limit: float = profile["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"]
    return limit


def limits(station: RawStation) -> list[float]:
    """Return the limits of transactions that a charger was sent."""
    return [x for request in station.requests if (x := limit_of(request)) is not None]


async def obeys(station: RawStation, limit_a: float) -> None:
    """Wait until the newest limit that the charger has is this one.

    A rise of less than 1 A is not worth a message, so what is left to the limit may be less than that.
    """
    least_a = limit_a - 1 if limit_a > 6 else limit_a
    await wait_until(
        lambda: any(least_a - 0.01 < x < limit_a + 0.01 for x in limits(station)[-1:]),
        f"a limit of {limit_a} A",
    )


_PHASES = ("L1", "L2", "L3")
type PerPhase = tuple[float, float, float]


class Home:
    """A Home Assistant with a site, as its user and its chargers see it."""

    def __init__(
        self, hass: HomeAssistant, entry: MockConfigEntry, session: ClientSession
    ) -> None:
        """Remember all of it."""
        self.hass = hass
        self.entry = entry
        self.session = session
        self.house_a: tuple[float, float, float] | None = (10, 4, 4)
        self.car_a = 0.0  # what all cars draw
        self._identities: dict[RawStation, str] = {}
        # By identity: who connects again has the same car.
        self._cars_a: dict[str, float] = {}
        self.transaction: dict[str, Any] = {}
        self.charging: RawStation | None = None  # whose car draws what it is offered
        self.phases: tuple[str, ...] = _PHASES  # on which it does
        self.silent: tuple[str, ...] = ()  # sensors that are unavailable
        # What the meter shows of what flows on a phase.
        self.shown: Callable[[float], float] = lambda flow_a: flow_a
        self.every_s = 1.0  # how often it reports that
        # How it does.
        self.report: Callable[[PerPhase], None] = lambda flow_a: set_meters(
            hass, currents_a=flow_a
        )

    async def live(self) -> None:
        """Let the house's meter report, as a meter does; it breaks when there is no house."""
        while True:
            if self.house_a is None:
                for meter in ("grid_l1", "grid_l2", "grid_l3", "grid_power"):
                    self.hass.states.async_set(f"sensor.{meter}", STATE_UNAVAILABLE)
            else:
                l1, l2, l3 = (
                    self.shown(house_a + self.car_a * (phase in self.phases))
                    for phase, house_a in zip(_PHASES, self.house_a, strict=True)
                )
                self.report((l1, l2, l3))
                for sensor in self.silent:
                    self.hass.states.async_set(sensor, STATE_UNAVAILABLE)
            station = self.charging
            if station and not station.websocket.closed and (told := limits(station)):
                await self.draw(station, told[-1], phases=self.phases)
            await asyncio.sleep(self.every_s)

    async def connect(self, identity: str) -> RawStation:
        """Connect a charger that has not booted yet."""
        port = self.entry.runtime_data.central_system.port
        station = await RawStation.connect(self.session, port, f"/{identity}")
        self._identities[station] = identity
        return station

    async def boot(self, identity: str, status: str = "Available") -> RawStation:
        """Connect a charger of the site, boot it and report its status."""
        station = await self.connect(identity)
        answer = await station.call("BootNotification", BOOT)
        assert answer["status"] == "Accepted"
        await self.tell(station, status)
        return station

    async def tell(self, station: RawStation, status: str) -> None:
        """Report the status of the first connector."""
        await station.call(
            "StatusNotification",
            {"connectorId": 1, "errorCode": "NoError", "status": status},
        )

    async def charge(self, identity: str) -> RawStation:
        """Connect a charger, and start a transaction with a car that draws nothing yet."""
        station = await self.boot(identity, "Preparing")
        started = await station.call(
            "StartTransaction",
            {
                "connectorId": 1,
                "idTag": "free",
                "meterStart": 1000,
                "timestamp": dt_util.utcnow().isoformat(),
            },
        )
        self.transaction = {"transactionId": started["transactionId"]}
        await self.tell(station, "Charging")
        self.charging = station
        return station

    async def draw(
        self,
        station: RawStation,
        current_a: float,
        register_kwh: float = 1.0,
        phases: tuple[str, ...] = _PHASES,
    ) -> None:
        """Make the car draw this much on these phases, and its charger report it."""
        self._cars_a[self._identities[station]] = current_a
        self.car_a = sum(self._cars_a.values())
        currents = [
            {
                "value": str(current_a if phase in phases else 0.0),
                "measurand": "Current.Import",
                "phase": phase,
                "unit": "A",
            }
            for phase in _PHASES
        ]
        power = {
            "value": str(current_a * 230 * len(phases)),
            "measurand": "Power.Active.Import",
            "unit": "W",
        }
        sampled = [{"value": str(register_kwh), "unit": "kWh"}, power, *currents]
        await station.call(
            "MeterValues",
            {
                "connectorId": 1,
                **self.transaction,
                "meterValue": [
                    {
                        "timestamp": dt_util.utcnow().isoformat(),
                        "sampledValue": sampled,
                    }
                ],
            },
        )

    def entity(self, domain: str, key: str) -> str:
        """Return an entity by what its unique id ends with."""
        unique_id = f"{self.entry.entry_id}_{key}"
        found = er.async_get(self.hass).async_get_entity_id(domain, DOMAIN, unique_id)
        assert found, unique_id
        return found

    def state(self, domain: str, key: str) -> str:
        """Return the state of an entity."""
        state = self.hass.states.get(self.entity(domain, key))
        assert state
        return state.state

    def explanation(self, connector: str) -> str:
        """Return why a connector gets what it gets, as a sentence."""
        state = self.hass.states.get(self.entity("sensor", f"{connector}_reason"))
        assert state
        text: str = state.attributes["explanation"]
        return text

    async def shows(self, domain: str, key: str, *values: str) -> None:
        """Wait until an entity shows one of these values."""
        await wait_until(
            lambda: self.state(domain, key) in values, f"{key} shows {values}"
        )

    async def call(self, domain: str, service: str, key: str, **data: Any) -> None:
        """Use an entity as its user does."""
        await self.hass.services.async_call(
            domain,
            service,
            {"entity_id": self.entity(domain, key), **data},
            blocking=True,
        )


@pytest.fixture
async def start(
    hass: HomeAssistant, jumping: None
) -> AsyncIterator[Callable[..., Any]]:
    """Return what sets up a site with these chargers, the house drawing 10, 4 and 4 A."""
    async with ClientSession() as session:
        homes: list[Home] = []
        meters: list[asyncio.Task[None]] = []

        async def start(*identities: str | ConfigSubentryData, **changes: Any) -> Home:
            set_meters(hass, currents_a=(10, 4, 4))
            subentries = (
                charger(name) if isinstance(name, str) else name for name in identities
            )
            entry = site_entry(free_port(), *subentries, **changes)
            entry.add_to_hass(hass)
            assert await hass.config_entries.async_setup(entry.entry_id)
            home = Home(hass, entry, session)
            homes.append(home)
            meters.append(asyncio.create_task(home.live()))
            return home

        yield start
        for meter in meters:
            meter.cancel()
        for home in homes:
            if home.entry.state is ConfigEntryState.LOADED:
                await hass.config_entries.async_unload(home.entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
