"""What the same energy would have cost without control, by hand."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from custom_components.sunfuse.sessions import SiteQuarter
from custom_components.sunfuse.sessions.ledger.at_once import PluggedCar, charge_at_once

from .common import NOON, finished, got, measured, only, opened, site


def _site(*quarters: SiteQuarter) -> dict[datetime, SiteQuarter]:
    return {quarter.start: quarter for quarter in quarters}


def test_a_car_that_waited_for_the_night_saved_the_difference() -> None:
    """4 kWh at 4 kW: an hour at 40 ct from plug-in on, 1.60."""
    dear = _site(*(site(i, import_price=0.40) for i in range(8)))
    car = PluggedCar(number=1, since=NOON, energy_wh=4000, power_w=4000)
    assert charge_at_once([car], dear)[1].cost == pytest.approx(1.60)


def test_at_once_counts_the_sun_that_was_there() -> None:
    """At noon 2 kW were left of the sun: half of 4 kWh at 8 ct, half at 30 ct."""
    sunny = _site(*(site(i, solar_wh=750, house_wh=250) for i in range(8)))
    car = PluggedCar(number=1, since=NOON, energy_wh=4000, power_w=4000)
    [result] = charge_at_once([car], sunny).values()
    assert result.cost == pytest.approx(2 * 0.08 + 2 * 0.30)
    assert result.sun_wh == pytest.approx(2000)


def test_a_car_of_one_phase_takes_its_time() -> None:
    """4 kW for an hour into the cheap night, of which an hour of 12 kW at once would have seen nothing."""
    prices = _site(*(site(i, import_price=0.40 if i < 2 else 0.20) for i in range(8)))
    slow = PluggedCar(number=1, since=NOON, energy_wh=4000, power_w=4000)
    fast = PluggedCar(number=2, since=NOON, energy_wh=4000, power_w=12_000)
    assert charge_at_once([slow], prices)[1].cost == pytest.approx(1.20)
    assert charge_at_once([fast], prices)[2].cost == pytest.approx(1.60)


def test_two_cars_share_the_sun() -> None:
    """No sun is counted twice: two cars of 4 kW share 2 kW of it."""
    sunny = _site(*(site(i, solar_wh=500) for i in range(8)))
    cars = [
        PluggedCar(number=n, since=NOON, energy_wh=4000, power_w=4000) for n in (1, 2)
    ]
    results = charge_at_once(cars, sunny)
    assert [one.sun_wh for one in results.values()] == pytest.approx([1000, 1000])


def test_nothing_is_compared_where_prices_are_not_known() -> None:
    """A quarter of the energy has no price: no cost is guessed."""
    known = _site(*(site(i) for i in range(3)))
    car = PluggedCar(number=1, since=NOON, energy_wh=4000, power_w=4000)
    assert charge_at_once([car], known)[1].cost is None


def test_a_finished_session_is_compared_and_again_when_another_turns_up(
    path: Path,
) -> None:
    """The session of an offline charger, told later, shares the sun that the first one could have had."""
    with opened(path) as ledger:
        plugged = NOON - timedelta(hours=1)
        sites = (site(i, solar_wh=500 if i < 0 else 0.0) for i in range(-4, 8))
        got(
            ledger.note(
                *sites,
                *(measured(i, 1000) for i in range(4)),
                finished(plugged_at=plugged, full_power_w=4000.0),
            )
        )
        assert got(ledger.compare()) == 1
        row = only(ledger)
        # At once from 11:00 on: 2 of 4 kWh from the sun.
        assert row.at_once_cost == pytest.approx(2 * 0.08 + 2 * 0.30)
        assert row.savings == pytest.approx(0.76 - 4 * 0.30)
        got(
            ledger.note(
                finished("2", start=plugged, hours=1.0, full_power_w=4000.0),
            )
        )
        assert got(ledger.compare()) == 2
        again = got(ledger.session("CP1", "1"))
        assert again is not None
        # What the other took unseen is in the house's use (which was zero), so it is no load twice.
        assert again.at_once_sun_wh == pytest.approx(1000)
        assert got(ledger.compare()) == 0
