"""The energy of a transaction that has ended: by its registers at start and end, or by its meter values."""

from dataclasses import replace
from datetime import datetime

from .meter import Meter
from .session_chain import Span
from .transactions import Record


def ended(
    record: Record,
    before: Span | None,
    meter: Meter,
    started_at: datetime,
    at: datetime,
    meter_stop_wh: float | None,
) -> tuple[Record, bool]:
    """Return a transaction that ended, and whether something newer is known of the meter.

    `started_at` is when it began by what is known of the station's clock now. Where the end carries no register, the
    last meter value stands for it; where the start carries none, the end of the session `before` does.
    """
    stop = None if meter_stop_wh is None else (meter_stop_wh, at)
    start_wh = _start_wh(record, before, meter, stop)
    shown_wh = _shown_wh(record, start_wh, meter)
    read_at, stop_wh = at, meter_stop_wh
    if stop_wh is None and record.values is not None:
        read_at = min(record.values.last_at, at)
        if start_wh is not None and shown_wh is not None:
            stop_wh = start_wh + shown_wh
    late = meter.is_late(read_at)
    energy_wh = meter.session_stops(
        start_wh, stop_wh, started_at, read_at, record.base_wh
    )
    if start_wh is None and stop_wh is None and (late or record.skew is not None):
        energy_wh = (
            None  # what else was read since it began may be of other transactions
        )
    if energy_wh is None:
        # What it had taken when another began, or what its values show.
        energy_wh = _most(record.energy_wh, shown_wh)
    openly = meter_stop_wh is None
    record = replace(
        record,
        stopped_at=at,
        energy_wh=energy_wh,
        ends_openly=openly,
        stop_wh=meter_stop_wh,
    )
    return record, late


def shows_more(record: Record, before: Span | None, meter: Meter) -> bool:
    """Whether meter values of a transaction arrived after an end that carried none, and show more energy."""
    if not record.ends_openly:
        return False
    start_wh = _start_wh(record, before, meter, None)
    shown_wh = _shown_wh(record, start_wh, meter)
    return _most(record.energy_wh, shown_wh) != record.energy_wh


def _start_wh(
    record: Record,
    before: Span | None,
    meter: Meter,
    stop: tuple[float, datetime] | None,
) -> float | None:
    """Return where the register stood at the start: where it does not say so, where the session before ended."""
    start_wh, values = record.transaction.meter_start_wh, record.values
    end_wh = None if before is None else before.end_wh
    if start_wh is not None or end_wh is None:
        return start_wh
    first = stop if values is None else (values.first_wh, values.first_at)
    if first is None or not meter.goes_on(end_wh, record.started_at, *first):
        return None
    return end_wh


def _shown_wh(record: Record, start_wh: float | None, meter: Meter) -> float | None:
    """Return the energy that the meter values of a transaction show."""
    if record.values is None:
        return None
    return meter.taken_by(record.values, start_wh, record.started_at)


def _most(*values: float | None) -> float | None:
    return max((value for value in values if value is not None), default=None)
