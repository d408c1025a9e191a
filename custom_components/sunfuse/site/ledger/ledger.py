"""The ledger of a site inside Home Assistant: stores what chargers report and ticks show, and answers queries."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
import logging
import sqlite3

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ...central_system import CentralSystem
from ...central_system.station_state import (
    FinishedTransaction,
    SessionNews,
    SignedReading,
)
from ...const import CONF_SPEED, DOMAIN
from ...coordinator import SunfuseCoordinator
from ...sessions import (
    Attribution,
    Fact,
    Ledger,
    LedgerClosedError,
    LedgerStart,
    Plug,
    SignedValue,
    TransactionFacts,
)
from ...sessions.session_facts import quarter_of, to_millisecond
from ..cars.demands import Demands
from ..cars.plug_watch import PlugWatch
from ..observing import Observed
from ..outcome import ConnectorKey
from ..people.cards import Cards, is_own
from ..people.persons import Persons
from ..prices import SitePrices
from .ledger_answers import LedgerAnswers
from .ledger_configuration import LedgerConfiguration
from .session_owners import SessionOwners
from .session_watch import SessionWatch, past_prices

_LOGGER = logging.getLogger(__name__)

# The longest part of a running session that a power cut can lose.
FLUSH = timedelta(minutes=1)
# A charger gives up on an answer after 30 s or more; a disk that takes longer than this is broken.
_ANSWER_S = 5.0
_COMPARED_AT_ONCE = 50
# Prices of the past are known for two weeks.
_PRICES_KEPT = timedelta(days=14)
# A machine without a clock of its own asks for the time within minutes of its start.
_CLOCK_MAY_BE_WRONG_S = 3600.0
_UNPLUGS = "EVDisconnected"  # OCPP's term, in both versions


class SiteLedger(LedgerAnswers):
    """Keeps a site's ledger, and answers queries."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        ledger: Ledger,
        start: LedgerStart,
        *,
        cards: Cards,
        persons: Persons,
        central_system: CentralSystem,
        demands: Demands,
        observed: Observed,
        prices: SitePrices | None,
    ) -> None:
        """Continue from what is stored; `start` begins to follow events."""
        self._hass = hass
        self._entry = entry
        super().__init__(ledger)
        self._cards = cards
        self._central_system = central_system
        self._owners = SessionOwners(cards, persons, demands)
        self._observed = observed
        self._prices = prices
        self._coordinator: SunfuseCoordinator | None = None
        self._watch = SessionWatch(
            speed=entry.data.get(CONF_SPEED, 1.0),
            running=start.running,
            site=start.site,
            car_phases=lambda key: demands.at(key).phases,
        )
        self.configuration = LedgerConfiguration(
            hass, entry, ledger, persons=persons, prices=prices
        )
        self._plugs = PlugWatch(ledger, start.plugs)
        self._site_known_until = start.site.start if start.site else None
        self._last: Future[None] | None = None
        # The transactions since Home Assistant started, and when: until the clock is set it may have been wrong.
        self._heard: dict[tuple[str, str], float] = {}
        self._changed_since: datetime | None = None
        self._closed = False
        self._listeners: list[Callable[[], None]] = []
        self._running_listeners: list[Callable[[], None]] = []
        self._changed = False
        self._compared_in: datetime | None = None

    # --- What happens ------------------------------------------------------------------------------------------

    @callback
    def start(self, coordinator: SunfuseCoordinator) -> Callable[[], None]:
        """Follow from now on what happens; returns what ends that."""
        self._coordinator = coordinator
        reports = self._central_system.session_reports
        stops = [
            reports.answer_when(self.async_stored),
            self._central_system.subscribe_all_sessions(self._news),
            self._central_system.subscribe_transactions(self._finished),
            reports.subscribe_signed(self._signed),
            coordinator.async_add_listener(self._ticked),
            async_track_time_interval(
                self._hass, self._each_minute, FLUSH, cancel_on_shutdown=True
            ),
        ]
        if self._prices is not None:
            stops.append(self._prices.async_add_listener(self._prices_came))
        self.configuration.note()
        self._note_past_prices(self._site_known_until)
        self._note_remembered()

        def stop() -> None:
            for one in stops:
                one()

        return stop

    async def async_stored(self) -> None:
        """Wait until what was reported is on the disk; a broken disk must not prevent charging."""
        if self._last is None:
            return
        try:
            async with asyncio.timeout(_ANSWER_S):
                await asyncio.shield(asyncio.wrap_future(self._last))
        except TimeoutError:
            _LOGGER.warning(
                "A session could not be stored within %s s. Is the disk full, or broken?",
                _ANSWER_S,
            )
        except sqlite3.Error, LedgerClosedError:
            return  # it is in the log

    @callback
    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever a session began, ended or was compared; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def listen_to_running(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` each minute in which sessions run, once that is stored; returns what ends that."""
        self._running_listeners.append(listener)
        return lambda: self._running_listeners.remove(listener)

    @callback
    def changed(self, since: datetime | None) -> None:
        """Note that sums are others since a time, and tell those who listen."""
        self._tell(since)

    @callback
    def take_changed_since(self) -> datetime | None:
        """Return since when something has changed since the last call; None if nothing has."""
        since, self._changed_since = self._changed_since, None
        return since

    @callback
    def clock_was_set(self, by: timedelta) -> None:
        """Move what was noted since Home Assistant started, before the clock was set forward by this much."""
        self._flush()
        self._watch.clock_was_set(by)
        self._plugs.clock_was_set(by)
        running, now = self._watch.running, self._hass.loop.time()
        self._heard = {
            key: at
            for key, at in self._heard.items()
            if key in running or now - at < _CLOCK_MAY_BE_WRONG_S
        }
        self.ledger.move_clock(self._heard, by)

    @callback
    def _note(self, *facts: Fact) -> None:
        if facts:
            self._last = self.ledger.note(*facts)
            self._last.add_done_callback(_log_failure)

    @callback
    def _news(self, news: SessionNews) -> None:
        key = ConnectorKey(identity=news.identity, connector=news.connector)
        self._heard[news.identity, news.id] = self._hass.loop.time()
        at = to_millisecond(news.at)
        facts = TransactionFacts(
            station=news.identity,
            transaction=news.id,
            connector=news.connector,
            offline=True if news.late else None,
        )
        if not news.started:
            self._note(
                *self._watch.finished(news.identity, news.id, dt_util.utcnow()),
                replace(facts, noticed_stop_at=at, counted_wh=news.energy_wh),
            )
            self._tell(None)
            return
        before = self._plugs.plug(key)
        plug = self._plugs.started(key, news)
        self._note(
            replace(
                self._of_card(facts, news.id_token, at),
                heard_start_at=at,
                meter_start_wh=news.meter_start_wh,
                plugged_at=None if plug is None else min(plug.plugged_at, at),
                continues=self._continued(key, news, before),
            )
        )
        self._tell(at)

    def _continued(
        self, key: ConnectorKey, news: SessionNews, before: Plug | None
    ) -> str | None:
        """Return the transaction before this one, if Sunfuse had stopped it to pause the same car."""
        if before is None or before.last == news.id or news.late:
            return None
        station = self._central_system.stations[key.identity]
        return before.last if station.connector(key.connector).paused else None

    def _of_card(
        self, facts: TransactionFacts, token: str | None, at: datetime
    ) -> TransactionFacts:
        """Return facts with the card, and with whose card that is."""
        if token is None or is_own(token):
            return facts
        owner = self._cards.person(token)
        person = Attribution(at=at, value=owner.id) if owner else None
        return replace(facts, card=token, person=person)

    @callback
    def _finished(self, over: FinishedTransaction) -> None:
        self._heard[over.identity, over.id] = self._hass.loop.time()
        facts, at = _outcome(over), to_millisecond(over.stopped_at)
        if over.corrected_at is None:
            late = dt_util.utcnow() - at > FLUSH
            facts = self._of_card(facts, over.id_token, over.started_at or at)
            facts = replace(facts, offline=True if late else None)
        self._note(
            *self._watch.finished(over.identity, over.id, dt_util.utcnow()), facts
        )
        if over.reason == _UNPLUGS and over.connector is not None:
            key = ConnectorKey(identity=over.identity, connector=over.connector)
            plug = self._plugs.plug(key)
            if plug is not None and plug.last == over.id:
                self._plugs.unplugged(key, at)
        self._tell(over.started_at or at)

    @callback
    def _note_remembered(self) -> None:
        """Note ends and corrections that chargers' memories have: the power may have failed before they were written here."""
        unfinished = self._watch.unfinished
        self._note(
            *(
                _outcome(over)
                for over in self._central_system.finished_transactions()
                if over.corrected_at or (over.identity, over.id) in unfinished
            )
        )

    @callback
    def _signed(self, signed: SignedReading) -> None:
        self._note(
            SignedValue(
                station=signed.identity,
                transaction=signed.transaction_id,
                at=to_millisecond(signed.at),
                context=signed.context,
                encoding=signed.encoding,
                data=signed.data,
                method=signed.method,
                public_key=signed.public_key,
            )
        )

    @callback
    def _ticked(self) -> None:
        assert self._coordinator is not None
        if not self._coordinator.last_update_success:
            return
        data = self._coordinator.data
        self._plugs.ticked(data)
        self._watch.ticked(data, self._observed.known(data))
        self._note(*self._owners.news(data))

    @callback
    def _each_minute(self, _now: datetime) -> None:
        self._flush()
        for listener in tuple(self._running_listeners) if self._watch.running else ():
            listener()
        # A quarter hour that is over changes what those who left in it could have had.
        quarter = quarter_of(dt_util.utcnow())
        if self._changed or quarter != self._compared_in:
            self._changed, self._compared_in = False, quarter
            self._entry.async_create_background_task(
                self._hass, self._async_compare(), f"{DOMAIN} compares sessions"
            )

    @callback
    def _flush(self, *, closing: bool = False) -> None:
        self._note(*self._watch.facts(self._prices, closing=closing))

    @callback
    def _tell(self, since: datetime | None) -> None:
        self._changed = True
        if since is not None:
            known = self._changed_since
            self._changed_since = since if known is None else min(known, since)
        self.tell()

    async def _async_compare(self) -> None:
        """Compare finished sessions with charging immediately, a few at a time, so that storing need not wait long."""
        compared = False
        try:
            while await asyncio.wrap_future(self.ledger.compare(_COMPARED_AT_ONCE)):
                compared = True
        except LedgerClosedError:
            return  # the next start goes on with it
        if compared:
            self.tell()

    @callback
    def tell(self) -> None:
        """Call those who listen, once what they will read is stored: sessions are others than before.

        Reading does not wait for what is being written: a session that began would be missing until the next news.
        """
        if self._last is None or self._last.done():
            self._call_listeners()
            return
        loop = self._hass.loop
        self._last.add_done_callback(
            lambda _: loop.call_soon_threadsafe(self._call_listeners)
        )

    @callback
    def _call_listeners(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    @callback
    def _note_past_prices(self, since: datetime | None) -> None:
        """Note prices that were not known in time: Home Assistant was down, or their source was."""
        if self._prices is None or since is None:
            return
        now = dt_util.utcnow()
        since = max(since, now - _PRICES_KEPT)
        if found := past_prices(self._prices, since, now):
            self._note(*found)
            self._tell(since)
        self._watch.unpriced -= {one.start for one in found}
        # Older ones stay without a price.
        self._watch.unpriced = {at for at in self._watch.unpriced if at >= since}

    @callback
    def _prices_came(self) -> None:
        self._note_past_prices(min(self._watch.unpriced, default=None))

    async def async_stop(self) -> None:
        """Write what is new, and close the file: the site is unloaded, or Home Assistant stops."""
        if not self._closed:
            self._flush(closing=True)
            self._closed = True
            await self._hass.async_add_executor_job(self.ledger.close)


def _outcome(over: FinishedTransaction) -> TransactionFacts:
    return TransactionFacts(
        station=over.identity,
        transaction=over.id,
        connector=over.connector,
        stated_start_at=over.started_at and to_millisecond(over.started_at),
        stated_stop_at=to_millisecond(over.stopped_at),
        meter_start_wh=over.meter_start_wh,
        meter_end_wh=over.meter_stop_wh,
        stated_wh=over.energy_wh,
        corrected_at=over.corrected_at and to_millisecond(over.corrected_at),
        end_reason=over.reason,
    )


def _log_failure(future: Future[None]) -> None:
    error = future.exception()
    if error is not None and not isinstance(error, LedgerClosedError):
        _LOGGER.error("Sessions could not be stored: %s", error, exc_info=error)
