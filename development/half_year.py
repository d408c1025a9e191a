"""Half a year of a site at which a family lives and a small business works: what its chargers and meters would have reported.

Everything follows from a seed and from the day on which it ends. The cars are controlled by a simple rule: the surplus of
the sun, the cheapest quarter hours before they leave, and full power where that would be too late. What comes out are
the facts that the ledger takes in, reported as a charger reports them; what a session cost, who saved what and what
anybody sees of it is the ledger's own work.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import count
import random
from uuid import UUID

from custom_components.sunfuse.engine.model import ReasonKey
from custom_components.sunfuse.sessions import (
    Attribution,
    Fact,
    LiveSession,
    SiteQuarter,
    Taken,
    TransactionFacts,
)
from custom_components.sunfuse.sessions.energy_split import split
from custom_components.sunfuse.simulator.battery import (
    BatterySpec,
    battery_power_w,
    stored_after_wh,
)

from .half_year_drivers import (
    ANNA,
    CARPORT,
    DRIVERS,
    GARAGE,
    STREET,
    VOLTAGE_V,
    WORKING_DAYS,
    Driver,
    Habit,
)
from .half_year_weather import QUARTER, SEED, Sky, house_day

DAYS = 183
QUARTER_H = 0.25
# What a session costs must be known: import and export price at a time.
type PriceAt = Callable[[datetime], tuple[float, float]]

# The house repeats four weeks.
_HOUSE_DAYS = 28
_WORKSHOP_W = 450.0
_OFFLINE = 0.02
_BATTERY = BatterySpec()
# The family is away for two weeks, and the workshop is closed for the first of them.
_AWAY_SINCE, _AWAY_DAYS, _CLOSED_DAYS = 120, 14, 7
_NOON_H, _BY_PRICE = 12, 0.3
# Since this many days, the commuter leaves later.
_NEW_JOB = 60


@dataclass(frozen=True, kw_only=True)
class Ids:
    """Under which ids the ledger knows persons (by name) and vehicles (by the charger where they are at home)."""

    persons: Mapping[str, str] = field(default_factory=dict)
    vehicles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class HalfYear:
    """What was reported, and the site's quarter hours as its meters measured them."""

    facts: tuple[Fact, ...]
    quarters: tuple[SiteQuarter, ...]


@dataclass(kw_only=True)
class _Stay:
    """A car that is plugged in."""

    driver: Driver
    comes: datetime
    leaves: datetime
    needs_wh: float
    transaction: str
    register_wh: float = 0.0
    offline: bool = False
    live: LiveSession | None = None
    taken_wh: float = 0.0
    peak_w: float = 0.0
    cheap: frozenset[datetime] = frozenset()

    @property
    def lacks_wh(self) -> float:
        return max(0.0, self.needs_wh - self.taken_wh)


def half_year(
    now: datetime,
    tz: tzinfo,
    price_at: PriceAt,
    ids: Ids,
    days: int = DAYS,
    stopping: Callable[[], bool] = lambda: False,
) -> HalfYear | None:
    """Return the half-year, or fewer days, that end with the last local midnight; None if stopped meanwhile."""
    return _Past(now, tz, price_at, ids, days).live(stopping)


class _Past:
    """The half-year while it passes."""

    def __init__(
        self, now: datetime, tz: tzinfo, price_at: PriceAt, ids: Ids, days: int
    ) -> None:
        self._tz = tz
        self._price_at = price_at
        self._ids = ids
        self._today = now.astimezone(tz).date()
        self._days = days
        self._first = self._today - timedelta(days=days)
        self._random = random.Random(SEED)
        self._house: dict[int, tuple[float, ...]] = {}  # by day, once it is needed
        self._facts: list[Fact] = []
        self._registers = {GARAGE: 1_204_300.0, CARPORT: 803_150.0, STREET: 2_411_000.0}
        self._stored_wh = 0.5 * _BATTERY.capacity_wh

    def live(self, stopping: Callable[[], bool]) -> HalfYear | None:
        waiting = sorted(self._stays(), key=lambda stay: stay.comes, reverse=True)
        here: list[_Stay] = []
        sky = Sky(self._first, self._days, self._random)
        end = self._midnight(self._today)
        quarters = []
        at = self._midnight(self._first)
        while at < end or here:
            if stopping():
                return None
            while waiting and waiting[-1].comes < at + QUARTER:
                here.append(self._arrive(waiting.pop()))
            quarter = self._quarter(at, here, sky.power_w(at))
            at += QUARTER
            if at <= end:
                quarters.append(quarter)
            for stay in [one for one in here if one.leaves <= at]:
                here.remove(stay)
                self._leave(stay)
        return HalfYear(facts=(*quarters, *self._facts), quarters=tuple(quarters))

    # --- Who comes and goes ----------------------------------------------------------------------------------------

    def _stays(self) -> Iterator[_Stay]:
        """Yield who is plugged in when; two cars that want the same charger are there one after the other."""
        numbers = count(1)
        taken: dict[str, datetime] = {}
        wanted = sorted(
            (
                visit
                for driver in DRIVERS
                for habit in driver.habits
                for day in range(self._days - 1)
                if (visit := self._visit(driver, habit, day)) is not None
            ),
            key=lambda one: one[1],
        )
        for driver, comes, leaves, needs_wh in wanted:
            if driver.station in taken and comes <= taken[driver.station] + QUARTER:
                continue
            taken[driver.station] = leaves
            number = next(numbers)
            most_wh = 0.9 * driver.full_w * ((leaves - comes) / timedelta(hours=1))
            yield _Stay(
                driver=driver,
                comes=comes,
                leaves=leaves,
                needs_wh=round(min(needs_wh, most_wh)),
                transaction=str(UUID(int=(SEED << 64) + number)),
                offline=self._random.random() < _OFFLINE,
            )

    def _visit(
        self, driver: Driver, habit: Habit, number: int
    ) -> tuple[Driver, datetime, datetime, float] | None:
        day = self._first + timedelta(days=number)
        drawn = [self._random.gauss(0, 1) for _ in range(2)]
        often, energy = self._random.random(), self._random.uniform(*habit.kwh)
        if day.weekday() not in habit.weekdays or often >= habit.often:
            return None
        away = number - _AWAY_SINCE
        if 0 <= away < (_CLOSED_DAYS if driver.at_work else _AWAY_DAYS):
            return None
        comes_h = habit.comes[0] + habit.comes[1] * max(-2.0, min(drawn[0], 2.0))
        leaves_h = habit.leaves[0] + habit.leaves[1] * max(-2.0, min(drawn[1], 2.0))
        if driver.name == ANNA and number >= self._days - _NEW_JOB:
            leaves_h += 0.75
        if leaves_h <= comes_h:
            leaves_h += 24
        comes, leaves = self._local(day, comes_h), self._local(day, leaves_h)
        return driver, comes, leaves, 1000 * energy

    def _arrive(self, stay: _Stay) -> _Stay:
        driver = stay.driver
        stay.register_wh = self._registers[driver.station]
        stay.cheap = self._cheapest(stay)
        stay.live = LiveSession(
            driver.station, stay.transaction, full_power_w=driver.full_w
        )
        person = self._ids.persons.get(driver.name)
        vehicle = self._ids.vehicles.get(driver.vehicle or "")
        started = stay.comes + timedelta(seconds=40 if driver.by_hand else 4)
        self._facts.append(
            TransactionFacts(
                station=driver.station,
                transaction=stay.transaction,
                connector=1,
                plugged_at=stay.comes,
                heard_start_at=started,
                meter_start_wh=stay.register_wh,
                card=driver.card,
                person=Attribution(at=started, value=person) if person else None,
                vehicle=Attribution(at=started, value=vehicle) if vehicle else None,
            )
        )
        return stay

    def _leave(self, stay: _Stay) -> None:
        assert stay.live is not None
        driver = stay.driver
        if not stay.offline:
            self._facts += stay.live.facts()
        stopped = stay.leaves - timedelta(seconds=25 if driver.by_hand else 0)
        energy_wh = round(stay.taken_wh)
        self._registers[driver.station] = stay.register_wh + energy_wh
        self._facts.append(
            TransactionFacts(
                station=driver.station,
                transaction=stay.transaction,
                connector=1,
                stated_start_at=stay.comes + timedelta(seconds=4),
                stated_stop_at=stopped,
                unplugged_at=stay.leaves,
                meter_start_wh=stay.register_wh,
                meter_end_wh=stay.register_wh + energy_wh,
                stated_wh=float(energy_wh),
                peak_w=stay.peak_w or None,
                full_power_w=driver.full_w,
                end_reason="Local" if driver.by_hand else "EVDisconnected",
                offline=True if stay.offline else None,
            )
        )

    def _cheapest(self, stay: _Stay) -> frozenset[datetime]:
        """Return the cheapest quarter hours that are enough, with one to spare."""
        starts, at = [], _quarter_of(stay.comes) + QUARTER
        while at + QUARTER <= stay.leaves:
            starts.append(at)
            at += QUARTER
        # Who is there at noon waits for the sun with the rest, until it is high time.
        noon = any(start.astimezone(self._tz).hour == _NOON_H for start in starts)
        needs_wh = stay.needs_wh * (_BY_PRICE if noon else 1.0)
        needed = int(needs_wh / (stay.driver.full_w * QUARTER_H)) + 1
        starts.sort(key=lambda start: (round(self._price_at(start)[0], 4), start))
        return frozenset(starts[:needed])

    # --- A quarter hour --------------------------------------------------------------------------------------------

    def _quarter(
        self, at: datetime, here: Sequence[_Stay], solar_w: float
    ) -> SiteQuarter:
        house_w = self._house_w(at)
        cars = [(stay, self._power_w(stay, at, solar_w - house_w)) for stay in here]
        spare_w = 3 * 24.0 * VOLTAGE_V - house_w + solar_w
        wanted_w = sum(power_w for _, power_w in cars)
        if wanted_w > spare_w:
            cars = [(stay, power_w * spare_w / wanted_w) for stay, power_w in cars]
        cars_w = sum(power_w for _, power_w in cars)
        net_w = house_w - solar_w
        battery_w = battery_power_w(
            _BATTERY, self._stored_wh, net_w + cars_w, net_w, 900
        )
        self._stored_wh = stored_after_wh(_BATTERY, self._stored_wh, battery_w, 900)
        parts = split(taken=cars_w, house=house_w, solar=solar_w, battery_out=battery_w)
        unseen_w = 0.0
        for stay, power_w in cars:
            self._charge(stay, at, power_w, parts.sun, parts.battery, cars_w)
            unseen_w += power_w if stay.offline else 0.0
        grid_w = net_w + cars_w - battery_w
        bought, sold = self._price_at(at)
        return SiteQuarter(
            start=at,
            seconds=900.0,
            solar_wh=solar_w * QUARTER_H,
            # What nobody saw a car take counts as the house's.
            house_wh=(house_w + unseen_w) * QUARTER_H,
            cars_wh=(cars_w - unseen_w) * QUARTER_H,
            import_wh=max(grid_w, 0.0) * QUARTER_H,
            export_wh=max(-grid_w, 0.0) * QUARTER_H,
            battery_out_wh=max(battery_w, 0.0) * QUARTER_H,
            battery_in_wh=max(-battery_w, 0.0) * QUARTER_H,
            import_price=bought,
            export_price=sold,
            currency="EUR",
        )

    def _power_w(self, stay: _Stay, at: datetime, surplus_w: float) -> float:
        """Return the mean power of a car in a quarter hour: on sun, in cheap hours, or because it is high time."""
        driver = stay.driver
        hours = (min(at + QUARTER, stay.leaves) - max(at, stay.comes)) / timedelta(
            hours=1
        )
        if stay.lacks_wh < 1 or hours <= 0:
            return 0.0
        left_h = (stay.leaves - at) / timedelta(hours=1) - 0.5
        late = stay.lacks_wh >= driver.full_w * max(left_h, 0.0)
        power_w = 0.0
        if at in stay.cheap or late:
            power_w = driver.full_w
        elif surplus_w >= driver.least_w:
            power_w = min(surplus_w, driver.full_w)
        return min(power_w * hours, stay.lacks_wh) / QUARTER_H

    def _charge(
        self,
        stay: _Stay,
        at: datetime,
        power_w: float,
        sun_w: float,
        battery_w: float,
        cars_w: float,
    ) -> None:
        assert stay.live is not None
        start, end = max(at, stay.comes), min(at + QUARTER, stay.leaves)
        if end <= start:
            return
        stay.taken_wh += power_w * QUARTER_H
        real_w = power_w * QUARTER_H / ((end - start) / timedelta(hours=1))
        stay.peak_w = max(stay.peak_w, real_w)
        waits = power_w < 1
        stay.live.went(
            start,
            end,
            Taken(
                power_w=real_w,
                sun_share=sun_w / cars_w if cars_w else 0.0,
                battery_share=battery_w / cars_w if cars_w else 0.0,
                paused=self._why(stay) if waits else None,
            ),
        )
        stay.live.counted(stay.taken_wh)

    def _why(self, stay: _Stay) -> str:
        if stay.lacks_wh < 1:
            return ReasonKey.CAR_FINISHED.value
        return ReasonKey.WAITING_FOR_PRICE.value

    def _house_w(self, at: datetime) -> float:
        local = at.astimezone(self._tz)
        day = (local.date() - self._first).days
        quarter = local.hour * 4 + local.minute // 15
        works = local.weekday() in WORKING_DAYS and 7 <= local.hour < 17
        closed = 0 <= day - _AWAY_SINCE < _CLOSED_DAYS
        away = 0.4 if 0 <= day - _AWAY_SINCE < _AWAY_DAYS else 1.0
        house_w = self._house_day(day % _HOUSE_DAYS)[quarter] * away
        return house_w + (_WORKSHOP_W if works and not closed else 0.0)

    def _house_day(self, day: int) -> tuple[float, ...]:
        if day not in self._house:
            self._house[day] = house_day(self._first, day)
        return self._house[day]

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(0), self._tz).astimezone(UTC)

    def _local(self, day: date, hour: float) -> datetime:
        """Return a local time of a day, by the clock on the wall, to the second."""
        day += timedelta(days=int(hour // 24))
        seconds = int(hour % 24 * 3600)
        clock = time(seconds // 3600, seconds // 60 % 60, seconds % 60)
        return datetime.combine(day, clock, self._tz).astimezone(UTC)


def _quarter_of(at: datetime) -> datetime:
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
