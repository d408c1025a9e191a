"""The guard of a capacity tariff's running interval, through the controller: a car beside a house, meter report by meter report."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.engine.model import ConnectorStatus, Mode
from custom_components.sunfuse.planner import TargetPeak
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant

from ...common import charger, set_meters
from ...price_site import Start, pass_time

pytestmark = pytest.mark.usefixtures("socket_enabled")

# All intervals begin. It is noon in Amsterdam.
NOON = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
TARGET_W = 8_000.0
STEP_S = 20
FUSE_A = 40.0
PER_AMPERE_W = 3 * 230


class Guarded:
    """A site whose car draws what it is offered, beside a house that changes; what flows is added up."""

    def __init__(
        self,
        hass: HomeAssistant,
        freezer: FrozenDateTimeFactory,
        entry: MockConfigEntry,
        house_a: Callable[[float], float],
    ) -> None:
        """Plug in."""
        self.hass, self.freezer, self.entry = hass, freezer, entry
        self.house_a = house_a
        self.flows: list[tuple[datetime, float]] = []
        self.offers: list[float] = []
        self.plug_in()

    def plug_in(self) -> None:
        """Let the charger report a car that obeys."""
        runtime = self.entry.runtime_data
        of_charger = runtime.chargers.for_engine

        def plugged(*args: Any) -> Any:
            now = datetime.now(UTC)
            return replace(
                of_charger(*args),
                reachable=True,
                connect_to=None,
                status=ConnectorStatus.CHARGING,
                connected_at=NOON - timedelta(hours=1),
                offer_a=self.offer_a,
                draw_a=(self.offer_a,) * 3,
                draw_at=now,
            )

        runtime.chargers.for_engine = plugged
        runtime.settings.set_connector("CP1/1", mode=Mode.FAST)

    @property
    def offer_a(self) -> float:
        """Return what the car is offered, and draws."""
        ticks = self.entry.runtime_data.coordinator
        offered: float = ticks.data.decision.connectors[0].offer_a
        return offered

    async def run(self, minutes: float) -> None:
        """Let time pass."""
        for _ in range(round(minutes * 60 / STEP_S)):
            now = datetime.now(UTC)
            flow_a = self.house_a((now - NOON).total_seconds() / 60) + self.offer_a
            self.flows.append((now, flow_a * PER_AMPERE_W))
            self.offers.append(self.offer_a)
            set_meters(self.hass, currents_a=(flow_a,) * 3)
            await pass_time(self.hass, self.freezer, 0.2)
            await pass_time(self.hass, self.freezer, STEP_S - 0.2)

    def means_w(self, minutes: float, shift_s: float = 0.0) -> list[float]:
        """Return the mean of each whole interval, on a clock that is ahead by so much."""
        length_s = minutes * 60
        sums: dict[int, list[float]] = {}
        for at, power_w in self.flows:
            number = int(((at - NOON).total_seconds() + shift_s) // length_s)
            sums.setdefault(number, []).append(power_w)
        whole = round(length_s / STEP_S)
        return [sum(one) / len(one) for one in sums.values() if len(one) == whole]


def guarded_tariff(rule: dict[str, Any]) -> ConfigSubentryData:
    """Return a tariff that is guarded at 8 kW."""
    return ConfigSubentryData(
        data={"rule": rule, "cap": True, "target_w": TARGET_W},
        subentry_type="capacity_tariff",
        title="Grid",
        unique_id=None,
    )


def kettle(minute: float) -> float:
    """Return a house that takes 2 A, 12 A for the first third of each ten minutes, and for a time more than the target."""
    if 20 <= minute < 24:
        return 14.0
    return 12.0 if minute % 10 < 3 else 2.0 + minute % 3 / 100


@pytest.mark.parametrize(
    ("rule", "minutes", "restart", "least"),
    [
        ({"interval_min": 15}, 45, True, 0.95),
        ({"interval_min": 30}, 60, False, 0.95),
        # Every quarter hour that there is, among them those that hold two kettles.
        ({"interval_min": 15, "sliding": True}, 45, False, 0.9),
    ],
)
async def test_intervals_are_used_and_not_exceeded(
    hass: HomeAssistant,
    start_frozen: Start,
    freezer: FrozenDateTimeFactory,
    rule: dict[str, Any],
    minutes: float,
    restart: bool,
    least: float,
) -> None:
    """Beside a kettle that alone takes more than the target, on the meter's clock or one that is 40 s off.

    A car that had to stop for a while comes back within the minute: only a fuse locks it out. Restarted in the middle of an
    interval, the guard goes on.
    """
    freezer.move_to(NOON - timedelta(seconds=1))
    entry = await start_frozen(
        guarded_tariff({"key": "own"} | rule),
        charger("CP1", max_a=32.0),
        main_fuse_a=FUSE_A,
    )
    site = Guarded(hass, freezer, entry, kettle)
    if restart:
        await site.run(0.4 * minutes)
        assert await hass.config_entries.async_unload(entry.entry_id)
        freezer.tick(STEP_S)
        site.flows.append((datetime.now(UTC), site.flows[-1][1]))
        assert await hass.config_entries.async_setup(entry.entry_id)
        site.plug_in()
        await site.run(0.6 * minutes)
    else:
        await site.run(minutes)
    interval_min = rule["interval_min"]
    for mean_w in site.means_w(interval_min):
        # Each kettle is noticed after a step of twenty seconds.
        assert least * TARGET_W < mean_w < 1.02 * TARGET_W
    for shift_s in (-40, 40):
        assert max(site.means_w(interval_min, shift_s)) < 1.03 * TARGET_W
    assert max(power_w for _, power_w in site.flows) < FUSE_A * PER_AMPERE_W


async def test_a_busy_house_keeps_its_hour_below_the_target(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """A plan that expects 700 W lets a car have much at the start of an hour; an oven takes 4 kW from its third minute on.

    What the house takes it may go on taking, so the car gets what that leaves, and there is no burst at the end.
    """
    freezer.move_to(NOON - timedelta(seconds=1))
    tariff = ConfigSubentryData(
        data={"rule": {"key": "own", "interval_min": 60}, "cap": True},
        subentry_type="capacity_tariff",
        title="Grid",
        unique_id=None,
    )
    entry = await start_frozen(tariff, charger("CP1", max_a=32.0), main_fuse_a=FUSE_A)
    peaks = entry.runtime_data.peaks
    (rule_id,) = peaks.rules
    planned = TargetPeak(
        name=rule_id,
        power_w=TARGET_W,
        reserved=tuple(
            (NOON + number * timedelta(minutes=15), 700.0) for number in (1, 2, 3, 4)
        ),
    )
    peaks.aim({rule_id: planned})
    peaks.aim = lambda _: None  # this plan lasts
    site = Guarded(hass, freezer, entry, lambda minute: 6.0 if minute >= 3 else 1.0)
    await site.run(60)
    (mean_w,) = site.means_w(60)
    assert 0.95 * TARGET_W < mean_w < 1.02 * TARGET_W
    quarters = [
        sum(power_w for _, power_w in site.flows[each : each + 45]) / 45
        for each in range(0, 180, 45)
    ]
    assert quarters[0] > 1.5 * TARGET_W
    assert quarters[3] < 1.1 * TARGET_W


async def test_from_midnight_on_the_next_day_has_its_target(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """The plan of before midnight goes on, as no other could be made: today may have 20 kW, and tomorrow 8."""
    freezer.move_to(NOON - timedelta(minutes=1))
    tariff = ConfigSubentryData(
        data={"rule": {"key": "own", "interval_min": 15}, "cap": True},
        subentry_type="capacity_tariff",
        title="Grid",
        unique_id=None,
    )
    entry = await start_frozen(tariff, charger("CP1", max_a=32.0), main_fuse_a=FUSE_A)
    peaks = entry.runtime_data.peaks
    (rule_id,) = peaks.rules
    aim = TargetPeak(name=rule_id, power_w=20_000.0, later=((NOON, TARGET_W),))
    peaks.aim({rule_id: aim})
    now = datetime.now(UTC)
    assert peaks.data(now, None)[rule_id].allowance.target_w == 20_000
    tomorrow = peaks.data(NOON, None)[rule_id]
    assert tomorrow.allowance.target_w == TARGET_W
