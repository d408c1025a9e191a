"""The weeks of a site that can be replayed: from its ledger, and from the recorder where the ledger has gaps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from statistics import mean

from ...sessions import SessionRow, SiteQuarter
from ...sources.series import QUARTER, Series
from ...what_if import PastStay, PastWeek
from ..outcome import ConnectorKey

DAYS = 7
# Cars that came in a week finish within so many days.
TAIL_DAYS = 2
# A quarter hour is known if most of it was observed, and a week if most of its quarter hours are.
_MOST_OF_IT_S = 450.0
_KNOWN = 0.9
_WEEKEND = 5
_DAY_QUARTERS = 96


class TooShortError(Exception):
    """No whole week is known; `days` is what is."""

    def __init__(self, days: float) -> None:
        """Remember how much is known."""
        super().__init__(f"{days:.1f} days")
        self.days = days


class NoPricesError(Exception):
    """It is not known what energy cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownQuarter:
    """A quarter hour of the past. A battery is part of the house where it is not replayed itself."""

    house_w: float
    sun_w: float
    import_price: float | None = None
    export_price: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Weeks of a site, the newest last, and the stays of the week before each of them."""

    weeks: tuple[PastWeek, ...]
    before: tuple[tuple[PastStay, ...], ...]
    available: int  # how many weeks there are


def known_quarters(
    quarters: Mapping[datetime, SiteQuarter], *, with_battery: bool
) -> dict[datetime, KnownQuarter]:
    """Return what the ledger knows; `with_battery` counts what a battery did as the house's."""
    found = {}
    for start, one in quarters.items():
        if one.seconds < _MOST_OF_IT_S:
            continue
        hours = one.seconds / 3600
        house_wh = one.house_wh
        if with_battery:
            house_wh += one.battery_in_wh - one.battery_out_wh
        found[start] = KnownQuarter(
            house_w=house_wh / hours,
            sun_w=one.solar_wh / hours,
            import_price=one.import_price,
            export_price=one.export_price,
        )
    return found


def filled(
    known: Mapping[datetime, KnownQuarter],
    prices: Mapping[datetime, SiteQuarter],
    house_w: Series,
    sun_w: Series,
) -> dict[datetime, KnownQuarter]:
    """Fill gaps by what the recorder has: house without cars, and sun. Prices are the ledger's."""
    sun = {slot.start: slot.value for slot in sun_w}
    more = {
        slot.start: KnownQuarter(
            house_w=max(0.0, slot.value),
            sun_w=max(0.0, sun.get(slot.start, 0.0)),
            import_price=prices[slot.start].import_price
            if slot.start in prices
            else None,
            export_price=prices[slot.start].export_price
            if slot.start in prices
            else None,
        )
        for slot in house_w
    }
    return {**more, **known}


def stays_of(rows: Iterable[SessionRow]) -> list[PastStay]:
    """Return who was plugged in, with the most that each car was ever seen to take."""
    rows = [row for row in rows if row.energy_wh > 0]
    most: dict[str, float] = {}
    for row in rows:
        owner = _owner(row)
        most[owner] = max(most.get(owner, 0.0), row.peak_w or 0.0)
    found = []
    for row in rows:
        came = row.plugged_at or row.started_at
        left = row.unplugged_at or row.stopped_at
        if came is None or left is None or left <= came:
            continue
        max_w = most[_owner(row)] or row.full_power_w or 0.0
        mean_w = row.energy_wh / ((left - came) / timedelta(hours=1))
        found.append(
            PastStay(
                connector=_place(row),
                came=came,
                left=left,
                energy_wh=row.energy_wh,
                max_w=max(max_w, mean_w),
            )
        )
    return sorted(found, key=lambda stay: stay.came)


def history_of(
    known: Mapping[datetime, KnownQuarter],
    stays: Sequence[PastStay],
    paid: Mapping[datetime, SiteQuarter],
    *,
    now: datetime,
    tz: tzinfo,
    most: int,
    priced: bool = False,
) -> History:
    """Return so many weeks, spread evenly over all that are known, so that seasons count.

    With `priced`, what energy cost need not be known: other prices are given.

    Raises:
        TooShortError: there is no whole week.
        NoPricesError: there are no prices at all.

    """
    usual = _usual_prices(known, tz)
    last = now.astimezone(tz).replace(hour=0, minute=0, second=0, microsecond=0)
    first = min(known, default=now)
    starts = []
    # The days after a week must be known too.
    start = last - timedelta(days=DAYS + TAIL_DAYS)
    while start.astimezone(now.tzinfo) >= first:
        at = start.astimezone(now.tzinfo)
        if _share(known, at, DAYS) >= _KNOWN and _share(
            known, at, DAYS + TAIL_DAYS
        ) >= (_KNOWN):
            starts.append(at)
        start -= timedelta(days=DAYS)
    if not starts:
        raise TooShortError(len(known) / _DAY_QUARTERS)
    if not usual and not priced:
        raise NoPricesError
    chosen = sorted(_spread(starts, most))
    return History(
        weeks=tuple(_week(at, known, stays, paid, usual, tz) for at in chosen),
        before=tuple(
            tuple(_within(stays, at - timedelta(days=DAYS), at)) for at in chosen
        ),
        available=len(starts),
    )


def _spread(starts: Sequence[datetime], most: int) -> list[datetime]:
    if len(starts) <= most:
        return list(starts)
    if most == 1:
        return [starts[0]]
    step = (len(starts) - 1) / (most - 1)
    return [starts[round(index * step)] for index in range(most)]


def _week(
    start: datetime,
    known: Mapping[datetime, KnownQuarter],
    stays: Sequence[PastStay],
    paid: Mapping[datetime, SiteQuarter],
    usual: Mapping[int, tuple[float, float]],
    tz: tzinfo,
) -> PastWeek:
    end = start + timedelta(days=DAYS)
    count = (DAYS + TAIL_DAYS) * _DAY_QUARTERS
    starts = [start + step * QUARTER for step in range(count)]
    quarters = []
    for at in starts:
        one = known.get(at)
        # A gap is filled by the same time of the day before.
        day = at
        while one is None and day > start - timedelta(days=DAYS):
            day -= timedelta(days=1)
            one = known.get(day)
        assert one is not None or not known
        quarters.append(one or KnownQuarter(house_w=0.0, sun_w=0.0))
    local = [at.astimezone(tz) for at in starts]
    prices = [
        usual.get(_time_of_day(at), (0.0, 0.0))
        if one.import_price is None
        else (one.import_price, one.export_price or 0.0)
        for at, one in zip(local, quarters, strict=True)
    ]
    measured = [paid[at] for at in starts[: DAYS * _DAY_QUARTERS] if at in paid]
    return PastWeek(
        start=start,
        quarters=DAYS * _DAY_QUARTERS,
        house_w=tuple(one.house_w for one in quarters),
        sun_w=tuple(one.sun_w for one in quarters),
        import_price=tuple(bought for bought, _ in prices),
        export_price=tuple(sold for _, sold in prices),
        stays=tuple(_within(stays, start, end)),
        local_days=tuple((at.date() - local[0].date()).days for at in local),
        weekend=tuple(at.weekday() >= _WEEKEND for at in local),
        charged_wh=sum(stay.energy_wh for stay in _within(stays, start, end)),
        paid=sum(
            one.import_wh * (one.import_price or 0.0)
            - one.export_wh * (one.export_price or 0.0)
            for one in measured
        )
        / 1000,
    )


def _within(
    stays: Sequence[PastStay], start: datetime, end: datetime
) -> list[PastStay]:
    """Return who came in a time; who stays for longer than is replayed leaves then."""
    latest = end + timedelta(days=TAIL_DAYS) - QUARTER
    return [
        replace(stay, left=min(stay.left, latest))
        for stay in stays
        if start <= stay.came < end
    ]


def _share(known: Mapping[datetime, KnownQuarter], start: datetime, days: int) -> float:
    count = days * _DAY_QUARTERS
    return sum(start + step * QUARTER in known for step in range(count)) / count


def _usual_prices(
    known: Mapping[datetime, KnownQuarter], tz: tzinfo
) -> dict[int, tuple[float, float]]:
    """Return what each time of the day costs on average."""
    rows: dict[int, list[tuple[float, float]]] = {}
    for start, one in known.items():
        if one.import_price is not None:
            rows.setdefault(_time_of_day(start.astimezone(tz)), []).append(
                (one.import_price, one.export_price or 0.0)
            )
    if not rows:
        return {}
    every = [price for some in rows.values() for price in some]
    means = {at: _mean(some) for at, some in rows.items()}
    return {at: means.get(at) or _mean(every) for at in range(_DAY_QUARTERS)}


def _mean(prices: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return mean(bought for bought, _ in prices), mean(sold for _, sold in prices)


def _time_of_day(local: datetime) -> int:
    return local.hour * 4 + local.minute // 15


def _place(row: SessionRow) -> str:
    return ConnectorKey(identity=row.station, connector=row.connector or 1).id


def _owner(row: SessionRow) -> str:
    return row.vehicle or row.person or _place(row)
