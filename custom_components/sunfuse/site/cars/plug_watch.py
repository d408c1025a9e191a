"""Notices when a car is plugged in and unplugged, over restarts."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from homeassistant.core import callback

from ...central_system.station_state import GONE, SessionNews
from ...engine.model import ConnectorStatus
from ...sessions import Ledger, Plug, TransactionFacts
from ...sessions.session_facts import NO_TRANSACTION, to_millisecond
from ..outcome import ConnectorKey, SiteData

# A card without a car makes a charger wait for one, as a rule for one or two minutes (ConnectionTimeOut of OCPP 1.6).
SHORTEST_UNUSED = timedelta(minutes=3)
# These states do not show whether a car is there.
_MUTE = frozenset((ConnectorStatus.UNAVAILABLE, ConnectorStatus.FAULTED, None))


class PlugWatch:
    """Knows since when a car is plugged in at each connector, and stores that in the ledger."""

    def __init__(self, ledger: Ledger, plugs: Iterable[Plug]) -> None:
        """Continue from what is stored; only its transaction shows whether that car is still the same."""
        self._ledger = ledger
        self._plugs = {
            ConnectorKey(identity=plug.station, connector=plug.connector): plug
            for plug in plugs
        }
        self._doubtful = set(self._plugs)
        # Where a transaction may have run that was not seen.
        self._unseen = set(self._plugs)

    def plug(self, key: ConnectorKey) -> Plug | None:
        """Return the car that is plugged in at a connector."""
        return self._plugs.get(key)

    @callback
    def ticked(self, data: SiteData) -> None:
        """Process the current state of the connectors."""
        for key, one in data.connectors.items():
            status = one.connector.status
            if not one.station.connected:
                self._unseen.add(key)
                continue
            if status in _MUTE:
                continue
            if status in GONE:
                self.unplugged(key, data.snapshot.now)
            elif key not in self._plugs:
                self._unseen.discard(key)
                self._put(key, data.snapshot.now, None)

    @callback
    def started(self, key: ConnectorKey, news: SessionNews) -> Plug | None:
        """Note that a transaction started; returns the plug that it belongs to, None for one of the past."""
        plug = self._plugs.get(key)
        if news.late and (plug is None or plug.last != news.id):
            return None
        if plug is None or (key in self._doubtful and plug.last != news.id):
            # What was plugged in before a restart may have left meanwhile.
            return self._put(key, news.at, news.id)
        self._doubtful.discard(key)
        if plug.last == news.id:
            return plug
        return self._put(key, plug.plugged_at, news.id)

    @callback
    def unplugged(self, key: ConnectorKey, at: datetime) -> None:
        """Note that a car left."""
        plug = self._plugs.pop(key, None)
        self._doubtful.discard(key)
        if plug is None:
            return
        self._ledger.unplugged(key.identity, key.connector)
        at = to_millisecond(at)
        if plug.last is not None:
            self._ledger.note(
                TransactionFacts(
                    station=key.identity, transaction=plug.last, unplugged_at=at
                )
            )
        elif key not in self._unseen and at - plug.plugged_at >= SHORTEST_UNUSED:
            self._ledger.note(
                TransactionFacts(
                    station=key.identity,
                    transaction=f"plug-{plug.plugged_at:%Y%m%dT%H%M%S}-{key.connector}",
                    connector=key.connector,
                    plugged_at=plug.plugged_at,
                    noticed_stop_at=at,
                    unplugged_at=at,
                    end_reason=NO_TRANSACTION,
                )
            )

    @callback
    def clock_was_set(self, by: timedelta) -> None:
        """Move what is remembered by our clock, which was set forward by so much."""
        for key, plug in tuple(self._plugs.items()):
            self._plugs[key] = replace(plug, plugged_at=plug.plugged_at + by)
            self._ledger.plugged(self._plugs[key])

    def _put(self, key: ConnectorKey, at: datetime, last: str | None) -> Plug:
        plug = self._plugs[key] = Plug(
            station=key.identity,
            connector=key.connector,
            plugged_at=to_millisecond(at),
            last=last,
        )
        self._doubtful.discard(key)
        self._ledger.plugged(plug)
        return plug
