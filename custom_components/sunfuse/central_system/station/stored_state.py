"""What is stored of a station over a restart, as plain data for JSON."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ...engine.codec import from_jsonable, read_number, read_time
from ...engine.stored_items import Stored
from ..station_state import FailSafe, LocalList, StationInfo, Transaction
from .connector_count import MAX_CONNECTORS
from .metering.register_readings import SessionReadings
from .quirks import Kind
from .sessions.event_order import HeldEvent
from .sessions.transactions import Record

type Memory = dict[str, Any]
type Lasting = tuple[float, tuple[Kind, int, bool]]


def dump_info(info: StationInfo) -> Memory:
    """Return make, model and firmware of a station as plain data."""
    return {
        "vendor": info.vendor,
        "model": info.model,
        "serial": info.serial,
        "firmware": info.firmware,
        "protocol": info.protocol,
    }


def load_info(stored: Stored) -> StationInfo:
    """Return make, model and firmware of a station."""
    return StationInfo(**stored.fields_of(StationInfo))


def load_evse(row: Any) -> tuple[tuple[int, int], int]:
    """Return an EVSE with its connector, and their number."""
    evse, connector, number = map(_whole, row)
    return (evse, connector), load_connector(number)


def load_connector(number: Any) -> int:
    """Return the number of a connector, which is a key of a JSON object."""
    connector = int(number) if isinstance(number, str) else _whole(number)
    if not 1 <= connector <= MAX_CONNECTORS:
        raise ValueError(f"There is no connector {connector}")
    return connector


def load_text(text: Any) -> str | None:
    """Return a text, or None."""
    if text is not None and not isinstance(text, str):
        raise TypeError(f"A text expected, not {type(text)}")
    return text


def load_flag(flag: Any) -> bool:
    """Return a flag."""
    if not isinstance(flag, bool):
        raise TypeError(f"True or false expected, not {type(flag)}")
    return flag


def load_number(number: Any) -> float | None:
    """Return a number, or None."""
    return None if number is None else read_number(number)


def _whole(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"A whole number expected, not {type(number)}")
    return number


def dump_record(record: Record) -> Memory:
    """Return a transaction as plain data."""
    transaction = record.transaction
    return {
        "connector": record.connector,
        "id": transaction.id,
        "started_at": transaction.started_at.isoformat(),
        "meter_start_wh": transaction.meter_start_wh,
        "id_token": transaction.id_token,
        "stopped_at": record.stopped_at and record.stopped_at.isoformat(),
        "energy_wh": record.energy_wh,
        "corrected_at": record.corrected_at and record.corrected_at.isoformat(),
        "reported": list(record.reported),
        "noticed": record.noticed,
        "id_known": record.id_known,
        "skew_s": None if record.skew is None else record.skew.total_seconds(),
    }


def load_record(data: Mapping[str, Any]) -> Record:
    """Return a transaction."""
    stopped_at, skew_s = data["stopped_at"], load_number(data.get("skew_s"))
    corrected_at = data.get("corrected_at")
    return Record(
        connector=load_connector(data["connector"]),
        transaction=Transaction(
            id=load_text(data["id"]) or "",
            started_at=read_time(data["started_at"]),
            meter_start_wh=load_number(data["meter_start_wh"]),
            id_token=load_text(data["id_token"]),
        ),
        stopped_at=read_time(stopped_at) if stopped_at else None,
        energy_wh=load_number(data["energy_wh"]),
        corrected_at=read_time(corrected_at) if corrected_at else None,
        # `told` is its name in files of earlier versions.
        reported=tuple(map(str, data["reported" if "reported" in data else "told"])),
        noticed=bool(data.get("noticed", False)),
        id_known=bool(data.get("id_known", True)),
        skew=None if skew_s is None else timedelta(seconds=skew_s),
    )


def load_registers(data: Mapping[str, Any]) -> tuple[int, SessionReadings] | None:
    """Return what registers showed in a finished transaction of a connector; None if that was not stored with it."""
    if data.get("registers") is None:
        return None
    connector = load_connector(data["connector"])
    return connector, from_jsonable(SessionReadings, data["registers"])


def dump_held(held: HeldEvent) -> Memory:
    """Return an event that is held as plain data."""
    return {
        "transaction_id": held.transaction_id,
        "at": held.at.isoformat(),
        "until": held.until.isoformat(),
        "payload": held.payload,
    }


def load_held(data: Mapping[str, Any]) -> HeldEvent:
    """Return an event that is held; what it says was checked when it arrived."""
    payload = dict(data["payload"])
    if payload["eventType"] not in ("Updated", "Ended"):
        raise ValueError(f"Held is no {payload['eventType']}")
    return HeldEvent(
        transaction_id=load_text(data["transaction_id"]) or "",
        at=read_time(data["at"]),
        until=read_time(data["until"]),
        payload=payload,
    )


def dump_lasting(lasting: Lasting | None) -> list[Any] | None:
    """Return the fail-safe current that a station accepted, and its shape, as plain data."""
    if lasting is None:
        return None
    current_a, (kind, level, each) = lasting
    return [current_a, kind.value, level, each]


def load_lasting(data: list[Any] | None) -> Lasting | None:
    """Return the fail-safe current that a station accepted, and its shape."""
    if data is None:
        return None
    current_a, kind, level, each = data
    return load_number(current_a) or 0.0, (Kind(kind), _whole(level), bool(each))


def load_skew(skew_s: Any) -> timedelta:
    """Return how far the clock of a station is ahead."""
    return timedelta(seconds=load_number(skew_s) or 0.0)


def load_fail_safe(data: str) -> FailSafe:
    """Return whether a station falls back."""
    return FailSafe(data)


def load_local_list(data: str | None) -> LocalList | None:
    """Return whether a station has our list of cards."""
    return None if data is None else LocalList(data)


def energy_of(energy_wh: Any) -> Memory:
    """Return the memory of a counter of which only its value is known."""
    return {"energy_wh": load_number(energy_wh), "session_wh": None}
