"""What is worth keeping of a station over a restart, as plain data that can be stored as JSON."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from .model import FailSafe, StationInfo, Transaction
from .quirks import Kind
from .transactions import Record

type Memory = dict[str, Any]
type Lasting = tuple[float, tuple[Kind, int, bool]]


def dump_info(info: StationInfo) -> Memory:
    """Return what a station said of itself as plain data."""
    return {
        "vendor": info.vendor,
        "model": info.model,
        "serial": info.serial,
        "firmware": info.firmware,
        "protocol": info.protocol,
    }


def load_info(data: Mapping[str, Any]) -> StationInfo:
    """Return what a station said of itself."""
    return StationInfo(**data)


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
        "told": list(record.told),
        "base_wh": record.base_wh,
        "noticed": record.noticed,
        "skew_s": None if record.skew is None else record.skew.total_seconds(),
    }


def load_record(data: Mapping[str, Any]) -> Record:
    """Return a transaction."""
    stopped_at, skew_s = data["stopped_at"], data.get("skew_s")
    return Record(
        connector=data["connector"],
        transaction=Transaction(
            id=data["id"],
            started_at=datetime.fromisoformat(data["started_at"]),
            meter_start_wh=data["meter_start_wh"],
            id_token=data["id_token"],
        ),
        stopped_at=datetime.fromisoformat(stopped_at) if stopped_at else None,
        energy_wh=data["energy_wh"],
        told=tuple(data["told"]),
        base_wh=data.get("base_wh"),
        noticed=data.get("noticed", False),
        skew=None if skew_s is None else timedelta(seconds=skew_s),
    )


def dump_lasting(lasting: Lasting | None) -> list[Any] | None:
    """Return the fail-safe current that a station took, and its shape, as plain data."""
    if lasting is None:
        return None
    current_a, (kind, level, each) = lasting
    return [current_a, kind.value, level, each]


def load_lasting(data: list[Any] | None) -> Lasting | None:
    """Return the fail-safe current that a station took, and its shape."""
    if data is None:
        return None
    current_a, kind, level, each = data
    return current_a, (Kind(kind), level, each)


def load_fail_safe(data: str) -> FailSafe:
    """Return whether a station falls back."""
    return FailSafe(data)
