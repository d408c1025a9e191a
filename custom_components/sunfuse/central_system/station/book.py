"""What is known of a charging station, whatever version of OCPP it speaks: adapters tell, everyone reads."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import logging
from typing import Any

from ...engine.model import ConnectorStatus
from ..adapter import Adapter
from ..commands import Limit
from ..model import (
    ChargingNeeds,
    ConnectorState,
    FailSafe,
    FinishedTransaction,
    LocalList,
    NewPassword,
    SessionNews,
    StationConfig,
    StationInfo,
    StationState,
)
from ..onboarding.patience import Patience
from ..protocol.message_log import MessageLog
from ..security.cards import CardPolicy
from ..security.certificates import CertificateAuthority
from .clock import Clock
from .connectors import MAX_CONNECTORS, believed, own_word
from .events import EventOrder
from .external import ExternalLimit, ExternalLimits
from .inspector import FORGETS, Inspector
from .limiter import Limiter
from .meter import Meter, Reading
from .profiles import Shape
from .quirks import Kind, behaviour, in_force
from .refusals import LIMITS, Refusals
from .timing import Timing
from .transactions import Transactions

_LOGGER = logging.getLogger(__name__)

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)  # no clock starts earlier
# In these no contactor is closed, whatever else is known.
IDLE = frozenset(
    (
        ConnectorStatus.AVAILABLE,
        ConnectorStatus.PREPARING,
        ConnectorStatus.RESERVED,
        ConnectorStatus.FINISHING,
        ConnectorStatus.UNAVAILABLE,
    )
)

# In these no car is there.
GONE = frozenset((ConnectorStatus.AVAILABLE, ConnectorStatus.RESERVED))


class StationBook:
    """The state of a station, its connectors, meters and transactions.

    It exists from the moment that the user accepted it (or that it connected without being known) and lives on
    while the station is out of reach. Adapters tell it what they hear, in words that no version owns.
    """

    def __init__(
        self,
        config: StationConfig,
        *,
        accepted: bool,
        now: Callable[[], datetime],
        timing: Timing,
        changed: Callable[[StationState], None],
        finished: Callable[[FinishedTransaction], None],
        session_news: Callable[[SessionNews], None],
    ) -> None:
        """Know a station by its configuration.

        `changed` is called with each new state, `finished` with each transaction that is over, and `session_news`
        with each begin and end of a session, once.
        """
        self.config = config
        self.now = now
        self.timing = timing
        self.clock = Clock()
        self.transactions = Transactions()
        self.variables: dict[str, str | None] = {}  # None: the station knows no such
        self.refusals = Refusals(self.variables, now)
        self.behaviour = behaviour(StationInfo(), config.quirks)
        self.counters: Counter[str] = (
            Counter()
        )  # what happened that should not, for diagnostics
        self.messages = MessageLog()
        self._changed = changed
        self._finished = finished
        self._session_news = session_news
        # The fail-safe current that the station took, and in which shape of profile.
        self.lasting: tuple[float, tuple[Kind, int, bool]] | None = None
        self.evses: dict[tuple[int, int], int] = {}  # connectors by EVSE and connector
        self.device_model: dict[str, str | None] = {}  # OCPP 2.x, as it was reported
        self.events = EventOrder()
        self._external = ExternalLimits()
        self.cards = CardPolicy()
        self.authority: CertificateAuthority | None = None
        self.patience = Patience()
        # Transactions of before our restart, by connector, that may be running still.
        self._resumable: dict[int, str] = {}
        self.last_statuses: dict[int, ConnectorStatus] = {}  # before our restart
        self.inferred: set[int] = set()  # connectors whose status was not told
        self.inspector = Inspector(self)
        self._adapter: Adapter | None = None
        self._ready = asyncio.Event()
        self._meters: dict[int, Meter] = {}
        self._limiters: dict[int, Limiter] = {}
        self._state = StationState(
            identity=config.identity,
            accepted=accepted,
            connected=False,
            connectors=connectors_of(config) if accepted else (),
            fall_back_a=config.fail_safe_a,
            new_password=NewPassword.SENT if config.former else None,
        )

    @property
    def identity(self) -> str:
        """The name that the station connects with."""
        return self.config.identity

    @property
    def state(self) -> StationState:
        """The station as last heard of."""
        return self._state

    @property
    def adapter(self) -> Adapter | None:
        """What speaks with the station; None while it is out of reach."""
        return self._adapter

    @property
    def shape(self) -> Shape:
        """How the station takes limits."""
        return Shape(
            config=self.config, behaviour=self.behaviour, variables=self.variables
        )

    def connector(self, connector: int) -> ConnectorState:
        """Return the state of a connector; an empty one if it was not heard of yet."""
        for state in self._state.connectors:
            if state.id == connector:
                return state
        return ConnectorState(id=connector)

    # What adapters tell

    def enter_service(self) -> bool:
        """Note that the station may be asked; returns whether that is new."""
        if self._ready.is_set():
            return False
        self._ready.set()
        return True

    def ours(self, theirs: datetime) -> datetime:
        """Return when something happened that the station tells of: not in the future, whatever its clock says."""
        return max(min(self.clock.ours(theirs), self.now()), _FIRST)

    def heard(self) -> None:
        """Note a sign of life."""
        self.events.tell_overdue(self.now())
        self._apply_external()
        self._state = replace(self._state, last_seen=self.now())

    def record(self, direction: str, text: str) -> None:
        """Keep a message for diagnostics."""
        if direction == "malformed":
            self.counters[direction] += 1
        elif direction == "understood":
            self.counters["understood_although_wrong"] += 1
        elif self._state.accepted:  # nothing is kept of who is not known
            self.messages.add(self.now(), direction, text)

    def booted(self, info: StationInfo) -> None:
        """Note what the station says of itself; after a firmware update nothing that was learnt counts."""
        changes: dict[str, Any] = {}
        self.patience.booted(self.now())
        if self._state.info.vendor and self._state.info.firmware != info.firmware:
            changes = self._unlearn()
        self.behaviour = behaviour(info, self.config.quirks)
        names = tuple(quirk.name for quirk in in_force(info))
        changes["switches_phases"] = self.shape.switches_phases
        self._set(info=info, quirks=names, **changes)

    def _unlearn(self) -> dict[str, Any]:
        """Forget what was learnt of the station; returns the changes of its state."""
        self.variables.clear()
        self.device_model.clear()
        return {
            "takes_limits": True,
            "fail_safe": FailSafe.NOT_VERIFIED,
            "fall_back_a": self._fall_back_a(FailSafe.NOT_VERIFIED),
        }

    def _speaks(self, protocol: str) -> dict[str, Any]:
        """Note the version that the station speaks now; returns the changes of its state.

        In another version than before (other firmware, another setting) it has other variables, and what ran under
        an id of the one does not run under it in the other.
        """
        info = self._state.info
        changes: dict[str, Any] = {"info": replace(info, protocol=protocol)}
        if not info.vendor or info.protocol == protocol:
            return changes
        connectors = tuple(
            replace(state, transaction=None) for state in self._state.connectors
        )
        return {**changes, **self._unlearn(), "connectors": connectors}

    def told_new_password(self, step: NewPassword | None) -> None:
        """Note how far the station is with a new password."""
        self._set(new_password=step)

    def firmware(self, status: str) -> None:
        """Note how far an update of the firmware is, in the specification's word."""
        self._set(firmware_status=status)

    def log(self, status: str) -> None:
        """Note how far the upload of a log is, in the specification's word."""
        self._set(log_status=status)

    def learnt(self) -> None:
        """Note that the station told what it can."""
        self._set(
            switches_phases=self.shape.switches_phases, **self._connector_counts()
        )

    def _connector_counts(self) -> dict[str, Any]:
        """Return how many connectors the station has, as changes of its state."""
        states = self._state.connectors
        used = max((state.id for state in states if state.used), default=1)
        seen = max((state.id for state in states if state.status), default=1)
        said = own_word(self.variables)
        return {
            "said_connectors": None if said is None else max(said, used),
            "known_connectors": believed(self.variables, seen=seen, used=used),
        }

    def reported_external(
        self, connector: int, source: str, limit: ExternalLimit
    ) -> None:
        """Note a limit that is not ours, on a connector or (0) the whole station."""
        self._external.set(connector, source, limit)
        self._apply_external()

    def cleared_external(self, connector: int | None, source: str) -> None:
        """Note that a limit that is not ours is gone; for no connector in particular: everywhere."""
        self._external.clear(connector, source)
        self._apply_external()

    def _apply_external(self) -> None:
        for state in self._state.connectors:
            limit_a = self._external.at(state.id, self.now())
            if limit_a != state.charger_limit_a:
                self.change(state.id, charger_limit_a=limit_a)

    def card(self, token: str, decision: bool | None) -> None:
        """Note that a card was held to the station, and what became of it (None: somebody is asked)."""
        if decision is False:
            self.counters["refused_cards"] += 1
        self._set(last_card=token, last_card_at=self.now(), last_card_taken=decision)

    def local_list(self, *, taken: bool) -> None:
        """Note whether the station took our list of cards."""
        self._set(local_list=LocalList.IN_STEP if taken else LocalList.NOT_TAKEN)

    def confirmed_set(self, *, taken: bool) -> None:
        """Note whether the station took its fail-safe current; one that did not cannot fall back to it."""
        refused_before = self._state.fail_safe_set is False
        self._set(fail_safe_set=taken)
        if not taken:
            self.told_fail_safe(FailSafe.DOES_NOT_FALL_BACK)
        elif refused_before:
            self.told_fail_safe(FailSafe.NOT_VERIFIED)

    def told_fail_safe(self, fail_safe: FailSafe) -> None:
        """Note whether the station falls back when it no longer hears from us, also after a power cut."""
        if FORGETS in self.variables:
            fail_safe = FailSafe.DOES_NOT_FALL_BACK
        news = fail_safe is not self._state.fail_safe
        if news and fail_safe is FailSafe.DOES_NOT_FALL_BACK:
            _LOGGER.warning(
                "Charger %s does not fall back to its fail-safe current", self.identity
            )
        self._set(fail_safe=fail_safe, fall_back_a=self._fall_back_a(fail_safe))

    def confirmed(self, *, taken: bool) -> None:
        """Note whether the station took a limit: one that refuses each can be stopped and started only."""
        could = self._state.takes_limits
        if taken:
            self.refusals.taken(LIMITS)
        else:
            self.refusals.refused(LIMITS)
        can = not self.refusals.sure(LIMITS)
        if could and not can:
            _LOGGER.warning(
                "Charger %s cannot be limited, only stopped and started", self.identity
            )
        self._set(takes_limits=can)
        if can and not could and self._adapter is not None:
            self._adapter.set_up_again()

    def _fall_back_a(self, fail_safe: FailSafe) -> float:
        if fail_safe is FailSafe.DOES_NOT_FALL_BACK:
            return self.config.max_a
        return self.config.fail_safe_a

    def reported_status(
        self, connector: int, status: ConnectorStatus, error_code: str | None
    ) -> None:
        """Note the status of a connector."""
        if not 1 <= connector <= MAX_CONNECTORS:
            return
        changes: dict[str, Any] = {"status": status, "error_code": error_code}
        if status in IDLE:
            changes["meter"] = self.meter(connector).stopped(self.now())
            if status in GONE:
                changes |= {"transaction": None, "needs": None, "priority": False}
        self.change(connector, **changes)
        limiter = self._limiter(connector)
        limiter.status_changed()
        if status in GONE:
            limiter.stopped()

    def measured(
        self, connector: int, readings: Iterable[Reading], at: datetime
    ) -> None:
        """Note what a connector measured at `at` by our clock; what is old counts for the energy only."""
        if not 1 <= connector <= MAX_CONNECTORS:
            return
        meter = self.meter(connector)
        live = self.now() - at <= timedelta(seconds=self.timing.live_s)
        readings = tuple(readings)
        sample = meter.update(readings, at, live=live)
        self.counters["impossible_meter_values"] += meter.take_dropped()
        changes: dict[str, Any] = {"meter": sample}
        if (session_wh := meter.session_wh) is not None:
            changes["session_energy_wh"] = session_wh
        self.change(connector, **changes)
        self._limiter(connector).measured()
        if not live:
            self.inspector.judge_away(readings, at)

    def renew(self, adapter: Adapter) -> None:
        """Send what is offered once more, to every connector with a transaction."""
        for connector, limiter in self._limiters.items():
            if self.connector(connector).transaction is not None:
                limiter.renew(adapter)

    def of_all(self, connector: int, limit: Limit) -> Limit:
        """Return a limit for the station as a whole that gives a connector its own: the others keep theirs."""
        others = [
            state.offer_a or 0.0
            for state in self._state.connectors
            if state.id != connector and (state.transaction or state.offer_until)
        ]
        return replace(limit, current_a=round(limit.current_a + sum(others), 1))

    def current(self, connector: int) -> Limit | None:
        """Return what a connector is offered at present; None where that lapsed, or there is nothing."""
        limiter = self._limiters.get(connector)
        return limiter.current_limit() if limiter else None

    def reported_needs(self, connector: int, needs: ChargingNeeds) -> bool:
        """Note what a car asks for; returns whether it can be answered with a schedule at once."""
        self.change(connector, needs=needs)
        adapter = self._adapter
        return adapter is not None and self._limiter(connector).renew(adapter)

    def reported_priority(self, connector: int, *, on: bool) -> None:
        """Note whether the driver asked the station for all there is."""
        self.change(connector, priority=on)

    def numbered(self, evse: int, connector: int) -> int:
        """Return the number of a connector of an EVSE; 0 where there are too many.

        The first connector of an EVSE has the number of the EVSE where that is free.
        """
        if evse < 1 or connector < 1:
            return 0
        if (evse, connector) not in self.evses:
            taken = set(self.evses.values())
            free = (n for n in range(1, MAX_CONNECTORS + 1) if n not in taken)
            number = evse if connector == 1 and evse not in taken else next(free, 0)
            if not 1 <= number <= MAX_CONNECTORS:
                return 0
            self.evses[evse, connector] = number
            self.change(number, evse_id=evse)
        return self.evses[evse, connector]

    async def present_a(self, adapter: Adapter) -> float | None:
        """Return the limit that the station intends without a car, None where it does not say."""
        return await self.inspector.present_a(adapter)

    def judge_boot(self, before_a: float, after_a: float) -> None:
        """Conclude whether the station kept its fail-safe current over a boot."""
        self.inspector.judge_boot(before_a, after_a)

    async def check_limit(self, adapter: Adapter, connector: int) -> None:
        """Ask the station what it makes of a limit that it just took."""
        await self.inspector.check(adapter, connector)

    def change(self, connector: int, **changes: Any) -> None:
        """Change the state of a connector and tell about it."""
        before = self.connector(connector)
        state = replace(before, **changes)
        if state.transaction is not None and not state.used:
            state = replace(state, used=True)
        states = {state.id: state for state in self._state.connectors}
        states[connector] = state
        self._set(
            last_seen=self.now(),
            connectors=tuple(states[connector] for connector in sorted(states)),
        )
        if state.used != before.used or state.status != before.status:
            self._set(**self._connector_counts())

    def meter(self, connector: int) -> Meter:
        """Return the meter of a connector."""
        if connector not in self._meters:
            self._meters[connector] = self.new_meter()
        return self._meters[connector]

    def new_meter(self) -> Meter:
        """Return a meter of a connector that has measured nothing yet."""
        return Meter(
            phases=self.config.phases,
            voltage_v=self.config.voltage_v,
            max_a=self.config.max_a,
            time_factor=self.config.time_factor,
        )

    def _limiter(self, connector: int) -> Limiter:
        if connector not in self._limiters:
            self._limiters[connector] = Limiter(self, connector)
        return self._limiters[connector]

    def _set(self, **changes: Any) -> None:
        state = replace(self._state, **changes)
        if state != self._state:
            self._state = state
            self._changed(state)


def connectors_of(config: StationConfig) -> tuple[ConnectorState, ...]:
    """Return the connectors that a station is configured with, of which nothing is known yet."""
    return tuple(
        ConnectorState(id=connector)
        for connector in range(1, min(config.connectors, MAX_CONNECTORS) + 1)
    )
