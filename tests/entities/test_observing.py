"""How fresh the meter is, and how the sun of today was used, as a user sees it."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.sunfuse.const import DOMAIN, MAIN_CIRCUIT
from custom_components.sunfuse.engine.model import CircuitState
from custom_components.sunfuse.engine.sun.unused_sun import Unused
from custom_components.sunfuse.site.outcome import SiteData
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir

from ..common import free_port, register, set_meters, site_entry
from ..site.test_circuits import circuit as circuit_of

pytestmark = pytest.mark.usefixtures("socket_enabled")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOON = datetime(2026, 6, 10, 12, tzinfo=AMSTERDAM)
SOURCES = {
    "grid": {"entity": "sensor.grid_power"},
    "grid_phases": ["sensor.grid_l1", "sensor.grid_l2", "sensor.grid_l3"],
    "solar": ["sensor.solar"],
}


class House:
    """A house whose time passes in steps."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        """Start at noon."""
        self.hass, self.freezer = hass, freezer
        self.entry: MockConfigEntry | None = None
        self.grid_a, self.solar_w = 0.0, 0.0

    async def start(self, at: datetime = NOON, **changes: Any) -> MockConfigEntry:
        """Set up a site."""
        self.freezer.move_to(at)
        self.tell()
        self.entry = site_entry(free_port(), **{"sources": SOURCES, **changes})
        self.entry.add_to_hass(self.hass)
        assert await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.hass.async_block_till_done()
        return self.entry

    def tell(self) -> None:
        """Let every sensor report."""
        set_meters(self.hass, currents_a=(self.grid_a,) * 3)
        if self.solar_w >= 0:
            self.hass.states.async_set(
                "sensor.solar", str(self.solar_w), {"unit_of_measurement": "W"}
            )
        else:
            self.hass.states.async_set("sensor.solar", STATE_UNAVAILABLE)

    async def live(self, seconds: float, step_s: float = 5) -> None:
        """Let time pass while the meters report."""
        for _ in range(round(seconds / step_s)):
            self.freezer.tick(step_s)
            self.tell()
            async_fire_time_changed(self.hass)
            await self.hass.async_block_till_done()

    def state(self, key: str) -> Any:
        """Return what a sensor shows."""
        assert self.entry
        unique_id = f"{self.entry.entry_id}_{key}"
        name = er.async_get(self.hass).async_get_entity_id("sensor", DOMAIN, unique_id)
        assert name, key
        return self.hass.states.get(name)

    @property
    def issue(self) -> ir.IssueEntry | None:
        """Return the repair issue of a slow meter."""
        assert self.entry
        return ir.async_get(self.hass).async_get_issue(
            DOMAIN, f"{self.entry.entry_id}_slow_meter_grid"
        )


@pytest.fixture
async def house(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncIterator[House]:
    """Return a house in Amsterdam, whose site is unloaded in the end."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    hass.config.latitude, hass.config.longitude = 52.37, 4.90
    yield House(hass, freezer)
    for entry in hass.config_entries.async_entries(DOMAIN):
        await hass.config_entries.async_unload(entry.entry_id)


async def test_the_sun_of_today(house: House) -> None:
    """3 kW of sun, 1.035 kW exported: 65.5 % used, and nothing imported."""
    house.solar_w, house.grid_a = 3000, -1.5
    await house.start()
    assert house.state("self_consumption").state == STATE_UNKNOWN
    await house.live(120)
    consumption = float(house.state("self_consumption").state)
    assert consumption == pytest.approx(100 * (1 - 1035 / 3000), abs=0.2)
    assert float(house.state("self_sufficiency").state) == 100
    attributes = house.state("self_consumption").attributes
    assert attributes["solar_kwh"] == pytest.approx(0.1, abs=0.01)
    # Nobody is there who could use the rest, and every cause is named all the same.
    unused = house.state("unused_sun")
    assert float(unused.state) == 0
    causes = {f"{cause}_kwh" for cause in Unused}
    assert {name: unused.attributes[name] for name in causes} == dict.fromkeys(
        causes, 0
    )


async def test_a_battery(house: House) -> None:
    """1 kW of sun goes into the battery; then it feeds the house: nothing is imported or exported."""

    def battery(power_w: float | str) -> None:
        house.hass.states.async_set(
            "sensor.battery", str(power_w), {"unit_of_measurement": "W"}
        )

    house.solar_w, house.grid_a = 1000, 0.0
    battery(-1000)
    await house.start(sources={**SOURCES, "battery": [{"entity": "sensor.battery"}]})
    await house.live(60)
    assert float(house.state("self_consumption").state) == 100
    # It took all of the sun: the house used nothing.
    assert house.state("self_sufficiency").state == STATE_UNKNOWN
    house.solar_w = 0
    battery(500)
    await house.live(60)
    assert float(house.state("self_sufficiency").state) == 100
    before = house.state("self_sufficiency").attributes
    battery(STATE_UNAVAILABLE)
    house.grid_a = 5.0
    await house.live(60)
    # What was known until it was lost still holds for one tick.
    after = house.state("self_sufficiency").attributes
    assert after["import_kwh"] == pytest.approx(before["import_kwh"], abs=0.01)


async def test_midnight_and_the_night(house: House) -> None:
    """A new day begins from zero; an inverter that sleeps gives no sun, and all is imported."""
    house.solar_w, house.grid_a = 2000, -1.0
    await house.start(datetime(2026, 6, 10, 23, 59, tzinfo=AMSTERDAM))
    await house.live(50)
    assert float(house.state("self_sufficiency").state) == 100
    house.solar_w, house.grid_a = -1, 2.0
    await house.live(120)
    assert house.state("self_consumption").state == STATE_UNKNOWN
    assert float(house.state("self_sufficiency").state) == 0


async def test_the_day_that_has_25_hours(house: House) -> None:
    """The hour that comes twice belongs to the same day, once each."""
    await house.hass.config.async_set_time_zone("Europe/Amsterdam")
    house.solar_w, house.grid_a = 1000, 0.0
    await house.start(datetime(2026, 10, 25, 2, 59, tzinfo=AMSTERDAM))
    await house.live(180)
    energy = house.state("self_sufficiency").attributes["solar_kwh"]
    assert energy == pytest.approx(0.05, abs=0.01)


async def test_what_is_not_known_is_not_counted(house: House) -> None:
    """An inverter that is lost at noon is no dark roof."""
    house.solar_w, house.grid_a = 3000, -1.5
    await house.start()
    await house.live(60)
    before = house.state("self_consumption").attributes
    house.solar_w, house.grid_a = -1, -1.5
    await house.live(120)
    assert house.state("self_consumption").attributes["export_kwh"] == pytest.approx(
        before["export_kwh"], abs=0.01
    )


async def test_a_hiccup_of_a_meter_is_not_all_of_the_day(house: House) -> None:
    """A billion watts of sun for a moment are left out."""
    house.solar_w, house.grid_a = 3000, -1.5
    await house.start()
    await house.live(60)
    house.solar_w = 10**9
    await house.live(10)
    house.solar_w = 3000
    await house.live(60)
    attributes = house.state("self_consumption").attributes
    assert attributes["solar_kwh"] == pytest.approx(0.1, abs=0.02)


async def test_a_restart_keeps_today(house: House) -> None:
    """Energies and intervals go on where they were."""
    house.solar_w, house.grid_a = 3000, -1.5
    entry = await house.start()
    await house.live(120)
    before = house.state("self_consumption").state
    assert await house.hass.config_entries.async_reload(entry.entry_id)
    await house.hass.async_block_till_done()
    assert house.state("self_consumption").state == before
    assert float(house.state("meter_interval").state) == 5


async def test_the_interval_is_shown(house: House) -> None:
    """Each source with its interval and jitter."""
    await house.start()
    assert house.state("meter_interval").state == STATE_UNKNOWN
    await house.live(100)
    state = house.state("meter_interval")
    assert float(state.state) == 5
    assert state.attributes["sources"]["sensor.grid_l1"] == {
        "interval_s": 5.0,
        "high_s": 5.0,
        "longest_s": 5.0,
        "jitter_s": 0.0,
        # Between twenty readings.
        "readings": 19,
    }
    assert house.issue is None


async def test_a_slow_meter_is_reported_with_advice(house: House) -> None:
    """45 s: 16.25 % of 25 A, rounded up to 5 A of margin, would do; with that it is put right."""
    entry = await house.start()
    await house.live(45 * 12, step_s=45)
    issue = house.issue
    assert issue
    assert issue.translation_placeholders
    assert issue.translation_placeholders["margin"] == "5"
    assert issue.translation_placeholders["interval"] in ("40", "50")
    house.hass.config_entries.async_update_entry(entry, options={"margin_a": 5.0})
    await house.hass.async_block_till_done()
    await house.live(45 * 2, step_s=45)
    assert house.issue is None


async def test_a_meter_that_is_often_lost_is_reported_whatever_the_margin(
    house: House,
) -> None:
    """90 s between readings that count for 60 s: chargers would fall back again and again."""
    await house.start(margin_a=10.0)
    await house.live(90 * 12, step_s=90)
    assert house.issue


async def live_beside_a_slow_phase(
    house: House, seconds: int, step_s: int, *, l3_every_s: int, again: bool, late: bool
) -> None:
    """Let L1, L2 and the total report at every step, and L3 now and then: another value, or the same `again`.

    The total has 3 % more than the nominal voltage makes of the amperes. It shows what L3 carries, which L3 reports at once, or
    so `late` that its oven has long been on.
    """
    more_a = 0.0 if again else 10.0 if late else 0.2
    for second in range(0, seconds, step_s):
        ahead_s = l3_every_s - step_s if late else 0
        l3_a, flows_a = (
            0.2 + at_s // l3_every_s % 2 * more_a for at_s in (second, second + ahead_s)
        )
        house.freezer.tick(step_s)
        values = {"l1": 4 + second % 20 / 10, "l2": 3 + second % 20 / 20, "l3": l3_a}
        power_w = 237 * (values["l1"] + values["l2"] + flows_a)
        for name, value in (*values.items(), ("power", power_w)):
            unit = "W" if name == "power" else "A"
            if name != "l3" or second % l3_every_s == 0:
                house.hass.states.async_set(
                    f"sensor.grid_{name}",
                    str(value),
                    {"unit_of_measurement": unit},
                )
        async_fire_time_changed(house.hass)
        await house.hass.async_block_till_done()


async def test_a_phase_that_reports_only_when_it_changes_is_not_slow(
    house: House,
) -> None:
    """L3 changes every 90 s, and the total shows every 10 s that it carries what it last reported."""
    for name in (*SOURCES["grid_phases"], "sensor.grid_power"):
        register(house.hass, name, "mqtt", "meter")
    entry = await house.start()
    await live_beside_a_slow_phase(
        house, 90 * 13, 10, l3_every_s=90, again=False, late=False
    )
    assert house.issue is None
    assert float(house.state("meter_interval").state) == 10
    assert main_state(entry) is CircuitState.OK


@pytest.mark.parametrize(("again", "late"), [(True, False), (False, True)])
async def test_a_phase_that_is_read_rarely_is_slow_beside_a_quick_total(
    house: House, again: bool, late: bool
) -> None:
    """It repeats its value, so it reports whether that changes or not; or its oven was in the total long before."""
    for name in (*SOURCES["grid_phases"], "sensor.grid_power"):
        register(house.hass, name, "mqtt", "meter")
    await house.start()
    await live_beside_a_slow_phase(
        house, 50 * 13, 10, l3_every_s=50, again=again, late=late
    )
    assert house.issue


IMPORT = ("sensor.in_l1", "sensor.in_l2", "sensor.in_l3")
EXPORT = ("sensor.out_l1", "sensor.out_l2", "sensor.out_l3")


@pytest.mark.parametrize(
    "sources",
    [
        {"grid_phases": IMPORT, "grid_phases_export": EXPORT},
        {"grid": {"positive": IMPORT[0], "negative": EXPORT[0]}},
    ],
)
async def test_the_side_that_rests_is_not_slow(
    house: House, sources: dict[str, Any]
) -> None:
    """Sun and clouds: import is zero for 90 s of two minutes, and its sensors report only when that changes."""

    def tell(second: int) -> None:
        imports = second % 120 >= 90
        flows_w = 1000 + second % 20
        for names, value in (
            (IMPORT, flows_w if imports else 0),
            (EXPORT, 0 if imports else flows_w),
        ):
            for name in names:
                attributes = {"unit_of_measurement": "W"}
                if (before := house.hass.states.get(name)) is None or (
                    before.state != str(value)
                ):
                    house.hass.states.async_set(name, str(value), attributes)

    house.freezer.move_to(NOON)
    tell(0)
    await house.start(sources=sources)
    for second in range(0, 600, 5):
        house.freezer.tick(5)
        tell(second)
        async_fire_time_changed(house.hass)
        await house.hass.async_block_till_done()
    assert house.issue is None
    assert float(house.state("meter_interval").state) == 5


def a_circuit(name: str, sources: dict[str, Any]) -> ConfigSubentry:
    """Return the sub-entry of a circuit with a meter."""
    stored = circuit_of(name, sources=sources)
    return ConfigSubentry(
        data=MappingProxyType(stored["data"]),
        subentry_type="circuit",
        title=stored["title"],
        unique_id=None,
        subentry_id=name,
    )


async def test_the_meter_of_a_circuit_is_reported_as_well(house: House) -> None:
    """45 s at a panel of 20 A: its margin has to be larger, that of the main fuse not, whose meter is quick."""
    panel = {"meter": {"phases": ["sensor.p1", "sensor.p2", "sensor.p3"]}}
    await house.start()
    assert house.entry
    house.hass.config_entries.async_add_subentry(
        house.entry, a_circuit("garage", panel)
    )
    await house.hass.config_entries.async_reload(house.entry.entry_id)
    for _ in range(12):
        await house.live(45)
        for phase in (1, 2, 3):
            house.hass.states.async_set(
                f"sensor.p{phase}", "1", {"unit_of_measurement": "A"}, force_update=True
            )
    await house.live(5)
    assert house.issue is None
    issues = ir.async_get(house.hass)
    issue_id = f"{house.entry.entry_id}_slow_circuit_meter_garage"
    issue = issues.async_get_issue(DOMAIN, issue_id)
    assert issue
    placeholders = issue.translation_placeholders
    assert placeholders
    assert placeholders["circuit"] == "Garage"
    assert placeholders["entity"].startswith("sensor.p")
    assert placeholders["interval"] in ("40", "50")
    # 16.25 % of 20 A, rounded up.
    assert placeholders["margin"] == "4"


def main_state(entry: MockConfigEntry) -> CircuitState:
    """Return the state of the main circuit."""
    data: SiteData = entry.runtime_data.coordinator.data
    return next(one.state for one in data.decision.circuits if one.id == MAIN_CIRCUIT)


async def test_a_quick_meter_that_falls_silent_is_missed_earlier(house: House) -> None:
    """It reported the same value every second for a minute; after half a minute it is lost, not after one."""
    entry = await house.start()
    circuits = entry.runtime_data.coordinator.data.snapshot.circuits
    assert circuits[0].meter_max_age_s == 60

    def again() -> None:
        for meter in ("grid_power", "grid_l1", "grid_l2", "grid_l3", "solar"):
            state = house.hass.states.get(f"sensor.{meter}")
            assert state
            house.hass.states.async_set(state.entity_id, state.state, state.attributes)

    for _ in range(60):
        house.freezer.tick(1)
        again()
        await house.hass.async_block_till_done()
    for waited_s, lost in ((25, False), (10, True)):
        house.freezer.tick(timedelta(seconds=waited_s))
        async_fire_time_changed(house.hass)
        await house.hass.async_block_till_done()
        assert (main_state(entry) is CircuitState.METER_LOST) is lost
    circuits = entry.runtime_data.coordinator.data.snapshot.circuits
    assert circuits[0].meter_max_age_s == 30
