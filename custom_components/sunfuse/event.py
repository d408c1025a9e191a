"""Events: a car is plugged in, charges, is full, limited or stopped, and leaves; a card is presented; a plan will miss."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .central_system.station_state import (
    ConnectorNews,
    PlugNews,
    SessionNews,
    StationState,
)
from .const import WH_PER_KWH
from .data import SunfuseConfigEntry
from .entity import (
    ChargerEntity,
    ConnectorEntity,
    StationEntity,
    add_connector_entities,
)
from .planner import Shortfall
from .site.chargers.connector_events import ConnectorEvents, Happening, takes_nothing
from .site.outcome import ConnectorData, ConnectorKey
from .site.people.cards import is_own, masked
from .site.planning.site_plan import Missed
from .site.simulated.site_clock import SiteClock
from .translated_reasons import explain

PARALLEL_UPDATES = 0

WILL_MISS = "will_miss"
ON_TIME = "on_time"
ACCEPTED = "accepted"
REFUSED = "refused"

SESSION = EventEntityDescription(
    key="session",
    translation_key="session",
    event_types=[happening.value for happening in Happening],
)
CARD = EventEntityDescription(
    key="card", translation_key="card", event_types=[ACCEPTED, REFUSED]
)
PLAN = EventEntityDescription(
    key="plan", translation_key="plan", event_types=[WILL_MISS, ON_TIME]
)

# A station reports a card when it is presented and again when it starts the transaction.
_SAME_TIME = timedelta(seconds=10)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events of a site."""

    def create(subentry: ConfigSubentry, key: ConnectorKey) -> list[ChargerEntity]:
        events: list[ChargerEntity] = [
            SessionEvent(entry, subentry, key, SESSION),
            PlanEvent(entry, subentry, key, PLAN),
        ]
        if key.connector == 1:
            events.append(CardEvent(entry, key, CARD))
        return events

    add_connector_entities(hass, entry, async_add_entities, create)


class SessionEvent(ConnectorEntity, EventEntity):
    """Events of a connector. What happened while Home Assistant or the charger was away follows, marked as late."""

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        subentry: ConfigSubentry,
        key: ConnectorKey,
        description: EventEntityDescription,
    ) -> None:
        """Initialize the event with nothing shown."""
        super().__init__(entry, subentry, key, description)
        self._news: list[ConnectorNews] = []
        self._events = ConnectorEvents(None)
        self._vehicle: str | None = None  # whose name a car that leaves still has

    @override
    def _part(self, connector: ConnectorData) -> object:
        """Return what happens: nothing of that is in most reports of a meter."""
        state = connector.connector
        reason = connector.decision.reason.key
        return state.status, state.error_code, reason, takes_nothing(state)

    @override
    async def async_added_to_hass(self) -> None:
        """Receive what happens from now on, and what happened meanwhile."""
        await super().async_added_to_hass()
        self._events = ConnectorEvents(self.connector)
        self.async_on_remove(
            self._entry.runtime_data.central_system.subscribe_sessions(
                self.key.identity, self.key.connector, self._heard
            )
        )

    @callback
    def _heard(self, news: ConnectorNews) -> None:
        """Note what happened, for the next tick: it shows the same moment. By then the car that leaves is not known."""
        self._note_vehicle()
        self._news.append(news)
        self.coordinator.call_next(self._handle_coordinator_update, self.key)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        # First that it is there: an event that makes an entity available in the same moment triggers nothing.
        super()._handle_coordinator_update()
        if not self.available:  # nobody would see it
            return
        self._note_vehicle()
        for event, attributes in self._happened():
            self._trigger_event(event, {**attributes, "vehicle": self._vehicle})
            super()._handle_coordinator_update()
            if event is Happening.UNPLUGGED:
                self._vehicle = None
        if self._events.waits:
            self.coordinator.call_next(self._handle_coordinator_update, self.key)

    def _note_vehicle(self) -> None:
        vehicle = self._entry.runtime_data.demands.vehicle_at(self.key)
        self._vehicle = vehicle.name if vehicle else self._vehicle

    def _happened(self) -> Iterator[tuple[Happening, dict[str, Any]]]:
        news, self._news[:] = list(self._news), []
        for one in news:
            if isinstance(one, PlugNews):
                event = Happening.PLUGGED_IN if one.plugged_in else Happening.UNPLUGGED
                yield event, {"at": one.at.isoformat(), "late": one.late}
            else:
                yield self._session_event(one)
        if (now := self.connector) is None:
            return
        at = self.coordinator.data.snapshot.now
        for event, attributes in self._events.see(now, at):
            if event is Happening.LIMITED:
                sentences = self._entry.runtime_data.sentences
                attributes["explanation"] = explain(
                    sentences,
                    now.decision.reason,
                    self._entry.runtime_data.planning.clock.now(),
                )
            yield event, {"at": at.isoformat(), "late": False, **attributes}

    def _session_event(self, news: SessionNews) -> tuple[Happening, dict[str, Any]]:
        holder = self._entry.runtime_data.cards.person(news.id_token)
        attributes: dict[str, Any] = {
            "driver": holder.name if holder else None,
            "at": news.at.isoformat(),
            "late": news.late,
        }
        if news.started:
            return Happening.STARTED, attributes
        energy_wh = news.energy_wh
        energy = None if energy_wh is None else energy_wh / WH_PER_KWH
        return Happening.STOPPED, {**attributes, "energy": energy}


class CardEvent(StationEntity, EventEntity):
    """A card that was presented to a charger, and the result. Only the end of its number is shown."""

    @override
    def _part(self, connector: ConnectorData) -> object:
        return connector.station.connected

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        key: ConnectorKey,
        description: EventEntityDescription,
    ) -> None:
        """Initialize the event with nothing shown."""
        super().__init__(entry, key, description)
        self._shown_card: tuple[str | None, bool | None] = (None, None)
        self._shown_at: datetime | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Listen for cards at the charger itself: two within one tick are two events."""
        await super().async_added_to_hass()
        if self.connector is not None:
            self._shown_at = self.connector.station.last_card_at
        central_system = self._entry.runtime_data.central_system
        self.async_on_remove(
            central_system.subscribe_station(self.key.identity, self._station_changed)
        )

    @callback
    def _station_changed(self, state: StationState) -> None:
        card, taken, at = state.last_card, state.last_card_taken, state.last_card_at
        if card is None or taken is None or at is None or is_own(card):
            return
        before, self._shown_card = self._shown_card, (card, taken)
        last, self._shown_at = self._shown_at, at
        if last == at or (
            before == (card, taken) and last is not None and at - last < _SAME_TIME
        ):
            return
        holder = self._entry.runtime_data.cards.person(card)
        self._trigger_event(
            ACCEPTED if taken else REFUSED,
            {"driver": holder.name if holder else None, "card": masked(card)},
        )
        self._handle_coordinator_update()


class PlanEvent(ConnectorEntity, EventEntity):
    """A plan misses a departure, as soon as that is known; or it does no longer."""

    _missed: Missed | None = None

    @override
    def _part(self, connector: ConnectorData) -> object:
        return connector.key

    @property
    @override
    def available(self) -> bool:
        """A plan goes on while the charger is out of reach."""
        return self.connector is not None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the plan."""
        await super().async_added_to_hass()
        planning = self._entry.runtime_data.planning
        # What was told before a restart is not told again.
        self._missed = planning.data.missed.get(self.key.id)
        self.async_on_remove(planning.async_add_listener(self._planned))

    @callback
    def _planned(self) -> None:
        before = self._missed
        planning = self._entry.runtime_data.planning
        missed = self._missed = planning.data.missed.get(self.key.id)
        known = before.shortfall.at if before else None
        if missed is not None and known != missed.shortfall.at:
            about = _of_shortfall(missed.shortfall, planning.clock)
            self._trigger_event(WILL_MISS, about)
        elif known is not None and missed is None and planning.is_there(self.key):
            departure = planning.demand(self.key).departure
            if departure is None or known <= planning.clock.now():
                return  # it was taken back, or it was missed: nobody waits for a car to be ready
            shown = _shown(planning.clock, departure)
            self._trigger_event(ON_TIME, {"departure": shown})
        else:
            return
        self._handle_coordinator_update()


def _of_shortfall(shortfall: Shortfall, clock: SiteClock) -> dict[str, Any]:
    """Return what a plan reaches by a departure, what was wanted, and what would help."""
    later = shortfall.later
    return {
        "departure": _shown(clock, shortfall.at),
        "reaches": _percent(shortfall.reaches_soc),
        "wanted": _percent(shortfall.wanted_soc),
        "missing_energy": round(
            (shortfall.wanted_wh - shortfall.reaches_wh) / WH_PER_KWH, 1
        ),
        "later": _shown(clock, later) if later else None,
        "boost_helps": shortfall.boost_helps,
    }


def _shown(clock: SiteClock, at: datetime) -> str:
    """Return a time of the site by the clock on the wall."""
    return clock.here(at).isoformat(timespec="seconds")


def _percent(soc: float | None) -> int | None:
    return None if soc is None else round(soc)
