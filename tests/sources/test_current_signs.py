"""Currents that have no sign of their own: which of them flow into the grid."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.sunfuse.sources.config import PowerSource, SourcesConfig
from custom_components.sunfuse.sources.live_readings import LiveSource
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .shown_states import PHASES, read, show


async def test_a_phase_that_has_no_sign_of_its_own_beside_a_silent_one(
    hass: HomeAssistant,
) -> None:
    """Signs by the total need all phases: without one of them the others count as import, and are said to have no sign."""
    show(hass, "p", -1380, "W")
    show(hass, "l1", 2, "A")
    show(hass, "l2", 2, "A")
    source = LiveSource(
        hass,
        SourcesConfig(grid=PowerSource(entity="sensor.p"), grid_phases=PHASES),
        phases=3,
        voltage_v=230,
    )
    meter = source.read().meter
    assert meter
    assert list(meter.known_a) == [2, 2, None]
    assert meter.unsigned
    show(hass, "l3", 2, "A")
    readings = source.read()
    assert readings.meter_heard
    assert readings.meter
    assert readings.meter.silent == ()
    assert readings.meter.current_a == (-2, -2, -2)


async def test_the_sensors_of_a_phase_that_is_inverted_or_split_by_direction(
    hass: HomeAssistant,
) -> None:
    """The sensor that is silent is named, whatever its phase is made of."""
    show(hass, "l1", -2, "A")
    show(hass, "l2", 2, "A")
    inverted = SourcesConfig(grid_phases=PHASES, grid_phases_inverted=True)
    meter = read(hass, inverted).meter
    assert meter
    assert (meter.known_a, meter.silent) == ((2, -2, None), ("sensor.l3",))
    assert not meter.unsigned
    for name in ("i1", "i2", "e1"):
        show(hass, name, 230, "W")
    apart = SourcesConfig(
        grid_phases=("sensor.i1", "sensor.i2"),
        grid_phases_export=("sensor.e1", "sensor.e2"),
    )
    meter = read(hass, apart, phases=2).meter
    assert meter
    assert (meter.known_a, meter.silent) == ((0, None), ("sensor.e2",))
    assert not meter.unsigned


@pytest.mark.parametrize(
    ("config", "states", "expected_a"),
    [
        # DSMR: consumption and production of each phase apart, in kW.
        (
            SourcesConfig(
                grid_phases=PHASES,
                grid_phases_export=("sensor.r1", "sensor.r2", "sensor.r3"),
            ),
            {
                "l1": ("2.3", "kW"),
                "l2": ("0", "kW"),
                "l3": ("0.46", "kW"),
                "r1": ("0", "kW"),
                "r2": ("1.15", "kW"),
                "r3": ("0", "kW"),
            },
            (10, -5, 2),
        ),
        # One direction of one phase says nothing: no phases then.
        (
            SourcesConfig(
                grid=PowerSource(entity="sensor.p"),
                grid_phases=PHASES,
                grid_phases_export=("sensor.r1", "sensor.r2", "sensor.r3"),
            ),
            {
                "p": ("1", "kW"),
                "l1": ("1", "kW"),
                "l2": ("1", "kW"),
                "l3": ("1", "kW"),
                "r1": ("unavailable", "kW"),
                "r2": ("0", "kW"),
                "r3": ("0", "kW"),
            },
            None,
        ),
        (
            SourcesConfig(grid_phases=PHASES, grid_phases_inverted=True),
            {"l1": ("3", "A"), "l2": ("-4", "A"), "l3": ("5", "A")},
            (-3, 4, -5),
        ),
        # No sign: 10 A of L1 are fed in, by the total or by the power of each phase.
        (
            SourcesConfig(grid=PowerSource(entity="sensor.p"), grid_phases=PHASES),
            {
                "p": ("-0.92", "kW"),
                "l1": ("10", "A"),
                "l2": ("3", "A"),
                "l3": ("3", "A"),
            },
            (-10, 3, 3),
        ),
        (
            SourcesConfig(
                grid_phases=PHASES,
                grid_phase_powers=("sensor.r1", "sensor.r2", "sensor.r3"),
            ),
            {
                "l1": ("10", "A"),
                "l2": ("3", "A"),
                "l3": ("3", "A"),
                "r1": ("-2200", "W"),
                "r2": ("600", "W"),
                "r3": ("600", "W"),
            },
            (-10, 3, 3),
        ),
        # Powers that are positive on export.
        (
            SourcesConfig(
                grid_phases=PHASES,
                grid_phases_inverted=True,
                grid_phase_powers=("sensor.r1", "sensor.r2", "sensor.r3"),
            ),
            {
                "l1": ("10", "A"),
                "l2": ("3", "A"),
                "l3": ("3", "A"),
                "r1": ("2200", "W"),
                "r2": ("-600", "W"),
                "r3": ("-600", "W"),
            },
            (-10, 3, 3),
        ),
    ],
)
async def test_currents_with_their_sign(
    hass: HomeAssistant,
    config: SourcesConfig,
    states: dict[str, tuple[str, str]],
    expected_a: tuple[float, ...] | None,
) -> None:
    """Two directions apart, inverted, or without a sign of their own."""
    for name, (value, unit) in states.items():
        show(hass, name, value, unit)
    meter = read(hass, config).meter
    assert meter
    assert meter.current_a == (expected_a and pytest.approx(expected_a))


async def test_a_total_of_another_time_lends_no_sign(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A meter that reported a negative current has a sign, and an old total says nothing about now."""
    config = SourcesConfig(grid=PowerSource(entity="sensor.p"), grid_phases=PHASES)
    source = LiveSource(hass, config, phases=3, voltage_v=230)

    def currents() -> tuple[float, ...] | None:
        meter = source.read().meter
        assert meter
        return meter.current_a

    show(hass, "p", -5500, "W")
    freezer.tick(timedelta(seconds=10))
    for name in ("l1", "l2", "l3"):
        show(hass, name, 8, "A")
    assert currents() == (8, 8, 8)
    show(hass, "p", -5501, "W")
    assert currents() == (-8, -8, -8)
    show(hass, "l1", -1, "A")
    assert currents() == (-1, 8, 8)
    show(hass, "l1", 8, "A")
    assert currents() == (8, 8, 8)


async def test_lost_powers_turn_no_currents_without_a_sign(hass: HomeAssistant) -> None:
    """The powers that give them their sign are silent: all that the house draws is import."""
    config = SourcesConfig(
        grid_phases=PHASES,
        grid_phases_inverted=True,
        grid_phase_powers=("sensor.r",) * 3,
    )
    for name in ("l1", "l2", "l3"):
        show(hass, name, 8, "A")
    for power_w in (-1840, "unavailable"):
        show(hass, "r", power_w, "W")
        meter = read(hass, config).meter
        assert meter
        assert meter.current_a == (8, 8, 8)


@pytest.mark.parametrize(
    ("taken", "given", "late", "power_w", "age_s"),
    [
        # While one side flows, the other is zero: it need not say so again.
        ("1500", "0", "e", 1500, 0),
        ("0", "1500", "i", -1500, 0),
        # Both cannot flow at once, so one of them is old news.
        ("1500", "300", "e", 1200, 600),
        ("300", "1500", "i", -1200, 600),
        # While nothing flows, what may begin to be taken is what counts.
        ("0", "0", "e", 0, 0),
        ("0", "0", "i", 0, 600),
    ],
)
async def test_a_side_at_zero_need_not_speak(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    taken: str,
    given: str,
    late: str,
    power_w: float,
    age_s: float,
) -> None:
    """Sensors that speak only when they change: export stands at zero all night, and the meter is not lost."""
    values = {"i": taken, "e": given}
    show(hass, late, values[late], "W")
    freezer.tick(600)
    (fresh,) = {"i", "e"} - {late}
    show(hass, fresh, values[fresh], "W")
    now = dt_util.utcnow()
    pair = PowerSource(positive="sensor.i", negative="sensor.e")
    meter = read(hass, SourcesConfig(grid=pair)).meter
    assert meter
    assert meter.power_w == power_w
    assert (now - meter.at).total_seconds() == age_s
    by_phase = SourcesConfig(
        grid_phases=("sensor.i",), grid_phases_export=("sensor.e",)
    )
    meter = read(hass, by_phase, phases=1).meter
    assert meter
    assert meter.current_a == pytest.approx((power_w / 230,))
    assert (now - meter.at).total_seconds() == age_s


@pytest.mark.parametrize(
    ("currents", "total_w", "expected"),
    [
        # Amperes without a sign cannot be inverted: 30 A of load would be 30 A of sun.
        (("10", "10", "10"), "6900", (10, 10, 10)),
        (("10", "10", "10"), "-6900", (-10, -10, -10)),
        # With one that is below zero they have a sign, which is turned.
        (("-10", "-10", "2"), "4140", (10, 10, -2)),
        # Nothing gives them their sign for a while: all of it is import.
        (("10", "10", "10"), "unavailable", (10, 10, 10)),
        # Nothing else is known: as the user says.
        (("10", "10", "10"), None, (-10, -10, -10)),
    ],
)
async def test_inverted_currents(
    hass: HomeAssistant,
    currents: tuple[str, str, str],
    total_w: str | None,
    expected: tuple[float, float, float],
) -> None:
    """What has no sign is not turned where the total says better."""
    for phase, current in enumerate(currents, start=1):
        show(hass, f"l{phase}", current, "A")
    if total_w is not None:
        show(hass, "p", total_w, "W")
    sources = SourcesConfig(
        grid=PowerSource(entity="sensor.p") if total_w is not None else None,
        grid_phases=PHASES,
        grid_phases_inverted=True,
    )
    meter = read(hass, sources).meter
    assert meter
    assert meter.current_a == pytest.approx(expected)


async def test_a_hair_below_zero_is_no_sign(hass: HomeAssistant) -> None:
    """A meter without signs shows -0.01 A when nothing flows; the total still shows that it feeds in."""
    source = LiveSource(
        hass,
        SourcesConfig(grid=PowerSource(entity="sensor.p"), grid_phases=PHASES),
        phases=3,
        voltage_v=230,
    )
    for values, expected in (
        (("-0.01", "-0.0", "0", "0"), (0, 0, 0)),
        (("10", "10", "10", "-6900"), (-10, -10, -10)),
    ):
        for name, value in zip(("l1", "l2", "l3"), values[:3], strict=True):
            show(hass, name, value, "A")
        show(hass, "p", values[3], "W")
        meter = source.read().meter
        assert meter
        assert meter.current_a == pytest.approx(expected, abs=0.02)
