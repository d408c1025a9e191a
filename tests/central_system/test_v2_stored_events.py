"""Events that a charger of 2.x stored: late, in any order, without a start or an end."""

from datetime import timedelta
import itertools
from typing import Any

import pytest

from custom_components.sunfuse.central_system import CentralSystem, FinishedTransaction
from custom_components.sunfuse.engine.model import ConnectorStatus

from .charging import EVSE, connector
from .conftest import START, Connect, SteppedClock
from .v2_station import ready

pytestmark = pytest.mark.parametrize("version", ["ocpp2.0.1", "ocpp2.1"])


async def test_a_stored_event_authorises_no_other_transaction(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """What a charger stored of the last car says nothing of the card of the one that is plugged in now."""
    station = await ready(connect, system, version)
    await station.status2("Occupied", clock.text())
    await station.event(
        "Started",
        clock.text(),
        0,
        transaction="tx2",
        state="EVConnected",
        reason="CablePluggedIn",
        evse=EVSE,
    )
    await station.event(
        "Updated",
        clock.text(-3600),
        1,
        transaction="tx1",
        state="Charging",
        offline=True,
        evse=EVSE,
    )
    transaction = connector(system).transaction
    assert transaction is not None
    assert (transaction.id, transaction.authorised) == ("tx2", False)


async def test_stored_events_are_not_live(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    finished: list[FinishedTransaction],
) -> None:
    """What was stored while offline is counted at its own time, and says nothing of the present."""
    station = await ready(connect, system, version)
    await station.status2("Available", clock.text())
    await station.event(
        "Started",
        clock.text(-7200),
        0,
        state="Charging",
        energy_wh=1000,
        offline=True,
        evse=EVSE,
    )
    await station.event("Updated", clock.text(-5000), 1, state="Charging", offline=True)
    state = connector(system)
    assert (state.transaction, state.status) == (None, ConnectorStatus.AVAILABLE)
    for _ in range(2):
        await station.event("Ended", clock.text(-3600), 2, energy_wh=5000, offline=True)
    assert [(t.started_at, t.stopped_at, t.energy_wh) for t in finished] == [
        (START - timedelta(hours=2), START - timedelta(hours=1), 4000)
    ]
    assert connector(system).status is ConnectorStatus.AVAILABLE


@pytest.mark.parametrize("order", itertools.permutations(range(3)))
async def test_any_order(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    finished: list[FinishedTransaction],
    order: tuple[int, ...],
) -> None:
    """Stored events in any order, twice, make one transaction with its start and end.

    An end that arrives first is reported at once, without a connector, because it is answered: the rest follows.
    """
    station = await ready(connect, system, version)
    for sequence in (*order, *order):
        await station.event(
            ("Started", "Updated", "Ended")[sequence],
            clock.text(-3600 + 60 * sequence),
            sequence,
            energy_wh=1000 + 100 * sequence,
            offline=True,
            evse=EVSE,
        )
    early = finished[:-1]
    assert [(t.started_at, t.energy_wh) for t in finished[-1:]] == [
        (START - timedelta(hours=1), 200)
    ]
    assert len(early) == (order.index(2) < order.index(0))
    assert [(t.connector, t.meter_stop_wh) for t in early] in ([], [(None, 1200)])


async def test_what_comes_before_its_start_is_kept(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    finished: list[FinishedTransaction],
) -> None:
    """The card that was shown after the cable was plugged in, and a value: neither names the connector, as only the start has to."""
    station = await ready(connect, system, version)
    for evse in (1, 2):
        await station.status2("Available", clock.text(), evse)
    shown: dict[str, Any] = {
        "idToken": {"idToken": "CARD", "type": "ISO14443"},
        "reason": "Authorized",
    }
    await station.event("Updated", clock.text(-5000), 1, offline=True, **shown)
    await station.event("Updated", clock.text(-4000), 2, energy_wh=3000, offline=True)
    await station.event(
        "Started",
        clock.text(-7200),
        0,
        state="EVConnected",
        reason="CablePluggedIn",
        energy_wh=1000,
        offline=True,
        evse={"id": 2, "connectorId": 1},
    )
    await station.event("Ended", clock.text(-3600), 3, offline=True)
    reported = [(t.connector, t.id_token, t.energy_wh) for t in finished]
    assert reported == [(2, "CARD", 2000)]


async def test_end_without_start(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    finished: list[FinishedTransaction],
) -> None:
    """It is reported at once, for no connector: it is answered, so the charger forgets it, and we may be killed.

    What it measured at its end says nothing of its start.
    """
    station = await ready(connect, system, version)
    await station.event("Ended", clock.text(-60), 5, energy_wh=5000, offline=True)
    reported = [
        (t.id, t.connector, t.started_at, t.meter_start_wh, t.meter_stop_wh)
        for t in finished
    ]
    assert reported == [("tx1", None, None, None, 5000)]
    clock.step(400)
    await station.call("Heartbeat", {})
    assert len(finished) == 1
