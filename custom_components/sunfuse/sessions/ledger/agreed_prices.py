"""Which price list was agreed on when a session began: that of its person, or else that of guests at its charger.

Who has which price list since when is kept for good, so that what arrives late is billed as it would have been in time.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
import sqlite3

from ..price_list import PriceList
from .ledger_codec import ms


class Billed(StrEnum):
    """Whose sessions a price list is for."""

    PERSON = "person"
    STATION = "station"  # guests at a charger: nobody knows who they are


type PriceLists = Mapping[tuple[Billed, str], PriceList]


def agreed_prices(
    db: sqlite3.Connection, person: str | None, station: str, at: datetime
) -> tuple[int, PriceList] | None:
    """Return the price list of a session that began at a time, with its number; None where there is none."""
    kind, whose = (Billed.PERSON, person) if person else (Billed.STATION, station)
    row = db.execute(
        "SELECT l.number, l.terms FROM billing b"
        " LEFT JOIN price_list l ON l.number = b.price_list"
        " WHERE b.kind = ? AND b.id = ? AND b.since <= ? ORDER BY b.since DESC LIMIT 1",
        (kind.value, whose, ms(at)),
    ).fetchone()
    if row is None or row["number"] is None:
        return None
    return row["number"], _read(row["terms"])


def price_lists(db: sqlite3.Connection) -> dict[int, PriceList]:
    """Return all price lists that were ever agreed on, by their numbers."""
    rows = db.execute("SELECT number, terms FROM price_list")
    return {row["number"]: _read(row["terms"]) for row in rows}


def agree(db: sqlite3.Connection, lists: PriceLists, since: datetime) -> None:
    """Note the price lists that are valid from now on: all of them, so whoever is not named has none.

    What was noted before stays, whatever the clock says: it is the past.
    """
    known = {
        (Billed(row["kind"]), row["id"]): (row["price_list"], row["newest"])
        for row in db.execute(
            "SELECT kind, id, price_list, MAX(since) newest FROM billing"
            " GROUP BY kind, id"
        )
    }
    for whose in sorted({*known, *lists}):
        number = _number(db, lists[whose]) if whose in lists else None
        before, newest = known.get(whose, (None, -1))
        if before != number:
            db.execute(
                "INSERT INTO billing VALUES (?,?,?,?)",
                (whose[0].value, whose[1], max(ms(since), newest + 1), number),
            )


def agree_again(db: sqlite3.Connection, lists: PriceLists, since: datetime) -> None:
    """Note that these price lists were valid from a time on, whatever was agreed on since then."""
    db.execute("DELETE FROM billing WHERE since >= ?", (ms(since),))
    agree(db, lists, since)


def _number(db: sqlite3.Connection, prices: PriceList) -> int:
    terms = prices.to_json()
    db.execute("INSERT OR IGNORE INTO price_list (terms) VALUES (?)", (terms,))
    [number] = db.execute(
        "SELECT number FROM price_list WHERE terms = ?", (terms,)
    ).fetchone()
    return int(number)


@lru_cache
def _read(terms: str) -> PriceList:
    return PriceList.from_json(terms)
