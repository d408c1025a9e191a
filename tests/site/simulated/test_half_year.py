"""The half-year of sessions that scripts/develop shows: made from a seed, and as a ledger and meters would have it."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from custom_components.sunfuse.sessions import GroupBy, Ledger, SessionFilter
from development.half_year import HalfYear, Ids, half_year
from development.half_year_drivers import DRIVERS

# The clocks change while it passes.
NOW = datetime(2026, 10, 30, 15, 20, tzinfo=UTC)
DAYS = 10
IDS = Ids(persons={driver.name: driver.name.upper() for driver in DRIVERS})


def price_at(at: datetime) -> tuple[float, float]:
    """Return a tariff with a cheap night."""
    return (0.15 if at.hour < 5 else 0.30), 0.06


@pytest.fixture(scope="module")
def past() -> HalfYear:
    """Return ten days."""
    made = half_year(NOW, ZoneInfo("Europe/Amsterdam"), price_at, IDS, DAYS)
    assert made is not None
    return made


def test_a_stop_ends_it() -> None:
    """Home Assistant does not wait for it when it is stopped."""
    made = half_year(
        NOW, ZoneInfo("Europe/Amsterdam"), price_at, IDS, DAYS, lambda: True
    )
    assert made is None


def test_the_same_day_has_the_same_past(past: HalfYear) -> None:
    """The seed decides all of it, and nothing is in the future."""
    again = half_year(NOW, ZoneInfo("Europe/Amsterdam"), price_at, IDS, DAYS)
    assert again == past
    assert len(past.quarters) == DAYS * 96 + 4  # the night with an hour more
    assert past.quarters[-1].start < NOW


def test_each_quarter_hour_is_balanced(past: HalfYear) -> None:
    """What comes in goes out: grid, sun and battery against house, cars and battery."""
    for one in past.quarters:
        comes = one.import_wh + one.solar_wh + one.battery_out_wh
        goes = one.export_wh + one.house_wh + one.cars_wh + one.battery_in_wh
        assert comes == pytest.approx(goes, abs=0.01)


def test_the_ledger_makes_sessions_of_it(past: HalfYear, tmp_path: Path) -> None:
    """Registers, sessions, quarter hours and persons agree, and no two cars are at one charger."""
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.note(*past.facts).result()
    while ledger.compare().result():
        pass
    everything = SessionFilter()
    rows = ledger.sessions(everything, newest_first=False).result()
    [total] = ledger.sums(everything).result()
    by_person = {
        one.key: one for one in ledger.sums(everything, GroupBy.PERSON).result()
    }
    quarters_wh = sum(
        one.energy_wh for row in rows for one in ledger.intervals(row.number).result()
    )
    ledger.close()
    assert len(rows) > 20
    assert set(by_person) >= {"ANNA", "BEN", "CHRIS", "DANA", "WORKSHOP VAN"}
    assert sum(one.energy_wh for one in by_person.values()) == pytest.approx(
        total.energy_wh
    )
    assert quarters_wh == pytest.approx(total.energy_wh)
    assert 0 < total.sun_wh < total.energy_wh
    assert total.compared_wh == pytest.approx(total.energy_wh)
    assert total.savings is not None and total.savings > 0
    for station in ("SIM-GARAGE", "SIM-CARPORT", "SIM-STREET"):
        own = [row for row in rows if row.station == station]
        for before, after in pairwise(own):
            assert before.unplugged_at is not None and after.plugged_at is not None
            assert before.unplugged_at < after.plugged_at
            assert before.meter_end_wh == after.meter_start_wh
        for row in own:
            assert row.meter_start_wh is not None and row.meter_end_wh is not None
            assert row.energy_wh == row.meter_end_wh - row.meter_start_wh
