"""What drivers do by actions, in any order, at each kind of charger: over real sockets, with simulated chargers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

from aiohttp import ClientSession
import pytest

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.simulator import ChargerSpec, Simulation
from custom_components.sunfuse.simulator.stations.behaviour import ChargerBehaviour
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util

from ..common import wait_until
from ..site_fixtures import Home
from .test_charger_actions import device_of

pytestmark = pytest.mark.usefixtures("socket_enabled")

ONLY_STOPPED = ChargerBehaviour(unsupported=frozenset({"SetChargingProfile"}))
KINDS = {
    "1.6": ("ocpp1.6", ChargerBehaviour()),
    "2.0.1": ("ocpp2.0.1", ChargerBehaviour()),
    "2.1": ("ocpp2.1", ChargerBehaviour()),
    "1.6 only stopped": ("ocpp1.6", ONLY_STOPPED),
    "2.0.1 only stopped": ("ocpp2.0.1", ONLY_STOPPED),
}


class Driven:
    """A site with one simulated charger, and its driver."""

    def __init__(self, home: Home, simulation: Simulation) -> None:
        """Remember both."""
        self.home = home
        self.charger = simulation.chargers["CP1"]

    async def act(self, action: str, *, answers: bool = False, **data: Any) -> Any:
        """Use an action on the charger, or on the site where it is one of the site."""
        of_site = action in ("plan", "set_limit", "clear_limit")
        target = (
            {"config_entry_id": self.home.entry.entry_id}
            if of_site
            else {"device_id": device_of(self.home, "CP1")}
        )
        return await self.home.hass.services.async_call(
            DOMAIN, action, target | data, blocking=True, return_response=answers
        )

    async def refused(self, key: str, action: str, **data: Any) -> None:
        """Use an action that is refused in words."""
        with pytest.raises(HomeAssistantError) as raised:
            await self.act(action, **data)
        assert raised.value.translation_key == key

    async def planned(self) -> dict[str, Any]:
        """Return what is planned for the car now."""
        plan = await self.act("plan", answers=True)
        car: dict[str, Any] = plan["cars"]["CP1/1"]
        return car

    async def draws(self, *, any_current: bool) -> None:
        """Wait until the car draws something, or nothing."""
        await wait_until(
            lambda: (max(self.charger.draw_a) > 5) is any_current,
            f"a car that draws: {any_current}",
        )


def ahead(**span: float) -> str:
    """Return a time from now on."""
    return (dt_util.utcnow() + timedelta(**span)).isoformat()


async def _live(simulation: Simulation) -> None:
    """Let the charger's time pass."""
    while True:
        simulation.advance(0.2)
        await asyncio.sleep(0.05)


@pytest.fixture(params=KINDS)
async def driven(
    request: pytest.FixtureRequest, start: Callable[..., Any]
) -> AsyncIterator[Driven]:
    """Return a site with a charger of each kind that is in service, with no car."""
    home: Home = await start("CP1", main_fuse_a=35.0)
    port = home.entry.runtime_data.central_system.port
    protocol, behaviour = KINDS[request.param]
    spec = ChargerSpec(
        identity="CP1", name="Garage", protocol=protocol, behaviour=behaviour
    )
    simulation = Simulation(url=f"ws://127.0.0.1:{port}/", chargers=(spec,))
    driven = Driven(home, simulation)
    driven.charger.unplug()
    async with ClientSession() as session:
        tasks = (
            asyncio.create_task(driven.charger.station.uplink.run(session)),
            asyncio.create_task(_live(simulation)),
        )
        await home.shows("sensor", "CP1/1_status", "available")
        yield driven
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_in_the_wrong_order(driven: Driven) -> None:
    """What is said before the car comes counts when it is there, the later word counts, and each charger does it."""
    home = driven.home
    await home.call("select", "select_option", "CP1/1_mode", option="eco")
    await driven.refused("no_car_to_plan", "preview", answers=True)
    await driven.act("boost", duration={"minutes": 30})
    await driven.act("skip_tonight")
    leaves = ahead(hours=8)
    await driven.act("set_departure", departure=leaves, target_energy=10)
    assert home.state("switch", "CP1/1_skip_tonight") == "off"

    driven.charger.plug_in(soc=0.2)
    await driven.draws(any_current=True)
    assert home.state("switch", "CP1/1_boost") == "on"
    await driven.act("pause", until=ahead(hours=1))
    await driven.draws(any_current=False)
    assert home.state("switch", "CP1/1_boost") == "off"
    await driven.act("boost", energy=5)
    await driven.draws(any_current=True)
    await driven.act("set_limit", current=7)
    await driven.draws(any_current=False)
    await driven.act("clear_limit")
    await driven.draws(any_current=True)
    await driven.act("cancel_boost")

    def told() -> bool:
        intention = home.entry.runtime_data.planning.data.intention
        car = intention and intention.car("CP1/1")
        return bool(car and car.departure and car.departure.isoformat() == leaves)

    await wait_until(told, "a plan for the departure")
    tried = await driven.act("preview", answers=True, departure=ahead(minutes=20))
    # 16 A on three phases for twenty minutes are 3.7 kWh.
    assert tried["car"]["missing_kwh"] > 5
    assert (await driven.planned())["missing_kwh"] == 0
    await driven.act("skip_tonight")
    await wait_until(lambda: not told(), "a plan without the departure")
    await driven.act("set_departure", departure=leaves)
    await wait_until(told, "a plan for the departure, after all")


@pytest.mark.parametrize("driven", ["1.6"], indirect=True)
async def test_what_makes_no_sense_is_refused(driven: Driven) -> None:
    """Times that have passed, and more than there is."""
    past, soon = ahead(hours=-1), ahead(hours=1)
    reserved = {"reservation_id": 3, "card": "ABCD"}
    promise = {"energy": 5, "departure": ahead(days=400)}
    off = {"time": "07:00", "active": False}
    at_seven = {"time": "07:00"}
    for action, data, key in (
        ("pause", {"until": past}, "departure_past"),
        ("set_limit", {"power": 3000, "until": past}, "departure_past"),
        ("reserve", reserved | {"until": past}, "departure_past"),
        ("reserve", reserved | {"until": soon} | promise, "departure_too_far"),
        ("reserve", reserved | {"until": ahead(days=400)}, "departure_too_far"),
        # What is to be switched off must not become a departure.
        ("set_departure", off, "departure_without_weekdays"),
        ("set_departure", {"time": "07:00", "number": 2}, "departure_without_weekdays"),
        # What contradicts itself, in the language of who asks.
        ("preview", {"target_soc": 90, "energy": 5, "answers": True}, "one_target"),
        (
            "set_departure",
            at_seven | {"target_soc": 80, "target_energy": 5},
            "one_target",
        ),
        ("set_departure", at_seven | {"departure": soon}, "one_departure_time"),
        ("pause", {"until": soon, "duration": "1:00"}, "one_end"),
        ("pause", {"duration": {"days": 8}}, "duration_too_long"),
        ("pause", {"duration": {"days": 10**10}}, "duration_too_long"),
        ("pause", {"until": "1950-01-01 07:00"}, "other_century"),
        (
            "reserve",
            reserved | {"until": ahead(hours=1), "energy": 5},
            "promise_incomplete",
        ),
    ):
        await driven.refused(key, action, **data)
    invalid: tuple[tuple[str, dict[str, Any]], ...] = (
        ("preview", {"target_soc": 120, "answers": True}),
        ("set_departure", {"departure": soon, "target_soc": 120}),
        ("set_departure", {"departure": soon, "target_range": 0}),
    )
    for action, fields in invalid:
        with pytest.raises(ServiceValidationError):
            await driven.act(action, **fields)
    driven.charger.plug_in(soc=0.2)
    await driven.home.shows("sensor", "CP1/1_status", "charging", "suspended_evse")
    await driven.refused("departure_past", "preview", departure=past, answers=True)
    # No plan reaches so far, and nothing is known of what it costs.
    late, reach = ahead(hours=49), "departure_beyond_plan"
    await driven.refused(reach, "preview", departure=late, answers=True)
    # A plan for another state of charge cannot be told apart from today's.
    unknown = "state_of_charge_unknown"
    await driven.refused(unknown, "preview", target_soc=90, answers=True)


@pytest.mark.parametrize("driven", ["1.6 only stopped"], indirect=True)
async def test_what_cannot_be_limited_is_planned_so(driven: Driven) -> None:
    """Where 15 A are left for 16 A or nothing the plan says that the car will have nothing, not what 15 A would be."""
    home = driven.home
    await driven.act("boost", duration={"minutes": 30})
    driven.charger.plug_in(soc=0.2)
    await driven.draws(any_current=True)
    await driven.act("pause", until=ahead(minutes=1))
    await driven.draws(any_current=False)
    await driven.act("set_limit", current=16)
    await home.call("select", "select_option", "CP1/1_mode", option="eco")
    await driven.act("resume")
    await driven.act("set_departure", departure=ahead(hours=8), target_energy=10)

    def missing_wh() -> float:
        intention = home.entry.runtime_data.planning.data.intention
        car = intention and intention.car("CP1/1")
        return car.missing_wh if car and car.departure else 0.0

    await wait_until(lambda: missing_wh() > 5000, "a plan that says what it lacks")
    await driven.act("clear_limit")
    await wait_until(lambda: missing_wh() == 0, "a plan that has all")
    await driven.draws(any_current=True)
    *whole, last = (await driven.planned())["slots"]
    assert all(slot["power_w"] > 0.9 * 16 * 690 for slot in whole)
    # In the mean of its quarter hour: it ends when the car has its energy.
    assert last["power_w"] > 0
