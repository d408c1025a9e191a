"""A charging station, whatever version of OCPP it speaks."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Self, override

from ...engine.model import ConnectorStatus
from ...engine.moving import move_attributes, moved
from ...engine.stored import UNREADABLE, Stored
from ..adapter import Adapter
from ..model import (
    CommandError,
    FailSafe,
    FinishedTransaction,
    NewPassword,
    Session,
    SessionNews,
    StationConfig,
    StationState,
)
from ..security.cards import CardPolicy
from ..security.new_password import PasswordChange
from ..security.passwords import Proof
from .book import connectors_of
from .memory import (
    Memory,
    dump_info,
    dump_lasting,
    dump_record,
    energy_of,
    load_connector,
    load_evse,
    load_fail_safe,
    load_info,
    load_lasting,
    load_local_list,
    load_number,
    load_record,
    load_text,
)
from .quirks import behaviour, in_force
from .refusals import LIMITS
from .sessions import SessionBook
from .timing import Timing
from .transactions import Record

_READY_S = 15.0


class Station(SessionBook):
    """What is known of a station, and what it can be told."""

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
        """Know a station by its configuration."""
        super().__init__(
            config,
            accepted=accepted,
            now=now,
            timing=timing,
            changed=changed,
            finished=finished,
            session_news=session_news,
        )
        self._password_change = PasswordChange(self)

    def clock_was_set(self, by: timedelta) -> None:
        """Move all that is remembered by our clock, which was set forward by so much."""
        self.clock.moved(by)
        self._state = moved(self._state, by)
        for meter in self._meters.values():
            meter.clock_was_set(by)
        for limiter in self._limiters.values():
            limiter.clock_was_set(by)
        for part in (
            self.transactions,
            self.patience,
            self.inspector,
            self._external,
        ):
            move_attributes(part, by)
        self.events.clock_was_set(by)

    # The parts, which become objects of their own step by step

    @property
    def reports(self) -> Self:
        """Takes in what the station reports of itself."""
        return self

    @property
    def presence(self) -> Self:
        """Knows whether the station is in service."""
        return self

    @property
    def connectors(self) -> Self:
        """Takes in what is reported of connectors."""
        return self

    @property
    def sessions(self) -> Self:
        """Takes in what is reported of transactions."""
        return self

    @property
    def limits(self) -> Self:
        """Takes in what is reported and confirmed of limits."""
        return self

    @property
    def fail_safe(self) -> Self:
        """Takes in what is reported and confirmed of the fail-safe current."""
        return self

    # Commands

    async def in_service(self) -> Adapter:
        """Return the adapter, whose commands reach the station, once the station has booted.

        Raises:
            CommandError: the station is out of reach.

        """
        try:
            async with asyncio.timeout(_READY_S if self._adapter else 0):
                await self._ready.wait()
        except TimeoutError as err:
            raise CommandError("not_connected") from err
        if (adapter := self._adapter) is None:
            raise CommandError("not_connected")
        return adapter

    async def offer(
        self,
        connector: int,
        current_a: float,
        phases: int | None = None,
        *,
        again: bool = False,
        session: Session | None = None,
    ) -> None:
        """Let a connector draw so much per phase (0: nothing), on so many phases.

        To be called again and again: a limit lapses two minutes after it was last offered. A limit that the
        station has already, and that is not due for renewal, is not sent again unless `again` asks for that.
        `session` is what the offer was decided for (None: what runs now): 0 A does not reach any other.

        Raises:
            CommandError: the station did not take it, or could not be asked.

        """
        session = session or self.connector(connector).session
        adapter = await self.in_service()
        await self._limiter(connector).offer(
            adapter, current_a, phases, again=again, session=session
        )

    async def stop(self, connector: int) -> None:
        """Stop the transaction of a connector; the car starts again only when it is offered a current.

        Raises:
            CommandError: there is none, the station refused, or could not be asked.

        """
        adapter = await self.in_service()
        await self._limiter(connector).stop(adapter)

    def test_fail_safe(self, connector: int) -> None:
        """Let the limit of a connector on which a car charges lapse; `state.fail_safe` tells what came of it.

        Takes as long as a limit holds and a little more; ends at once when less has to be offered meanwhile.

        Raises:
            CommandError: no car draws enough there to tell.

        """
        self._limiter(connector).test_fail_safe()

    async def change_password(self, password: str) -> None:
        """Give the station another password; what it connected with until now counts until the new one was used.

        `config` holds both afterwards: the caller keeps them.

        Raises:
            CommandError: the station did not take it, or could not be asked.

        """
        adapter = await self.in_service()
        await self._password_change.send(adapter, password)
        self._password_change.restart_if_due(adapter)

    # What the central system tells

    def proved(self, proof: Proof) -> None:
        """Note with which credential the station connects."""
        self._password_change.proved(proof)

    @override
    def heard(self) -> None:
        super().heard()
        if self._adapter is not None and self._ready.is_set():
            self._password_change.restart_if_due(self._adapter)

    def accept(self, config: StationConfig) -> None:
        """Let the station in, or take in a changed configuration."""
        before, self.config = self.config, config
        same = self._state.accepted and _without_password(before) == _without_password(
            config
        )
        self.behaviour = behaviour(self._state.info, config.quirks)
        known = {state.id: state for state in self._state.connectors}
        for state in connectors_of(config):
            known.setdefault(state.id, state)
        for connector in self._meters:
            self._meters[connector].configure(
                phases=config.phases, voltage_v=config.voltage_v, max_a=config.max_a
            )
        self._set(
            accepted=True,
            connectors=tuple(known[connector] for connector in sorted(known)),
            fall_back_a=self._fall_back_a(self._state.fail_safe),
            switches_phases=self.shape.switches_phases,
            new_password=(self._state.new_password or NewPassword.SENT)
            if config.former
            else None,
        )
        if not same:
            self._set_up_again()

    def _set_up_again(self) -> None:
        """Tell the station what changed for it; one that is not in service yet is set up when it is."""
        if self._adapter is not None and self._ready.is_set():
            self._adapter.set_up_again()

    def set_cards(self, cards: CardPolicy) -> None:
        """Say who may charge; the station's own list follows."""
        if cards == self.cards:
            return
        self.cards = cards
        self._set_up_again()

    def forget(self) -> None:
        """Let the station in no longer."""
        self._set(accepted=False)

    def refused(self, address: str) -> None:
        """Note that somebody failed to prove to be this station."""
        self._set(
            wrong_passwords=self._state.wrong_passwords + 1,
            wrong_password_from=address,
        )

    def connected(self, adapter: Adapter, protocol: str) -> None:
        """Note that the station is there, not yet that it has booted."""
        self._adapter = adapter
        self._ready.clear()
        self.inspector.back()
        self._set(
            connected=True,
            last_seen=self.now(),
            **self._speaks(protocol),
            # Where there is a password, whoever is connected has proved to be the station.
            wrong_passwords=0,
            wrong_password_from=None,
        )

    def disconnected(self, adapter: Adapter) -> None:
        """Note that a connection is gone; only the present one counts."""
        if self._adapter is not adapter:
            return
        self._adapter = None
        self._ready.clear()
        self.inspector.left()
        for limiter in self._limiters.values():
            limiter.disconnected()
        self._set(connected=False)

    def diagnostics(self) -> dict[str, Any]:
        """Return what helps to find out what is wrong, without secrets and card numbers."""
        return {
            "protocol": self._state.info.protocol,
            "info": dump_info(self._state.info),
            "variables": dict(self.variables),
            "quirks": list(self._state.quirks),
            "fail_safe": self._state.fail_safe.value,
            "clock_skew_s": self.clock.skew.total_seconds(),
            "counters": dict(self.counters),
            "messages": self.messages.redacted(),
        }

    # What outlives a restart

    def memory(self) -> Memory:
        """Return what is worth keeping of the station, as plain data."""
        return {
            "info": dump_info(self._state.info),
            "variables": dict(self.variables),
            "fail_safe": self._state.fail_safe.value,
            "local_list": self._state.local_list,
            "evses": [[*evse, number] for evse, number in self.evses.items()],
            "lasting": dump_lasting(self.lasting),
            "paused": [state.id for state in self._state.connectors if state.paused],
            "statuses": {
                str(state.id): state.status
                for state in self._state.connectors
                if state.status is not None
            },
            "transactions": [dump_record(record) for record in self.transactions],
            "used": [state.id for state in self._state.connectors if state.used],
            "energy": {
                str(connector): {
                    **meter.energy_memory(),
                    "session_wh": self.connector(connector).session_energy_wh,
                }
                for connector, meter in self._meters.items()
            },
        }

    def _not_ahead(self, record: Record) -> Record:
        """Return a record that a clock which was ahead may have written, as one of now at the latest."""
        now, transaction = self.now(), record.transaction
        started_at = min(transaction.started_at, now)
        stopped_at = record.stopped_at and min(record.stopped_at, now)
        transaction = replace(transaction, started_at=started_at)
        return replace(record, transaction=transaction, stopped_at=stopped_at)

    def restore(self, *parts: Stored) -> None:
        """Go on from what was kept, item by item; to be called before the station connects."""
        for part in parts:
            for record in part.rows("transactions", load_record):
                self._restore_transaction(record)
            if set(part.names) - {"transactions"}:
                self._restore(part)

    def _restore_transaction(self, record: Record) -> None:
        known = self.transactions.get(record.transaction.id)
        if known is not None and known.stopped_at is not None:
            return  # its end was kept, and not yet that it no longer runs
        record = self._not_ahead(record)
        self.transactions.add(record)
        self._resumable.pop(record.connector, None)
        if record.stopped_at is None:
            self._resumable[record.connector] = record.transaction.id

    def _restore(self, memory: Stored) -> None:
        info = load_info(memory.within("info"))
        self.variables.update(memory.within("variables").each(load_text))
        self.lasting = memory.read("lasting", load_lasting, None)
        statuses = memory.within("statuses").each(ConnectorStatus)
        self.last_statuses = {int(name): one for name, one in statuses.items()}
        self.evses.update(memory.rows("evses", load_evse))
        fail_safe = memory.read("fail_safe", load_fail_safe, FailSafe.NOT_VERIFIED)
        self.behaviour = behaviour(info, self.config.quirks)
        self._set(
            info=info,
            quirks=tuple(quirk.name for quirk in in_force(info)),
            takes_limits=not self.refusals.sure(LIMITS),
            fail_safe=fail_safe,
            fail_safe_set=True if self.lasting else None,
            local_list=memory.read("local_list", load_local_list, None),
            fall_back_a=self._fall_back_a(fail_safe),
            switches_phases=self.shape.switches_phases,
        )
        for connector in memory.rows("paused", load_connector):
            self.change(connector, paused=True)
        energies, counters = memory.within("energy"), memory.within("energy_wh")
        for name in energies.names:
            energies.read(name, partial(self._restore_energy, name), None)
        for name in counters.names:  # of earlier versions
            counters.read(name, partial(self._restore_counter, name), None)
        used = {record.connector for record in self.transactions}
        for connector in used | set(memory.rows("used", load_connector)):
            self.change(connector, used=True)
        self._set(**self._connector_counts())

    def _restore_counter(self, name: str, energy_wh: Any) -> None:
        """Go on from the value of a connector's counter alone; raises what reading raises."""
        self._restore_energy(name, energy_of(energy_wh))

    def _restore_energy(self, name: str, energy: Memory) -> None:
        """Go on from the energy of a connector.

        Raises what reading raises; the counter's value is taken all the same where that can be read.
        """
        connector = load_connector(name)
        alone = energy_of(energy["energy_wh"])
        try:
            sample = self.meter(connector).restore_energy(energy, self.now())
            # That of a session that runs is out of date until the charger tells.
            last_wh = None if energy["session"] else load_number(energy["session_wh"])
        except UNREADABLE:
            del self._meters[connector]
            sample = self.meter(connector).restore_energy(alone, self.now())
            self.change(connector, meter=sample)
            raise
        self.change(connector, meter=sample, session_energy_wh=last_wh)


def _without_password(config: StationConfig) -> StationConfig:
    """Return what of a configuration a station is set up by."""
    return replace(config, password=None, former=None, client_certificate=False)
