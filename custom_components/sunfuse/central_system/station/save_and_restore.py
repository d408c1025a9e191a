"""What of a station is stored over a restart of Home Assistant."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from ...engine.model import ConnectorStatus
from ...engine.stored_items import UNREADABLE, Stored
from ..station_state import FailSafe, StoredEnergy
from .connectors import Connectors
from .limits.fail_safe_watch import FailSafeWatch
from .limits.station_limits import Limits
from .metering.meters import Meters
from .metering.register_readings import SessionReadings
from .refused_commands import LIMITS
from .sessions.plug_events import PlugEvents
from .sessions.sessions import Sessions
from .shared_state import SharedState
from .stored_state import (
    Memory,
    dump_held,
    dump_info,
    dump_lasting,
    dump_record,
    energy_of,
    load_connector,
    load_evse,
    load_fail_safe,
    load_flag,
    load_held,
    load_info,
    load_lasting,
    load_local_list,
    load_number,
    load_record,
    load_registers,
    load_skew,
    load_text,
)


class SaveAndRestore:
    """Saves and restores the parts of a station."""

    def __init__(
        self,
        shared: SharedState,
        meters: Meters,
        limits: Limits,
        sessions: Sessions,
        connectors: Connectors,
        fail_safe: FailSafeWatch,
        plug_events: PlugEvents,
    ) -> None:
        """Save these parts."""
        self._shared = shared
        self._meters = meters
        self._limits = limits
        self._sessions = sessions
        self._connectors = connectors
        self._fail_safe = fail_safe
        self._plug_events = plug_events
        self._registers: list[tuple[int, SessionReadings]] = []  # of finished sessions

    def memory(self) -> Memory:
        """Return what is to be stored of the station, as plain data."""
        shared, state = self._shared, self._shared.state
        evses = self._connectors.evses
        transactions = self._sessions.transactions
        last = self._connectors.last_statuses
        records = [dump_record(record) for record in transactions]
        energies = self._meters.memory()
        _move_finished(energies, records)
        return {
            "info": dump_info(state.info),
            "variables": dict(shared.variables),
            "fail_safe": state.fail_safe.value,
            "local_list": state.local_list,
            "evses": [[*evse, number] for evse, number in evses.items()],
            "lasting": dump_lasting(self._fail_safe.lasting),
            "paused": [
                connector.id for connector in state.connectors if connector.paused
            ],
            "statuses": {
                str(connector.id): status
                for connector in state.connectors
                # Until it connects, what was known before our last restart is still the newest.
                if (status := connector.status or last.get(connector.id)) is not None
            },
            "plugged": self._plug_events.memory(),
            "transactions": records,
            "held": [dump_held(one) for one in self._sessions.events.held],
            "used": sorted(shared.used),
            "skew_s": shared.clock.stored.total_seconds(),
            "energy": {
                str(connector): energy | self._session_of(connector)
                for connector, energy in energies.items()
            },
        }

    def _session_of(self, connector: int) -> Memory:
        state = self._shared.connector(connector)
        return {
            "session_wh": state.session_energy_wh,
            "session_id": state.session_id,
            "session_runs": state.transaction is not None,
        }

    def written(self, memory: Memory) -> None:
        """Note that this memory is in storage now."""
        for connector, energy in memory["energy"].items():
            self._shared.change(int(connector), stored=_stored_energy(energy))

    def restore(self, *parts: Stored) -> None:
        """Continue from stored data, item by item; to be called before the station connects."""
        for part in parts:
            for record in part.rows("transactions", load_record):
                self._sessions.restore(record)
            self._registers += filter(None, part.rows("transactions", load_registers))
            if set(part.names) - {"transactions"}:
                self._restore(part)

    def _restore(self, memory: Stored) -> None:
        shared = self._shared
        info = load_info(memory.within("info"))
        shared.variables.update(memory.within("variables").each(load_text))
        shared.clock.restore(memory.read("skew_s", load_skew, timedelta()))
        lasting = memory.read("lasting", load_lasting, None)
        self._fail_safe.lasting = lasting
        self._sessions.events.restore(
            memory.rows("held", load_held), shared.now(), shared.timing.hold_s
        )
        self._connectors.last_statuses = _by_connector(
            memory.within("statuses"), ConnectorStatus
        )
        self._plug_events.restore(_by_connector(memory.within("plugged"), load_flag))
        self._connectors.evses.update(memory.rows("evses", load_evse))
        fail_safe = memory.read("fail_safe", load_fail_safe, FailSafe.NOT_VERIFIED)
        shared.identify(
            info,
            takes_limits=not self._limits.refusals.sure(LIMITS),
            fail_safe=fail_safe,
            fail_safe_set=True if lasting else None,
            local_list=memory.read("local_list", load_local_list, None),
            fall_back_a=shared.fall_back_a(fail_safe),
        )
        for connector in memory.rows("paused", load_connector):
            shared.change(connector, paused=True)
        energies, counters = memory.within("energy"), memory.within("energy_wh")
        for name in energies.names:
            energies.read(name, partial(self._restore_energy, name), None)
        for name in counters.names:  # stored by earlier versions
            counters.read(name, partial(self._restore_counter, name), None)
        self._connectors.restored()
        shared.used.update(memory.rows("used", load_connector))
        started = {record.connector for record in self._sessions.transactions}
        for connector in started | shared.used:
            shared.change(connector, used=True)
        shared.count_connectors()

    def _restore_counter(self, name: str, energy_wh: Any) -> None:
        """Continue from the value of a connector's counter alone; raises what reading raises."""
        self._restore_energy(name, energy_of(energy_wh))

    def _restore_energy(self, name: str, energy: Memory) -> None:
        """Continue from the stored energy of a connector.

        Raises what reading raises; the counter's value is used if that alone can be read.
        """
        connector = load_connector(name)
        alone = energy_of(energy["energy_wh"])
        if "session_id" not in energy:  # stored by earlier versions
            energy = energy | {"session_id": self._sessions.resumable(connector)}
        try:
            finished = (one for number, one in self._registers if number == connector)
            sample = self._meters.restore(connector, energy, finished)
            stored = _stored_energy(energy)
        except UNREADABLE:
            self._meters.forget(connector)
            sample = self._meters.restore(connector, alone)
            self._shared.change(connector, meter=sample)
            raise
        self._shared.change(
            connector,
            meter=sample,
            session_energy_wh=stored.session_wh,
            session_id=stored.session_id,
            stored=stored,
        )


def _move_finished(energies: dict[int, Memory], records: list[Memory]) -> None:
    """Move what registers showed in finished transactions to their records, which are seldom written.

    The newest session of a connector stays: something may be shown after it.
    """
    for record in records:
        sessions = energies.get(record["connector"], {}).get("sessions", {})
        if record["stopped_at"] is None or record["id"] not in sessions:
            continue
        if record["id"] == next(reversed(sessions)):
            record["registers"] = sessions[record["id"]]
        else:
            record["registers"] = sessions.pop(record["id"])


def _stored_energy(energy: Memory) -> StoredEnergy:
    """Return what counters show of the stored energy of a connector."""
    return StoredEnergy(
        energy_wh=load_number(energy["energy_wh"]),
        session_wh=load_number(energy["session_wh"]),
        session_id=load_text(energy.get("session_id")),
        session_runs=load_flag(energy.get("session_runs", False)),
    )


def _by_connector[T](stored: Stored, reader: Callable[[Any], T]) -> dict[int, T]:
    """Return what a reader makes of each connector's item that can be read."""

    def one(name: str, value: Any) -> tuple[int, T]:
        return load_connector(name), reader(value)

    found = (
        stored.read(name, partial(one, name), None) for name in tuple(stored.names)
    )
    return dict(item for item in found if item is not None)
