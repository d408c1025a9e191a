"""Follows the sessions that run, and the site's energies, from tick to tick."""

from collections.abc import Callable, Iterable, Mapping, Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from homeassistant.core import callback

from ...engine.model import Connector, ConnectorStatus, Site, Snapshot
from ...sessions import Fact, LiveSession, SiteQuarter, Taken, TransactionFacts
from ...sessions.energy_split import split
from ...sessions.full_power import SeenDraw, full_power_w
from ...sessions.ledger.ledger_upkeep import RunningPart
from ...sessions.session_facts import quarter_of, quarters_between, to_millisecond
from ...sources.tariffs.price_slots import PriceSlot
from ..outcome import ConnectorData, ConnectorKey, SiteData
from ..prices import SitePrices

# Ticks come every few seconds; what happened in a longer pause is not known.
_LONGEST_STRETCH = timedelta(minutes=1)
# A car that draws less than this does not charge: its electronics need that.
_CHARGES_W = 100.0
_CAR_PAUSES = frozenset((ConnectorStatus.SUSPENDED_EV, ConnectorStatus.SUSPENDED_EVSE))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Car:
    """A transaction that runs, what was shown of its connector, and what its car took."""

    live: LiveSession
    shown: ConnectorData
    taken: Taken


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What was known with one tick, and holds until the next one."""

    at: datetime
    cars: Mapping[ConnectorKey, _Car] = field(default_factory=dict)
    # Grid, sun and battery; None where one of them is not known.
    powers: tuple[float, float, float] | None = None
    cars_w: float = 0.0


class SessionWatch:
    """The transactions that run, each with its quarter hours, and the site's own quarter hour."""

    def __init__(
        self,
        *,
        speed: float,
        running: Iterable[RunningPart] = (),
        site: SiteQuarter | None = None,
        car_phases: Callable[[ConnectorKey], int | None] = lambda _key: None,
    ) -> None:
        """Go on from what is stored. Energy flows `speed` times faster than the clock goes.

        `car_phases` says how many phases the car at a connector uses, where that is known.
        """
        self._speed = speed
        self._car_phases = car_phases
        self._draws: dict[ConnectorKey, SeenDraw] = {}
        # The last data shown that had no new draw: the same data has none either.
        self._told: dict[ConnectorKey, ConnectorData] = {}
        self._stored = {
            (one.facts.station, one.facts.transaction): one for one in running
        }
        self._site = {site.start: site} if site else {}
        self._live: dict[ConnectorKey, LiveSession] = {}
        self._ended: list[Fact] = []
        self._was: _Known | None = None
        # The quarter hours that were written without a price.
        self.unpriced: set[datetime] = set()

    @property
    def running(self) -> set[tuple[str, str]]:
        """The transactions that run, each with its charger."""
        return {(live.station, live.transaction) for live in self._live.values()}

    @property
    def unfinished(self) -> AbstractSet[tuple[str, str]]:
        """The transactions that ran by what is stored and have not been seen since, each with its charger."""
        return self._stored.keys()

    @callback
    def ticked(self, data: SiteData, powers: tuple[float, float, float] | None) -> None:
        """Add what was known with the last tick for the time since, and take in what is known now.

        `powers` are those of grid, sun and battery; None where one of them is not known.
        """
        now, was = data.snapshot.now, self._was
        if was is not None and timedelta() < now - was.at <= _LONGEST_STRETCH:
            for key, car in was.cars.items():
                if self._live.get(key) is car.live:
                    car.live.went(was.at, now, car.taken)
            if was.powers is not None:
                self._add_site(was.at, now, was.powers, was.cars_w)
        self._end_removed(data, now)
        wired = {connector.id: connector for connector in data.snapshot.connectors}
        for key, one in data.connectors.items():
            connector = wired.get(key.id)
            running = self._live_of(key, one, connector, data.snapshot.site)
            if running is not None:
                running.counted(one.connector.session_energy_wh)
                self._saw(key, one, connector, data.snapshot)
        self._was = self._known(data, powers)

    @callback
    def finished(self, identity: str, transaction: str, now: datetime) -> list[Fact]:
        """Return what is new of a transaction that is over, with what it took since the last tick."""
        self._stored.pop((identity, transaction), None)
        for key, live in tuple(self._live.items()):
            if (live.station, live.transaction) == (identity, transaction):
                if self._was is not None and key in self._was.cars:
                    self._went(live, self._was.cars[key].taken, self._was.at, now)
                self._drop(key)
        ended, self._ended = self._ended, []
        return ended

    @callback
    def facts(self, prices: SitePrices | None, *, closing: bool = False) -> list[Fact]:
        """Return all that is new; the site's quarter hours come with their prices.

        While no car charges, the present quarter hour can wait until it is over: flash wears with every write.
        """
        ended, self._ended = self._ended, []
        running = [
            fact for live in self._live.values() for fact in live.facts(last=closing)
        ]
        newest = max(self._site, default=None)
        site = [
            priced(quarter, prices)
            for at, quarter in self._site.items()
            if at != newest or ended or running or closing
        ]
        self._site = {at: q for at, q in self._site.items() if at == newest}
        self.unpriced -= {one.start for one in site}
        if prices is not None:
            self.unpriced |= {one.start for one in site if one.import_price is None}
        return [*site, *ended, *running]

    @callback
    def clock_was_set(self, by: timedelta) -> None:
        """Move what is remembered by our clock, which was set forward by so much."""
        self._was = None
        for live in self._live.values():
            live.clock_was_set(by)

    def _went(
        self, live: LiveSession, taken: Taken, start: datetime, end: datetime
    ) -> None:
        if timedelta() < end - start <= _LONGEST_STRETCH:
            live.went(start, end, taken)

    def _live_of(
        self,
        key: ConnectorKey,
        one: ConnectorData,
        connector: Connector | None,
        site: Site,
    ) -> LiveSession | None:
        transaction = one.connector.transaction
        live = self._live.get(key)
        if transaction is None:
            self._drop(key)
            return None
        if live is not None and live.transaction == transaction.id:
            return live
        self._drop(key)
        stored = self._stored.pop((key.identity, transaction.id), None)
        live = self._live[key] = LiveSession(
            key.identity,
            transaction.id,
            full_power_w=self._full_power_w(key, connector, site),
            speed=self._speed,
            quarters=stored.quarters if stored else (),
            pauses=stored.pauses if stored else (),
        )
        return live

    def _end_removed(self, data: SiteData, now: datetime) -> None:
        """End the sessions of chargers that were removed: their ends may never be reported."""
        chargers = {key.identity for key in data.connectors}
        removed = [one for one in self._stored if one[0] not in chargers]
        for key in self._live.keys() - data.connectors.keys():
            removed.append((key.identity, self._live[key].transaction))
            self._drop(key)
        for station, transaction in removed:
            self._stored.pop((station, transaction), None)
            self._ended.append(
                TransactionFacts(
                    station=station,
                    transaction=transaction,
                    noticed_stop_at=to_millisecond(now),
                )
            )

    def _drop(self, key: ConnectorKey) -> None:
        self._draws.pop(key, None)
        self._told.pop(key, None)
        if (live := self._live.pop(key, None)) is not None:
            self._ended += live.facts(last=True)

    def _saw(
        self,
        key: ConnectorKey,
        one: ConnectorData,
        connector: Connector | None,
        snapshot: Snapshot,
    ) -> None:
        """Note what a car takes of what it is offered, and what it could take therefore."""
        if self._told.get(key) is one:
            return
        meter, live, was = one.connector.meter, self._live[key], self._was
        if not one.station.connected or (_power_w(one, snapshot) or 0.0) < _CHARGES_W:
            return
        seconds = 0.0 if was is None else (snapshot.now - was.at).total_seconds()
        before = self._draws.get(key, SeenDraw())
        draw = self._draws[key] = before.seen(
            meter.current_a,
            one.connector.offer_a,
            min(max(seconds, 0.0), _LONGEST_STRETCH.total_seconds()),
        )
        if draw is not before or was is None or _shown(was, key) is not one:
            live.full_power_w = self._full_power_w(key, connector, snapshot.site)
        elif draw is before:
            self._told[key] = one

    def _full_power_w(
        self, key: ConnectorKey, connector: Connector | None, site: Site
    ) -> float:
        draw = self._draws.get(key, SeenDraw())
        power_w = _full_power_w(connector, site, draw, self._car_phases(key))
        return power_w * self._speed

    def _known(
        self, data: SiteData, powers: tuple[float, float, float] | None
    ) -> _Known:
        watts = {
            key: _power_w(one, data.snapshot)
            for key, one in data.connectors.items()
            if one.station.connected
        }
        cars_w = sum(power_w or 0.0 for power_w in watts.values())
        sun = battery = 0.0
        if powers is not None and cars_w > 0:
            grid_w, solar_w, battery_w = powers
            parts = split(
                taken=cars_w,
                house=grid_w + solar_w + battery_w - cars_w,
                solar=solar_w,
                battery_out=battery_w,
            )
            sun, battery = parts.sun / cars_w, parts.battery / cars_w
        return _Known(
            at=data.snapshot.now,
            powers=powers,
            cars_w=cars_w,
            cars={
                key: self._car(
                    key, live, data.connectors[key], watts[key], sun, battery
                )
                for key, live in self._live.items()
                if key in watts
            },
        )

    def _car(
        self,
        key: ConnectorKey,
        live: LiveSession,
        one: ConnectorData,
        power_w: float | None,
        sun: float,
        battery: float,
    ) -> _Car:
        """Return what is known of a car: the identical object while nothing changes."""
        before = self._was.cars.get(key) if self._was else None
        if (
            before is not None
            and before.live is live
            and before.shown is one
            and (before.taken.sun_share, before.taken.battery_share) == (sun, battery)
        ):
            return before
        taken = Taken(
            power_w=power_w,
            sun_share=sun,
            battery_share=battery,
            paused=_paused(one, power_w),
        )
        if before is not None and before.taken == taken:
            taken = before.taken
        return _Car(live=live, shown=one, taken=taken)

    def _add_site(
        self,
        start: datetime,
        end: datetime,
        powers: tuple[float, float, float],
        cars_w: float,
    ) -> None:
        grid_w, solar_w, battery_w = powers
        house_w = max(grid_w + solar_w + battery_w - cars_w, 0.0)
        for at, seconds in quarters_between(start, end):
            hours = seconds / 3600 * self._speed
            known = self._site.get(at) or SiteQuarter(start=at)
            self._site[at] = replace(
                known,
                seconds=known.seconds + seconds,
                solar_wh=known.solar_wh + max(solar_w, 0.0) * hours,
                house_wh=known.house_wh + house_w * hours,
                cars_wh=known.cars_wh + cars_w * hours,
                import_wh=known.import_wh + max(grid_w, 0.0) * hours,
                export_wh=known.export_wh + max(-grid_w, 0.0) * hours,
                battery_out_wh=known.battery_out_wh + max(battery_w, 0.0) * hours,
                battery_in_wh=known.battery_in_wh + max(-battery_w, 0.0) * hours,
            )
        current = quarter_of(end)
        if current not in self._site:
            self._site[current] = SiteQuarter(start=current)


def _shown(known: _Known, key: ConnectorKey) -> ConnectorData | None:
    car = known.cars.get(key)
    return car.shown if car else None


def priced(quarter: SiteQuarter, prices: SitePrices | None) -> SiteQuarter:
    """Return a quarter hour with what a kWh cost and would have brought, where that is known."""
    slot = prices.data.at(quarter.start) if prices else None
    return quarter if slot is None or slot.estimated else _with_price(quarter, slot)


def past_prices(
    prices: SitePrices, since: datetime, now: datetime
) -> list[SiteQuarter]:
    """Return what is known of the prices of a time that is over, to be joined with what is known of its energies."""
    return [
        _with_price(SiteQuarter(start=slot.start), slot)
        for slot in prices.past(since, now)
    ]


def _with_price(quarter: SiteQuarter, slot: PriceSlot) -> SiteQuarter:
    return replace(
        quarter,
        import_price=slot.import_price,
        export_price=slot.export_price,
        currency=slot.currency,
        carbon_g=slot.carbon_g,
    )


def _full_power_w(
    connector: Connector | None,
    site: Site,
    draw: SeenDraw,
    car_phases: int | None,
) -> float:
    """Return the power of a car without control, as far as it is known: by the wiring alone before it was seen."""
    if connector is None:
        return 0.0
    wired = len(connector.phases)
    # Between the two legs of a split-phase site flows one current.
    both_legs = site.phases == 2 and wired == 2
    return full_power_w(
        replace(draw, phases=0) if both_legs else draw,
        wired=wired,
        max_a=min(connector.max_a, connector.car_max_a or connector.max_a),
        voltage_v=site.voltage_v,
        car_phases=None if both_legs else car_phases,
        switches_phases=connector.switches_phases,
    )


def _power_w(one: ConnectorData, snapshot: Snapshot) -> float | None:
    """Return what a car takes as its charger tells it, None where it does not."""
    meter = one.connector.meter
    if meter.power_w is not None:
        return meter.power_w
    currents = [current for current in meter.current_a if current is not None]
    return sum(currents) * snapshot.site.voltage_v if currents else None


def _paused(one: ConnectorData, power_w: float | None) -> str | None:
    """Return why a car that could charge does not, None while it does."""
    status = one.connector.status
    charges = status not in _CAR_PAUSES and (power_w is None or power_w >= _CHARGES_W)
    if charges and one.decision.offer_a > 0:
        return None
    if power_w is not None and power_w >= _CHARGES_W:
        return None  # it is asked to stop, and has not yet
    return one.decision.reason.key.value
