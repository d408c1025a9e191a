"""Phases that report only when they change, beside a total that may know better."""

from dataclasses import replace
from datetime import datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.sunfuse.engine.meters.living_sensors import living_since
from custom_components.sunfuse.engine.model import MeterReading
from custom_components.sunfuse.sources.config import PowerSource, SourcesConfig
from custom_components.sunfuse.sources.live_readings import LiveSource
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..common import register
from .test_live_readings import PHASES, show

TOTAL = "sensor.p"
CONFIG = SourcesConfig(grid=PowerSource(entity=TOTAL), grid_phases=PHASES)


@pytest.fixture
def one_device(hass: HomeAssistant) -> None:
    """Let the meter be one device."""
    for name in (*PHASES, TOTAL):
        register(hass, name, "mqtt", "meter")


@pytest.fixture
def source(hass: HomeAssistant) -> LiveSource:
    """Return what reads the meter of a site of 230 V."""
    return LiveSource(hass, CONFIG, phases=3, voltage_v=230)


def meter_of(source: LiveSource) -> MeterReading:
    """Return what the meter shows."""
    meter = source.read().meter
    assert meter
    return meter


def age_s(source: LiveSource) -> float:
    """Return how old that is."""
    return (dt_util.utcnow() - meter_of(source).at).total_seconds()


@pytest.mark.usefixtures("one_device")
@pytest.mark.parametrize(
    ("total_w", "expected_s"),
    [
        # 0.4 A of L3 are rounded to none, and the mains have 234 V: the total is that of now.
        (4774, 0),
        (4380, 0),
        # Two amperes more than the phases show, or less, may be on the one that is silent.
        (5100, 600),
        (4100, 600),
        # A total that is merely added up from what the phases show tells nothing that they do not.
        (4600, 600),
    ],
)
async def test_a_total_confirms_a_phase_that_speaks_only_when_it_changes(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    source: LiveSource,
    total_w: float,
    expected_s: float,
) -> None:
    """As MQTT and Zigbee do: the quiet phase of a house is not lost while the total shows what flows."""
    show(hass, "l3", 0, "A")
    freezer.tick(600)
    show(hass, "l1", 16, "A")
    show(hass, "l2", 4, "A")
    show(hass, "p", total_w, "W")
    assert age_s(source) == expected_s
    assert meter_of(source).current_a == pytest.approx((16, 4, 0))


@pytest.mark.parametrize(
    "total",
    [
        pytest.param(("template", "meter"), id="a template that is put to the device"),
        pytest.param(("group", None), id="a group's sum"),
        pytest.param(("mqtt", "other"), id="another device"),
        pytest.param(None, id="unknown"),
    ],
)
async def test_a_total_that_is_added_up_confirms_nothing(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    source: LiveSource,
    total: tuple[str, str | None] | None,
) -> None:
    """The powers of three clamps, one of which has failed, differ from amperes as a meter's own total does."""
    for name in PHASES:
        register(hass, name, "mqtt", "meter")
    if total is not None:
        register(hass, TOTAL, *total)
    show(hass, "l3", 4, "A")
    freezer.tick(600)
    show(hass, "l1", 16, "A")
    show(hass, "l2", 4, "A")
    show(hass, "p", 24 * 230 * 0.97, "W")
    assert age_s(source) == 600
    # Nor does it tell what the silent phase carries.
    living = living_since(meter_of(source), dt_util.utcnow() - timedelta(seconds=60))
    assert living
    assert list(living.known_a) == [16, 4, None]
    assert living.power_w is None


@pytest.mark.usefixtures("one_device")
async def test_what_a_silent_phase_carries_is_told_by_a_total_that_lives(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, source: LiveSource
) -> None:
    """One that has failed as well does not."""
    show(hass, "l3", 4, "A")
    show(hass, "p", 6900, "W")
    freezer.tick(600)
    show(hass, "l1", 16, "A")
    show(hass, "l2", 4, "A")
    recently: datetime = dt_util.utcnow() - timedelta(seconds=60)
    living = living_since(meter_of(source), recently)
    assert living
    assert living.power_w is None
    show(hass, "p", 6900, "W")
    living = living_since(meter_of(source), recently)
    assert living
    assert living.power_w == 6900


@pytest.mark.usefixtures("one_device")
async def test_a_total_that_is_ahead_of_its_phases_loses_no_meter(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, source: LiveSource
) -> None:
    """A kettle is in the total first: until its phase follows, what the total confirmed before counts."""
    show(hass, "l3", 0, "A")
    freezer.tick(600)
    show(hass, "l1", 16, "A")
    show(hass, "l2", 4, "A")
    show(hass, "p", 4774, "W")
    assert age_s(source) == 0
    freezer.tick(1)
    show(hass, "p", 6900, "W")
    assert age_s(source) == 1
    freezer.tick(1)
    show(hass, "l1", 25, "A")
    assert age_s(source) == 1
    # An oven that no phase shows is on the one that has failed.
    show(hass, "p", 10_000, "W")
    assert age_s(source) == 1
    freezer.tick(5)
    show(hass, "p", 10_001, "W")
    assert age_s(source) == 6
    freezer.tick(1)
    assert age_s(source) == 608
    # It may have fed in before what it takes now, so a total as before says nothing until it speaks.
    show(hass, "l1", 25.05, "A")
    show(hass, "l2", 4.1, "A")
    show(hass, "p", 6900, "W")
    assert age_s(source) == 608
    freezer.tick(1)
    for name, value in (("l1", 25.1), ("l2", 4.2), ("l3", 0.2)):
        show(hass, name, value, "A")
    show(hass, "p", 6901, "W")
    assert age_s(source) == 0
    freezer.tick(300)
    show(hass, "p", 6902, "W")
    assert age_s(source) == 0
    # A clock that is set back makes no reading of the future: the total was reported by now, and grows older from now on.
    freezer.tick(-100)
    assert age_s(source) == 0
    freezer.tick(10)
    assert age_s(source) == 10


@pytest.mark.usefixtures("one_device")
async def test_an_old_total_confirms_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, source: LiveSource
) -> None:
    """What flowed ten minutes ago says nothing about the phases of now."""
    show(hass, "p", 4774, "W")
    show(hass, "l3", 0, "A")
    freezer.tick(600)
    show(hass, "l1", 16, "A")
    show(hass, "l2", 4, "A")
    assert age_s(source) == 600


@pytest.mark.usefixtures("one_device")
async def test_a_sensor_that_repeats_its_value_has_failed_when_it_is_silent(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, source: LiveSource
) -> None:
    """It does not wait for a change, and a total of the same device may repeat the value of a part that has failed."""
    stop = source.start(lambda: None)
    for _ in range(7):
        freezer.tick(10)
        for name, value in (("l1", 16), ("l2", 4), ("l3", 0)):
            show(hass, name, value, "A")
        show(hass, "p", 4774, "W")
        assert age_s(source) == 0
    freezer.tick(600)
    show(hass, "l1", 17, "A")
    show(hass, "l2", 4, "A")
    show(hass, "p", 5000, "W")
    assert age_s(source) == 600
    stop()


@pytest.mark.usefixtures("one_device")
async def test_a_total_that_gave_a_phase_its_sign_confirms_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, source: LiveSource
) -> None:
    """L1 feeds in 8 A. With 16 A of an oven on L3, whose sensor has failed, the total is that of 8 A from the grid on L1."""
    for second in range(7):
        freezer.tick(1)
        show(hass, "l1", 8 + second / 10, "A")
        show(hass, "l2", 2 + second / 10, "A")
        show(hass, "l3", 2 + second / 10, "A")
        show(hass, "p", -4 * 230, "W")
        current_a = meter_of(source).current_a
        assert current_a
        assert current_a[0] < -7
    freezer.tick(600)
    show(hass, "l1", 8, "A")
    show(hass, "l2", 2, "A")
    show(hass, "p", 12 * 230, "W")
    assert meter_of(source).current_a == pytest.approx((8, 2, 2.6))
    assert age_s(source) == 600


@pytest.mark.usefixtures("one_device")
async def test_two_silent_phases_that_did_not_follow_hide_each_other(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, source: LiveSource
) -> None:
    """The load of one has ended, and as much has begun on the other: the total is as before, and the phases are not."""

    def total(total_a: float, l1_a: float) -> None:
        show(hass, "l1", l1_a, "A")
        show(hass, "p", total_a * 230, "W")

    show(hass, "l2", 12, "A")
    show(hass, "l3", 4, "A")
    freezer.tick(600)
    total(11.5, -4)
    assert age_s(source) == 0
    for seconds in (1, 6):
        freezer.tick(seconds)
        total(3.5, -4 - seconds / 10)
        assert age_s(source) == (1 if seconds == 1 else 607)
    freezer.tick(10)
    total(11.5, -4)
    assert age_s(source) == 617
    # One of them speaks: the total tells what the other carries.
    show(hass, "l2", 4, "A")
    total(3.5, -4)
    assert age_s(source) == 0


@pytest.mark.usefixtures("one_device")
@pytest.mark.parametrize("with_powers", [False, True])
async def test_what_only_the_total_confirms(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, with_powers: bool
) -> None:
    """L2 and L3 have been silent for two minutes in whole amperes. The power of L2 was reported meanwhile: it lives."""
    powers = ("sensor.w1", "sensor.w2", "sensor.w3")
    for name in powers:
        register(hass, name, "mqtt", "meter")
    config = replace(CONFIG, grid_phase_powers=powers if with_powers else ())
    source = LiveSource(hass, config, phases=3, voltage_v=230)

    def total(l1_a: int) -> None:
        show(hass, "l1", l1_a, "A")
        show(hass, "p", (l1_a + 7.2) * 230, "W")

    for name, value in (("l2", 4), ("l3", 3), ("w1", 3680), ("w2", 940), ("w3", 700)):
        show(hass, name, value, "A" if name.startswith("l") else "W")
    total(16)
    freezer.tick(30)
    total(15)
    assert meter_of(source).confirmed == ()
    freezer.tick(90)
    show(hass, "w2", 941, "W")
    total(16)
    assert age_s(source) == 0
    assert meter_of(source).confirmed == (False, not with_powers, True)


@pytest.mark.usefixtures("one_device")
@pytest.mark.parametrize(("total_a", "expected_s"), [(58.0, 0), (60.0, 600)])
async def test_motors_hide_no_rise(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    source: LiveSource,
    total_a: float,
    expected_s: float,
) -> None:
    """As a rule the total is 3 A below the phases, so 60 A are 3 A more on the silent one, which the phases alone do not show."""
    for name in ("l1", "l2", "l3"):
        show(hass, name, 20, "A")
    show(hass, "p", 57 * 230, "W")
    assert age_s(source) == 0
    freezer.tick(600)
    show(hass, "l1", 20.1, "A")
    show(hass, "l2", 20.1, "A")
    show(hass, "p", (total_a + 0.1) * 230, "W")
    assert age_s(source) == expected_s
