"""Capacity tariffs as the planner counts them: what a month's peak comes to without any car."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.sunfuse.planner import Quantiles
from custom_components.sunfuse.site.planning.peak_outlook import HouseAlone, peak_tariff
from custom_components.sunfuse.site.planning.peak_rules import CapacityRule
from custom_components.sunfuse.site.planning.running_peak import RunningPeak
from custom_components.sunfuse.sources.tariffs.capacity_rules import CATALOGUE
from custom_components.sunfuse.sources.tariffs.month_peaks import PeakState

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOON = datetime(2026, 11, 4, 11, tzinfo=UTC)
STARTS = tuple(NOON + number * timedelta(minutes=15) for number in range(9))
LIKE_NOW = Quantiles(low=(200.0,) * 8, median=(500.0,) * 8, high=(900.0,) * 8)
# At night, for all that is known of them.
PAST = {60: (4_000.0,) * 30}


@pytest.mark.parametrize(
    ("key", "expected_w"), [("sweden", 4_000), ("sweden_half_at_night", 900)]
)
def test_past_days_count_where_all_their_hours_count_alike(
    key: str, expected_w: float
) -> None:
    """The highest hour of a past day may be one that counts half, or not at all: then the forecast tells what to expect."""
    rule = CapacityRule(id="grid", name="Grid", tariff=CATALOGUE[key])
    peak = RunningPeak(rule=rule, state=PeakState(), tz=STOCKHOLM)
    alone = HouseAlone(house=LIKE_NOW, day_peaks_w=PAST)
    assert peak_tariff(peak, NOON, STARTS, alone).anyway_w == ((expected_w, 1),)
    unknown = replace(alone, day_peaks_w={})
    assert peak_tariff(peak, NOON, STARTS, unknown).anyway_w == ((900, 1),)
