"""How what is known of a transaction is stored, and read again."""

from dataclasses import fields
import sqlite3
from typing import Any

from ..session_facts import Attribution, TransactionFacts
from .ledger_codec import at_ms, ms

PART_TIMES = frozenset(
    (
        "plugged_at",
        "heard_start_at",
        "stated_start_at",
        "noticed_stop_at",
        "stated_stop_at",
        "unplugged_at",
        "corrected_at",
    )
)
_SAID = frozenset(("person", "vehicle"))
_FACTS = tuple(
    one.name
    for one in fields(TransactionFacts)
    if one.name not in {"station", "transaction"}
)
_COLUMNS = (
    "station",
    "id",
    "session",
    *(
        column
        for name in _FACTS
        for column in ((name, f"{name}_at") if name in _SAID else (name,))
    ),
)
PUT_PART = (
    f"INSERT OR REPLACE INTO part ({', '.join(_COLUMNS)})"  # noqa: S608 (names of fields)
    f" VALUES ({', '.join('?' * len(_COLUMNS))})"
)


def part_values(facts: TransactionFacts, session: int) -> list[Any]:
    """Return the values of a transaction's row."""
    values: list[Any] = [facts.station, facts.transaction, session]
    for name in _FACTS:
        value = getattr(facts, name)
        if name in _SAID:
            values += [value.value, ms(value.at)] if value else [None, None]
        else:
            values.append(ms(value) if name in PART_TIMES and value else value)
    return values


def part_of(row: sqlite3.Row) -> TransactionFacts:
    """Return what is known of a transaction."""
    values: dict[str, Any] = {}
    for name in _FACTS:
        value = row[name]
        if value is None:
            continue
        if name in _SAID:
            value = Attribution(at=at_ms(row[f"{name}_at"]), value=value)
        elif name in PART_TIMES:
            value = at_ms(value)
        elif name == "offline":
            value = bool(value)
        values[name] = value
    return TransactionFacts(station=row["station"], transaction=row["id"], **values)
