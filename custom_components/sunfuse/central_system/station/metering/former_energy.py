"""What counters of energy stored before 2027, as readings of the registers: each track with its last reading, and the session."""

from collections.abc import Mapping
from typing import Any

from ....engine.codec import read_time
from ..stored_state import load_number, load_text
from .register_readings import RegisterReading, SessionReadings, ShownValues


def former_sessions(data: Mapping[str, Any]) -> tuple[SessionReadings, ...]:
    """Return where the register stood, and what is known of the running session; raises what reading raises."""
    session, session_id = data.get("session"), load_text(data.get("session_id"))
    started_at = None
    if session is not None and session_id:
        started_at = read_time(session["started_at"])
    values, edges = _reading(data.get("values")), _reading(data.get("edges"))
    lasting = (edges, None if data.get("restarts") else values)
    before = [one for one in lasting if one and one.at <= (started_at or one.at)]
    newest = max(before, key=lambda one: one.at, default=None)
    found = []
    if newest is not None:
        found.append(_stood(newest, in_values=newest is values))
    if session is None or not session_id or started_at is None:
        return tuple(found)
    before_wh = load_number(session["energy_wh"])
    shown = None
    if values is not None and values.at >= started_at and before_wh is not None:
        taken_wh = max((load_number(data["energy_wh"]) or 0.0) - before_wh, 0.0)
        first = RegisterReading(
            register_wh=max(values.register_wh - taken_wh, 0.0), at=started_at
        )
        shown = ShownValues.begin(first, sure=True).going_on(values)
    unfinished = SessionReadings(
        id=session_id,
        started_at=started_at,
        start_wh=load_number(session["register_wh"]),
        values=shown,
    )
    return (*found, unfinished)


def _stood(reading: RegisterReading, *, in_values: bool) -> SessionReadings:
    """Return where the register stood, as shown in values or by the end of some session."""
    return SessionReadings(
        id="" if in_values else "former",
        started_at=reading.at,
        start_known=False,
        ended_at=reading.at,
        end_wh=None if in_values else reading.register_wh,
        after=ShownValues.begin(reading, sure=True) if in_values else None,
    )


def _reading(track: Mapping[str, Any] | None) -> RegisterReading | None:
    if track is None:
        return None
    register_wh = load_number(track["register_wh"]) or 0.0
    return RegisterReading(register_wh=register_wh, at=read_time(track["at"]))
