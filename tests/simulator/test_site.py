"""The whole simulated site: a day of it in a moment, and no energy lost or made up."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.sunfuse.simulator import SimulatedSite, default_site
from custom_components.sunfuse.simulator.car import Supply
from custom_components.sunfuse.simulator.simulation import DEFAULT_START

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)


def supplies(site: SimulatedSite, limit_a: float) -> list[Supply]:
    """Offer every car the same."""
    return [Supply(limit_a=limit_a, phases=spec.phases) for spec, _ in site.outlets]


@settings(max_examples=25, deadline=None)
@given(
    start_h=st.floats(0, 24),
    limits=st.lists(st.floats(0, 40), min_size=3, max_size=3),
    dt_s=st.floats(0.1, 900),
    seed=st.integers(0, 50),
)
def test_energy_is_conserved(
    start_h: float, limits: list[float], dt_s: float, seed: int
) -> None:
    """What comes from grid and roof goes to house, cars and battery, at every instant and in sum."""
    default = default_site()
    site = SimulatedSite(chargers=default.chargers, seed=seed)
    state = before = site.initial(NOON + timedelta(hours=start_h))
    offers = [
        Supply(limit_a=limit_a, phases=spec.phases)
        for limit_a, (spec, _) in zip(limits, site.outlets, strict=True)
    ]
    for _ in range(20):
        state = site.step(state, dt_s, offers)
        values = site.values(state)
        into_w = values.grid_power_w + values.solar_power_w + values.battery_power_w
        assert into_w == pytest.approx(values.house_power_w + sum(state.cars_w))
        assert values.grid_power_w == pytest.approx(230 * sum(values.grid_current_a))
    into_wh = (
        state.import_wh
        - state.export_wh
        + state.solar_wh
        + state.battery_discharge_wh
        - state.battery_charge_wh
    )
    assert into_wh == pytest.approx(state.house_wh + sum(state.charged_wh), abs=1e-3)
    # What the chargers' meters counted is in the cars, less a tenth of losses; trips take some out.
    for (_, car), charged_wh, now, was in zip(
        site.outlets, state.charged_wh, state.cars, before.cars, strict=True
    ):
        if now.trips <= 1:
            gained_wh = now.stored_wh - was.stored_wh
            assert gained_wh == pytest.approx(car.efficiency * charged_wh, abs=1e-3)
    # The battery's losses are the only ones in the house.
    one_way = site.battery.one_way
    gained_wh = state.battery_wh - before.battery_wh
    assert gained_wh == pytest.approx(
        state.battery_charge_wh * one_way - state.battery_discharge_wh / one_way,
        abs=1e-3,
    )


def test_every_phase_has_its_own_balance() -> None:
    """A single-phase car on L3 loads L3; a charger whose L1 is on L2 turns its phases round."""
    site = default_site()
    garage, carport, street = site.chargers
    assert garage.site_phases == (0, 1, 2)
    assert carport.site_phases == (1, 2, 0)
    assert street.site_phases == (2,)
    state = site.initial(DEFAULT_START)
    offers = [Supply(limit_a=0, phases=3)] * 2 + [Supply(limit_a=16, phases=1)]
    for _ in range(240):
        state = site.step(state, 0.5, offers)
    assert state.cars_w[:2] == (0, 0)
    assert state.cars_w[2] == pytest.approx(16 * 0.98 * 230)
    from_roof_w = (state.solar_w + state.battery_w) / 3
    for phase in range(3):
        expected_w = state.house_w[phase] + state.cars_w[phase] - from_roof_w
        assert state.grid_w[phase] == pytest.approx(expected_w)


def test_a_new_user_finds_something_going_on() -> None:
    """Within a minute all three cars are there, and the sun gives more than the house takes."""
    site = default_site()
    state = site.step(site.initial(DEFAULT_START), 0.001)
    assert any(car.plugged for car in state.cars)
    for _ in range(60):
        state = site.step(state, 1)
    assert all(car.plugged for car in state.cars)
    values = site.values(state)
    assert values.grid_power_w < -3000


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_week_of_comings_and_goings(seed: int) -> None:
    """Cars leave and return every day, and are never all gone for as long as two hours."""
    site = SimulatedSite(chargers=default_site().chargers, seed=seed)
    state = site.initial(DEFAULT_START)
    all_gone_s = longest_s = 0.0
    for _ in range(7 * 24 * 30):
        state = site.step(state, 120, supplies(site, 16))
        gone = not any(car.plugged for car in state.cars)
        all_gone_s = all_gone_s + 120 if gone else 0
        longest_s = max(longest_s, all_gone_s)
    assert longest_s < 7200
    assert min(car.trips for car in state.cars) >= 7


def test_a_day_is_whole() -> None:
    """A simulated day: the registers only rise, the battery fills by day and feeds the evening."""
    site = default_site()
    state = site.initial(DEFAULT_START)
    socs, powers = [], []
    for _ in range(2880):
        before, state = state, site.step(state, 30, supplies(site, 6))
        socs.append(site.values(state).battery_soc)
        powers.append(site.values(state).battery_power_w)
        assert state.import_wh >= before.import_wh
        assert state.export_wh >= before.export_wh
        assert state.solar_wh >= before.solar_wh
        assert all(
            now >= was
            for now, was in zip(state.charged_wh, before.charged_wh, strict=True)
        )
    assert state.at - DEFAULT_START == timedelta(days=1)
    assert max(socs) > 97
    assert min(socs) < 50
    assert min(powers) < -1000
    assert max(powers) > 1000
    assert 30_000 < state.solar_wh < 80_000


def test_the_same_seed_gives_the_same_day() -> None:
    """Another one another day."""

    def grid_w(seed: int) -> list[float]:
        site = SimulatedSite(chargers=default_site().chargers, seed=seed)
        state = site.initial(DEFAULT_START)
        powers = []
        for _ in range(100):
            state = site.step(state, 60, supplies(site, 10))
            powers.append(site.values(state).grid_power_w)
        return powers

    assert grid_w(7) == grid_w(7)
    assert grid_w(7) != grid_w(8)


def test_control_stays_visible_at_any_speed() -> None:
    """A thousand seconds of sunshine in one of the car's: its current has risen by one second's ramp only."""
    site = default_site()
    offers = supplies(site, 16)
    state = site.initial(DEFAULT_START)
    # Two seconds to wake, then a second at 2.5 A a second.
    for _ in range(12):
        state = site.step(state, 250, offers, control_dt_s=0.25)
    assert state.cars[0].current_a == pytest.approx(2.5, abs=0.15)
    state = site.step(state, 1000, offers, control_dt_s=1)
    assert state.cars[0].current_a == pytest.approx(5, abs=0.15)
    assert (state.at - DEFAULT_START).total_seconds() == pytest.approx(4000)
