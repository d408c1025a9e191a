"""What the tests of the ledger share."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from custom_components.sunfuse.sessions import (
    Ledger,
    MeasuredQuarter,
    SessionFilter,
    SessionRow,
    SiteQuarter,
    TransactionFacts,
)

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
EVERYTHING = SessionFilter()


def got[T](future: Future[T]) -> T:
    """Return what a future brings."""
    return future.result(timeout=30)


@contextmanager
def opened(path: Path) -> Iterator[Ledger]:
    """Open a ledger, and close it in the end."""
    ledger = Ledger(path)
    try:
        yield ledger
    finally:
        ledger.close()


def only(ledger: Ledger) -> SessionRow:
    """Return the only session."""
    [row] = got(ledger.sessions(EVERYTHING))
    return row


def finished(
    transaction: str = "1",
    *,
    station: str = "CP1",
    start: datetime = NOON,
    hours: float = 1.0,
    energy_wh: float = 4000.0,
    **more: object,
) -> TransactionFacts:
    """Return a finished transaction."""
    facts = TransactionFacts(
        station=station,
        transaction=transaction,
        connector=1,
        stated_start_at=start,
        stated_stop_at=start + timedelta(hours=hours),
        stated_wh=energy_wh,
    )
    other = TransactionFacts(station=station, transaction=transaction, **more)  # type: ignore[arg-type]
    return facts.joined(other)


def measured(
    index: int, energy_wh: float, sun_wh: float = 0.0, **more: float
) -> MeasuredQuarter:
    """Return the quarter hour so many after noon, fully observed."""
    return MeasuredQuarter(
        station="CP1",
        transaction="1",
        start=NOON + index * QUARTER,
        energy_wh=energy_wh,
        sun_wh=sun_wh,
        seconds=more.get("seconds", 900.0),
        battery_wh=more.get("battery_wh", 0.0),
        peak_w=more.get("peak_w", 0.0),
    )


def site(
    index: int, *, import_price: float = 0.30, export_price: float = 0.08, **more: float
) -> SiteQuarter:
    """Return a quarter hour of the site, so many after noon."""
    return SiteQuarter(
        start=NOON + index * QUARTER,
        seconds=more.pop("seconds", 900.0),
        import_price=import_price,
        export_price=export_price,
        currency="EUR",
        **more,
    )
