"""Tariffs that charge for peaks, as data: a rule is a row of the catalogue.

All of them use the mean power of clock-aligned intervals (of 15, 30 or 60 minutes) and
some of the highest of a month. They differ in how many count, whether these must be on
different days, in which hours and seasons they count, and in what follows from them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import time
from enum import StrEnum
from typing import Any

from ..time_rows import parse_number
from .table import HolidayRule, Period, Table, TableError, table_from_dict


class PriceRule(StrEnum):
    """What is charged for the month's peak."""

    PER_KW = "per_kw"  # a price for each kW
    STEPS = "steps"  # a fixed price for each step of kW


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityTariff:
    """A rule. Power is in watts, prices per month.

    Attributes:
        interval_min: length of an interval, aligned to the clock.
        sliding: if an interval may begin in any minute instead of on the clock.
        top: how many of the highest intervals of a month count, by their mean.
        different_days: whether these must be on different local days.
        months: over how many months, this one included, the peak is averaged.
        floor_w: a month counts with at least this power.
        weight: how much of the power counts, by time; 0 where peaks are free.
        step_limits_w: upper ends of the steps; above the last there is one more.
        step_prices: what a month in each step costs; empty if unknown.
        source: where the rule is published.

    """

    key: str
    interval_min: int
    sliding: bool = False
    top: int = 1
    different_days: bool = True
    months: int = 1
    floor_w: float = 0.0
    weight: Table = field(default_factory=lambda: Table(value=1.0))
    rule: PriceRule = PriceRule.PER_KW
    price_per_kw: float = 0.0
    step_limits_w: tuple[float, ...] = ()
    step_prices: tuple[float, ...] = ()
    source: str = ""

    @property
    def has_price(self) -> bool:
        """Return whether it is known what a month's peak costs."""
        if self.rule is PriceRule.STEPS:
            return bool(self.step_prices)
        return self.price_per_kw > 0


_WORKDAYS = frozenset(range(5))

type _Season = tuple[tuple[int, int], tuple[int, int]]


def _windows(*windows: tuple[time, time, _Season | None]) -> Table:
    """Return the weights of a rule that only counts hours of working days."""
    return Table(
        value=0.0,
        periods=tuple(
            Period(
                value=1.0,
                start=start,
                end=end,
                weekdays=_WORKDAYS,
                season=season,
                holidays=HolidayRule.NEVER,
            )
            for start, end, season in windows
        ),
    )


CATALOGUE: dict[str, CapacityTariff] = {
    tariff.key: tariff
    for tariff in (
        CapacityTariff(
            key="flanders",
            interval_min=15,
            months=12,
            floor_w=2500.0,
            source="VREG, capacity tariff for low voltage with a digital meter, since "
            "1 January 2023: mean of the highest quarter hours of twelve months, each "
            "at least 2.5 kW",
        ),
        CapacityTariff(
            key="norway",
            interval_min=60,
            top=3,
            rule=PriceRule.STEPS,
            step_limits_w=(2000.0, 5000.0, 10000.0, 15000.0, 20000.0, 25000.0),
            source="Kapasitetsledd since 1 July 2022 (regulation on grid tariffs, NVE "
            "and RME): steps by the mean of the three highest hours on different days; "
            "the limits are those that most grid companies use",
        ),
        CapacityTariff(
            key="sweden",
            interval_min=60,
            top=3,
            source="Göteborg Energi, elnätsavgiften (goteborgenergi.se): mean of the "
            "month's three highest hours, on three different days; required of every "
            "grid company in a form of its own by 2027 (Ei, EIFS 2022:1)",
        ),
        CapacityTariff(
            key="sweden_half_at_night",
            interval_min=60,
            top=3,
            weight=Table(
                value=1.0,
                periods=(Period(value=0.5, start=time(22), end=time(6)),),
            ),
            # That Ellevio's charge depends on the hour is confirmed by the regulator's forum
            # (konsumentforum.ei.se, "Effektavgift Ellevio"); the factor is the company's.
            source="Ellevio, effektavgift since 1 January 2025: as above, hours from "
            "22:00 to 06:00 count half",
        ),
        CapacityTariff(
            key="sweden_workdays",
            interval_min=60,
            top=3,
            different_days=False,
            weight=_windows((time(7), time(19), None)),
            source="Sollentuna Energi & Miljö (seom.se, elnät, priser och villkor): mean "
            "of the month's three highest hours on working days from 07:00 to 19:00; "
            "the price per kW differs from November to March",
        ),
        CapacityTariff(
            key="us_15_min",
            interval_min=15,
            source="Southern California Edison (sce.com, demand charges), facilities-"
            "related demand: highest 15 minutes of the billing period, whatever the "
            "season, day and hour",
        ),
        CapacityTariff(
            key="us_30_min",
            interval_min=30,
            source="Demand charges by half hours at any hour, as utilities of the eastern "
            "United States have them",
        ),
        CapacityTariff(
            key="us_15_min_evening",
            interval_min=15,
            weight=_windows((time(16), time(21), None)),
            source="Southern California Edison (sce.com, TOU-GS-1, option D), time-"
            "related demand: highest 15 minutes of summer's on-peak and winter's "
            "mid-peak hours, both 16:00 to 21:00 on weekdays that are no holidays",
        ),
        CapacityTariff(
            key="us_30_min_peak_hours",
            interval_min=30,
            weight=_windows(
                (time(14), time(20), ((5, 1), (10, 31))),
                (time(5), time(9), ((11, 1), (4, 30))),
                (time(17), time(21), ((11, 1), (4, 30))),
            ),
            source="Salt River Project, Arizona (srpnet.com, residential demand and "
            "average demand price plans): half hours on the clock, weekdays 14:00 to "
            "20:00 from May to October, 05:00 to 09:00 and 17:00 to 21:00 otherwise, "
            "six holidays apart",
        ),
        CapacityTariff(
            key="us_60_min_evening",
            interval_min=60,
            weight=_windows((time(16), time(19), None)),
            source="Arizona Public Service (aps.com, time-of-use 4 pm to 7 pm weekdays "
            "with demand charge): highest hour of the on-peak hours, 16:00 to 19:00 on "
            "weekdays that are no holidays",
        ),
        CapacityTariff(
            key="own", interval_min=15, source="As the user sets it up, field by field"
        ),
    )
}


def capacity_from_dict(data: Mapping[str, Any]) -> CapacityTariff:
    """Build a rule from what the form stores: one of the catalogue, with the user's changes.

    `{"key": "flanders", "price_per_kw": 4.2}`, or with all fields of a custom rule:
    `interval_min` (15, 30, 60), `top`, `different_days`, `months`, `floor_w`, `weight` (a table of shares
    from 0 to 1), `step_limits_w`. A rule with steps takes `step_prices`, one more than there are limits.

    Raises:
        TableError: a field cannot be used; its key is `bad_<field>` or the table's.

    """
    if (tariff := CATALOGUE.get(str(data.get("key")))) is None:
        raise TableError("bad_key")
    changes: dict[str, Any] = {}
    for name, least, most in (
        ("interval_min", 15, 60),
        ("top", 1, 31),
        ("months", 1, 24),
        ("floor_w", 0, 1e6),
        ("price_per_kw", 0, 1e6),
    ):
        if data.get(name) is not None:
            number = parse_number(data[name])
            if number is None or not least <= number <= most:
                raise TableError(f"bad_{name}")
            whole = name in {"interval_min", "top", "months"}
            changes[name] = int(number) if whole else number
    if data.get("sliding") is not None:
        changes["sliding"] = bool(data["sliding"])
    if data.get("different_days") is not None:
        changes["different_days"] = bool(data["different_days"])
    if changes.get("interval_min", 15) not in {15, 30, 60}:
        raise TableError("bad_interval_min")
    if data.get("weight") is not None:
        weight = table_from_dict(data["weight"])
        values = [weight.value, *(period.value for period in weight.periods)]
        if not all(0 <= value <= 1 for value in values):
            raise TableError("bad_weight")
        changes["weight"] = weight
    if data.get("step_limits_w") is not None:
        limits = [parse_number(limit) or 0.0 for limit in data["step_limits_w"]]
        if limits != sorted(set(limits)) or not limits or limits[0] <= 0:
            raise TableError("bad_step_limits_w")
        changes |= {"step_limits_w": tuple(limits), "rule": PriceRule.STEPS}
    changed = replace(tariff, **changes)
    if changed.rule is not PriceRule.STEPS or not data.get("step_prices"):
        return changed
    return replace(changed, step_prices=_step_prices(data["step_prices"], changed))


def _step_prices(data: Sequence[object], tariff: CapacityTariff) -> tuple[float, ...]:
    """Read a price for each step, including the open one at the end."""
    read = [parse_number(price) for price in data]
    prices = tuple(price for price in read if price is not None and price >= 0)
    if len(prices) != len(read) or len(prices) != len(tariff.step_limits_w) + 1:
        raise TableError("bad_step_prices")
    return prices
