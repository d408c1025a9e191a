"""A site plans its cars: what is planned reaches chargers, entities and actions, in a Home Assistant with a site."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.drivers.demand import Demand
from custom_components.sunfuse.drivers.habit_score import HabitScore, PinballLosses
from custom_components.sunfuse.drivers.habits import PastSession
from custom_components.sunfuse.engine.model import Boost, ConnectorStatus, Mode
from custom_components.sunfuse.site.outcome import ConnectorKey
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er

from ...common import charger
from ...planned_site import KEY, SEVEN, TODAY, TOMORROW, Site
from ...price_site import SPOT, Start, rows, set_spot, state, tariff

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_a_car_waits_for_the_cheap_hours(
    hass: HomeAssistant, site: Site, freezer: FrozenDateTimeFactory
) -> None:
    """It waits from noon until one, says what that saves, and charges then."""
    assert site.shows("reason") == "waiting_for_price"
    assert site.explanation == (
        "Waiting until 01:00, when a kilowatt-hour costs 0.11 EUR instead of 0.34 EUR. Ready by 03:15."
    )
    told = state(hass, site.entry, f"{KEY}_reason").attributes
    assert (told["price"], told["price_now"], told["currency"]) == (0.11, 0.34, "EUR")
    assert site.shows("plan_start") == "2026-11-26T00:00:00+00:00"
    energy_kwh = float(site.shows("plan_energy"))
    # 225 W and 8 % are lost of 11 kW: 20 kWh take 22.2.
    assert energy_kwh == pytest.approx(22.2, abs=0.1)
    assert float(site.shows("plan_cost")) == pytest.approx(0.11 * energy_kwh, abs=0.01)
    assert float(site.shows("plan_saving")) == pytest.approx(
        0.23 * energy_kwh, abs=0.01
    )
    assert float(site.shows("plan_sun_share")) == 0
    power = state(hass, site.entry, "planned_power")
    assert float(power.state) == 0
    planned = [slot["cars_w"] for slot in power.attributes["slots"]]
    assert sum(planned) / 4000 == pytest.approx(energy_kwh, abs=0.1)

    response: Any = await hass.services.async_call(
        DOMAIN,
        "plan",
        {"config_entry_id": site.entry.entry_id},
        blocking=True,
        return_response=True,
    )
    assert response["cars"][KEY]["slots"][0]["start"] == "2026-11-26T00:00:00+00:00"
    assert (response["sun_share"], response["grid_share"]) == (0, 100)

    freezer.move_to(SEVEN - timedelta(hours=6) + timedelta(seconds=1))
    for _ in range(3):
        await site.settle()
    # Four hours more would be enough: it charges as planned, not because it would be late.
    assert site.shows("reason") == "charging_as_planned"
    (decided,) = site.runtime.coordinator.data.decision.connectors
    assert decided.offer_a > 0


async def test_what_if_i_leave_at_six(hass: HomeAssistant, site: Site) -> None:
    """A preview is not carried out; nor is one that makes no sense."""

    async def preview(**asked: Any) -> Any:
        return await hass.services.async_call(
            DOMAIN,
            "preview",
            {"device_id": site.device, **asked},
            blocking=True,
            return_response=True,
        )

    early = await preview(departure="2026-11-25 18:00:00")
    assert early["car"]["cost"] == pytest.approx(
        0.34 / 0.11 * early["as_planned"]["cost"], rel=0.01
    )
    assert early["car"]["departure"] == "2026-11-25T17:00:00+00:00"
    assert (await preview(energy=5))["car"]["energy_kwh"] < 6
    assert (await preview(mode="fast"))["car"]["next_start"] is None
    assert site.shows("reason") == "waiting_for_price"
    with pytest.raises(ServiceValidationError, match="passed"):
        await preview(departure="2026-11-25 12:00:00")
    with pytest.raises(ServiceValidationError, match="more than a year ahead"):
        await preview(departure="2036-11-25 12:00:00")


@pytest.mark.parametrize("full_wh", [None, 0.0])
async def test_the_cabin_is_warmed_before_the_departure(
    hass: HomeAssistant,
    site: Site,
    freezer: FrozenDateTimeFactory,
    full_wh: float | None,
) -> None:
    """The last half hour has power, also for a full car: the plan's slots show it, and the charger then says so."""
    half_hour = timedelta(minutes=30)
    site.demand = replace(
        site.demand, energy_wh=0.0, full_wh=full_wh, precondition=half_hour
    )
    await site.settle()
    plan: Any = await hass.services.async_call(
        DOMAIN,
        "plan",
        {"config_entry_id": site.entry.entry_id},
        blocking=True,
        return_response=True,
    )
    warmed = [
        slot["start"] for slot in plan["cars"][KEY]["slots"] if slot["preconditions"]
    ]
    assert warmed == ["2026-11-26T05:30:00+00:00", "2026-11-26T05:45:00+00:00"]
    assert site.shows("reason") == "has_enough"
    freezer.move_to(SEVEN - half_hour + timedelta(minutes=1))
    await site.settle()
    assert site.shows("reason") in ("preconditioning", "ramping")
    (decided,) = site.runtime.coordinator.data.decision.connectors
    assert decided.offer_a >= 6


async def test_the_plan_sets_the_target_peak(
    hass: HomeAssistant,
    start_frozen: Start,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """20 kWh in 13 hours fit under the tariff's floor of 2.5 kW beside the house's 0.7: no kilowatt is paid for."""
    capacity = ConfigSubentryData(
        data={"rule": {"key": "flanders", "price_per_kw": 50.0}, "cap": True},
        subentry_type="capacity_tariff",
        title="Fluvius",
        unique_id=None,
    )
    entry = await start_frozen(capacity, charger("CP1", phases=1))
    site = Site(hass, freezer, entry, monkeypatch)
    site.demand = replace(site.demand, departure=SEVEN + timedelta(hours=4))
    await site.settle()
    (peak,) = site.runtime.planning.data.intention.target_peaks
    (rule,) = site.runtime.peaks.rules
    assert peak.name == rule
    assert peak.power_w == pytest.approx(2500, abs=1)
    power = state(hass, entry, "planned_power")
    assert power.attributes["target_peaks"] == {"Fluvius": 2500}
    (shown,) = site.runtime.coordinator.data.peaks.values()
    assert shown.allowance.target_w == pytest.approx(2500, abs=1)


async def test_two_cars_do_not_take_turns(
    hass: HomeAssistant,
    start_frozen: Start,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """15 kWh each in four cheap hours, behind a fuse for one: they do not charge in every second quarter hour.

    Each second one is cheaper by a hundredth of a cent, which is less than a start wears: without that, each would start
    five times.
    """
    cheap = [0.11, 0.1099] * 8
    tomorrow = rows("2026-11-26", [0.34] * 4 + cheap + [0.3] * 76)
    set_spot(hass, TODAY, tomorrow)
    entry = await start_frozen(
        tariff(source={"kind": "entity", "entities": [SPOT]}),
        charger("CP1"),
        charger("CP2"),
        main_fuse_a=18.0,
    )
    site = Site(hass, freezer, entry, monkeypatch)
    site.runtime.settings.set_connector("CP2/1", mode=Mode.ECO)
    site.demand = replace(site.demand, energy_wh=15_000.0)
    await site.settle()
    cars = site.runtime.planning.data.intention.cars
    assert [car.shortfalls for car in cars] == [(), ()]
    for car in cars:
        on = [False, *(slot.power_w > 0 for slot in car.slots)]
        assert sum(now and not before for before, now in pairwise(on)) <= 2


async def test_money_or_carbon(
    hass: HomeAssistant,
    start_frozen: Start,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Power is cheap from one to five and clean from two in the afternoon: the weight decides when the car charges."""
    set_spot(hass, TODAY, TOMORROW)
    clean = {"value": 60, "start": "14:00", "end": "17:00"}
    entry = await start_frozen(
        tariff(
            source={"kind": "entity", "entities": [SPOT]},
            carbon={"kind": "table", "table": {"value": 400, "periods": [clean]}},
        ),
        charger("CP1"),
    )
    site = Site(hass, freezer, entry, monkeypatch)
    await site.settle()
    assert site.shows("plan_start") == "2026-11-26T00:00:00+00:00"
    weight = er.async_get(hass).async_get_entity_id(
        "number", DOMAIN, f"{entry.entry_id}_carbon_weight"
    )
    await hass.services.async_call(
        "number", "set_value", {"entity_id": weight, "value": 100}, blocking=True
    )
    await site.settle()
    assert site.shows("plan_start") == "2026-11-25T13:00:00+00:00"


async def test_a_departure_comes_before_the_minimum_of_a_guest(
    hass: HomeAssistant,
    start_frozen: Start,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """16 A of a fuse of 20 A make a car ready by seven; beside 6 A for a guest it would be late, so the guest waits."""
    set_spot(hass, TODAY, TOMORROW)
    entry = await start_frozen(
        tariff(source={"kind": "entity", "entities": [SPOT]}),
        charger("CP1"),
        charger("CP2"),
        main_fuse_a=20.0,
    )
    site = Site(hass, freezer, entry, monkeypatch)
    # 16 A for 19 hours store 188 kWh.
    demand = replace(site.demand, energy_wh=180_000.0)

    def asked(key: ConnectorKey, *_: Any) -> Demand:
        return demand if key.identity == "CP1" else Demand()

    monkeypatch.setattr(site.runtime.demands, "at", asked)
    for mode in (Mode.OFF, Mode.SOLAR_MIN, Mode.FAST):
        site.runtime.settings.set_connector("CP2/1", mode=mode)
        await site.settle()
        await site.settle()
        needy, guest = site.runtime.planning.data.intention.cars
        assert not needy.shortfalls, mode
        assert needy.comes_first is (mode is not Mode.OFF)
        assert not guest.comes_first
    # What the first car needs evenly is due, and the guest has nothing beside it.
    promised, other = site.runtime.coordinator.data.snapshot.connectors
    assert promised.plan
    assert promised.plan.due_a > 14
    assert other.plan is None


async def test_a_plan_ends_where_the_session_does(
    hass: HomeAssistant, site: Site
) -> None:
    """With 5 kWh to the limit of its session a car gets no more, and misses nothing; a boost goes on."""
    site.demand = replace(site.demand, limit_wh=5_000.0)
    await site.settle()
    await site.settle()
    (car,) = site.runtime.planning.data.intention.cars
    assert car.energy_wh == pytest.approx(5_000, abs=60)
    assert not car.shortfalls
    site.runtime.settings.set_connector(
        KEY, boost=Boost(started_at=datetime.now(UTC), energy_wh=8_000.0)
    )
    await site.settle()
    await site.settle()
    (car,) = site.runtime.planning.data.intention.cars
    assert car.energy_wh == pytest.approx(20_000, abs=1_000)


async def test_what_a_car_is_to_have_at_once_does_not_end_its_plan(
    hass: HomeAssistant, site: Site
) -> None:
    """5 kWh at once, whatever they cost; the other 15 wait for the cheap hours, also in what the plan says."""
    site.demand = replace(site.demand, minimum_wh=5_000.0)
    await site.settle()
    await site.settle()
    (car,) = site.runtime.planning.data.intention.cars
    one = datetime(2026, 11, 26, tzinfo=UTC)
    at_once, dear, cheap = (
        sum(slot.power_w / 4000 for slot in car.slots if begin <= slot.start < end)
        for begin, end in (
            (car.slots[0].start, car.slots[0].start + timedelta(hours=1)),
            (car.slots[0].start + timedelta(hours=1), one),
            (one, one + timedelta(hours=4)),
        )
    )
    assert at_once == pytest.approx(5.6, abs=1.4)
    assert dear == pytest.approx(0, abs=0.1)
    assert cheap == pytest.approx(16.7, abs=1.4)
    (decided,) = site.runtime.coordinator.data.decision.connectors
    assert decided.offer_a > 10


async def test_a_car_that_usually_comes_keeps_its_share_of_the_night(
    hass: HomeAssistant,
    start_frozen: Start,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It comes at six each evening and takes 40 kWh; where rules that are simpler predicted that better, nobody is expected."""
    set_spot(hass, TODAY, TOMORROW)
    entry = await start_frozen(
        tariff(source={"kind": "entity", "entities": [SPOT]}),
        charger("CP1"),
        charger("CP2"),
    )
    site = Site(hass, freezer, entry, monkeypatch)
    runtime = site.runtime
    plugged = runtime.chargers.for_engine

    def one_away(*args: Any) -> Any:
        found = plugged(*args)
        if found.id == KEY:
            return found
        return replace(found, status=ConnectorStatus.AVAILABLE)

    monkeypatch.setattr(runtime.chargers, "for_engine", one_away)
    monkeypatch.setattr(
        runtime.demands,
        "at",
        lambda key: site.demand if key.id == KEY else Demand(),
    )
    runtime.settings.set_connector("CP2/1", mode=Mode.ECO)
    six = datetime(2026, 11, 25, 17, tzinfo=UTC)
    past = [
        PastSession(
            owner="CP2/1",
            came=six - timedelta(days=ago),
            left=six - timedelta(days=ago) + timedelta(hours=13),
            energy_wh=40_000.0,
        )
        for ago in range(150, 0, -1)
    ]
    runtime.car_sessions.history.learn(past)
    habit = PinballLosses(habit=0.1, last_week=0.2, median=0.3)
    worse = replace(habit, habit=0.4)
    score = HabitScore(sessions=40, departure_h=habit, energy_kwh=habit)
    for scores, expected in (
        ({}, False),
        ({"CP2/1": replace(score, departure_h=worse)}, False),
        ({"CP2/1": score}, True),
    ):
        runtime.demands.judge_habits(scores)
        runtime.planning.plan_anew()
        await site.settle()
        _, coming = runtime.planning.data.intention.cars
        assert (coming.energy_wh > 30_000) is expected
        assert not coming.shortfalls
    before = [slot.power_w for slot in coming.slots if slot.end <= six]
    assert not any(before)
    assert runtime.planning.data.missed == {}


async def test_a_state_of_charge_that_jumps_is_planned_at_once(site: Site) -> None:
    """A car that was asleep says that it is nearly full, or its driver types it: nobody waits five minutes for that plan."""
    for energy_wh in (5_000.0, 18_000.0):
        site.demand = replace(site.demand, energy_wh=energy_wh)
        await site.settle()
        # 225 W and 8 % are lost of 11 kW.
        drawn_kwh = energy_wh / 1000 / (0.92 - 0.225 / 11.04)
        assert float(site.shows("plan_energy")) == pytest.approx(drawn_kwh, abs=0.15)


async def test_whoever_asks_for_less_sees_at_once_what_that_costs(site: Site) -> None:
    """What a plan has a little less of while a car charges is shown now and then; what somebody asked for is not."""
    assert site.shows("plan_energy") == "22.2"
    for wants_wh in (18_500.0, 17_000.0):
        site.demand = replace(site.demand, energy_wh=wants_wh)
        await site.settle()
        energy_kwh = wants_wh / 0.9 / 1000
        assert float(site.shows("plan_energy")) == pytest.approx(energy_kwh, abs=0.06)
        for key, per_kwh in (("plan_cost", 0.11), ("plan_saving", 0.23)):
            assert float(site.shows(key)) == pytest.approx(
                per_kwh * energy_kwh, abs=0.02
            )


async def test_cheap_hours_charge_to_the_target_only(site: Site) -> None:
    """No departure, and 3 kWh below a target of a car that could take 15: the cheap hours buy 3."""
    site.demand = Demand(energy_wh=3_000.0, full_wh=15_000.0)
    await site.settle()
    # 225 W and 8 % are lost of 11 kW.
    assert float(site.shows("plan_energy")) == pytest.approx(3.3, abs=0.1)
    site.demand = replace(site.demand, energy_wh=0.0)
    await site.settle()
    assert float(site.shows("plan_energy")) == 0
    # Nothing is planned: it charges on surplus solar power.
    assert site.shows("reason") == "no_plan"


async def test_what_is_assumed_of_a_guest_is_no_figure(
    hass: HomeAssistant, site: Site, hass_ws_client: Any
) -> None:
    """Nobody knows how much a guest takes: cheap hours are planned for a large car, whose energy and cost are told to nobody."""
    site.demand = Demand()
    await site.settle()
    assert site.shows("plan_start") == "2026-11-26T00:00:00+00:00"
    for figure in ("plan_energy", "plan_cost", "plan_saving"):
        assert site.shows(figure) == "unknown"
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "sunfuse/plan/subscribe"})
    assert (await client.receive_json())["success"]
    plan: dict[str, Any] = {}
    while "cars" not in plan:
        plan |= (await client.receive_json())["event"]["set"]
    (car,) = plan["cars"]
    assert max(car["power_w"]) > 10_000
    assert (car["energy_wh"], car["cost"], car["saving"]) == (None, None, None)
    answer: Any = await hass.services.async_call(
        DOMAIN,
        "plan",
        {"config_entry_id": site.entry.entry_id},
        blocking=True,
        return_response=True,
    )
    assert "amount_unknown" in answer["cars"][KEY]["assumptions"]
