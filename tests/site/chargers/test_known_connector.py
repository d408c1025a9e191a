"""How a charger's phases, and what it reports of itself, become what the engine decides on."""

from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.central_system.station_state import (
    ConnectorState,
    MeterSample,
    StationState,
    Transaction,
)
from custom_components.sunfuse.drivers.demand import Demand
from custom_components.sunfuse.engine.model import (
    Connector,
    ConnectorStatus,
    Mode,
    Site,
)
from custom_components.sunfuse.site.chargers.known_connector import (
    KnownConnector,
    site_draw,
)
from custom_components.sunfuse.site.entry_data import station_config, wiring
from custom_components.sunfuse.site.outcome import ConnectorKey
from custom_components.sunfuse.site.settings import ConnectorSettings
from homeassistant.util import dt as dt_util

from ...common import charger

THREE_PHASE = Site(phases=3, voltage_v=230)
SINGLE_PHASE = Site(phases=1, voltage_v=230)
SPLIT_PHASE = Site(phases=2, voltage_v=120)


@pytest.mark.parametrize(
    ("site", "phases", "l1_phase", "expected"),
    [
        (THREE_PHASE, 3, "L1", (0, 1, 2)),
        (THREE_PHASE, 3, "L2", (1, 2, 0)),
        (THREE_PHASE, 3, "L3", (2, 0, 1)),
        (THREE_PHASE, 1, "L3", (2,)),
        (THREE_PHASE, 2, "L3", (2, 0)),
        (SINGLE_PHASE, 1, "L1", (0,)),
        (SPLIT_PHASE, 2, "L1", (0, 1)),
        (SPLIT_PHASE, 1, "L2", (1,)),
    ],
)
def test_wiring_rotates(
    site: Site, phases: int, l1_phase: str, expected: tuple[int, ...]
) -> None:
    """A charger's phases follow its L1 around the site's."""
    data = charger("CP", phases=phases, l1_phase=l1_phase)["data"]
    assert wiring(data, site) == expected


@pytest.mark.parametrize(
    ("meter", "phases", "site", "expected"),
    [
        # No report: the draw is unknown, which is not the same as zero.
        (MeterSample(), (0, 1, 2), THREE_PHASE, None),
        # The charger's L1 is on the site's L2.
        (
            MeterSample(current_a=(10.0, 11.0, 12.0)),
            (1, 2, 0),
            THREE_PHASE,
            (12.0, 10.0, 11.0),
        ),
        (
            MeterSample(current_a=(16.0, None, None)),
            (2, 0, 1),
            THREE_PHASE,
            (0.0, 0.0, 16.0),
        ),
        # 3680 W may all flow on any one phase: 16 A.
        (MeterSample(power_w=3680), (0, 1, 2), THREE_PHASE, None),
        # 7200 W between two legs of 120 V are 30 A in each of them.
        (MeterSample(power_w=7200), (0, 1), SPLIT_PHASE, (30.0, 30.0)),
        (MeterSample(current_a=(30.0, None, None)), (0, 1), SPLIT_PHASE, (30.0, 30.0)),
        (MeterSample(current_a=(12.0, None, None)), (1,), SPLIT_PHASE, (0.0, 12.0)),
    ],
)
def test_draw_on_the_sites_phases(
    meter: MeterSample,
    phases: tuple[int, ...],
    site: Site,
    expected: tuple[float, ...] | None,
) -> None:
    """What a charger measures on its own phases is counted on those of the site."""
    assert site_draw(meter, phases, site) == expected


def test_two_legs_are_one_phase_to_the_charger() -> None:
    """A charger between the legs of a split-phase site has one phase of 240 V."""
    config = station_config(charger("CP", phases=2)["data"], SPLIT_PHASE)
    assert (config.phases, config.voltage_v) == (1, 240)


def _connector(state: ConnectorState, **known: Any) -> Connector:
    """Return the engine's connector of a three-phase charger that is connected, but for what is `known`."""
    usual: dict[str, Any] = {
        "key": ConnectorKey(identity="CP", connector=1),
        "data": charger("CP")["data"],
        "site": THREE_PHASE,
        "station": StationState(identity="CP", accepted=True, connected=True),
        "settings": ConnectorSettings(mode=Mode.FAST),
    }
    return KnownConnector(state=state, **usual | known).for_engine(dt_util.utcnow())


def test_an_offer_counts_from_when_it_is_sent() -> None:
    """A raise on its way may already be drawn; a reduction on its way may not be followed yet."""
    state = ConnectorState(id=1, offer_a=10.0)
    assert _connector(state).offer_a == 10.0
    assert _connector(state, unconfirmed_a=16.0).offer_a == 16.0
    assert _connector(state, unconfirmed_a=0.0).offer_a == 10.0


def test_the_users_maximum_is_within_the_chargers() -> None:
    """The number entity lowers what the installation carries, and never raises it."""
    state = ConnectorState(id=1)
    assert _connector(state).max_a == 16.0
    assert (
        _connector(
            state, settings=ConnectorSettings(mode=Mode.FAST, max_current_a=10.0)
        ).max_a
        == 10.0
    )
    assert (
        _connector(
            state, settings=ConnectorSettings(mode=Mode.FAST, max_current_a=32.0)
        ).max_a
        == 16.0
    )


def test_connectors_behind_one_cable() -> None:
    """The maximum current of a charger is that of its cable: with two connectors, they have it together."""
    both = tuple(ConnectorState(id=number) for number in (1, 2))
    for connectors, expected in ((both, ("CP", 16.0)), (both[:1], (None, None))):
        connector = _connector(
            both[0],
            station=StationState(
                identity="CP", accepted=True, connected=True, connectors=connectors
            ),
            settings=ConnectorSettings(mode=Mode.FAST, max_current_a=10.0),
        )
        assert (connector.charger, connector.charger_max_a) == expected


def test_the_phases_of_a_vehicle_are_those_of_a_three_phase_site() -> None:
    """Two legs are one phase to the car: how many of them it uses is no question."""
    for site, phases, expected in ((THREE_PHASE, 3, 1), (SPLIT_PHASE, 2, None)):
        connector = _connector(
            ConnectorState(id=1),
            data=charger("CP", phases=phases)["data"],
            site=site,
            demand=Demand(phases=1),
        )
        assert connector.car_phases == expected


@pytest.mark.parametrize(("phases", "needed_a"), [(None, None), (3, None), (1, 11.0)])
def test_a_promise_to_a_car_with_one_phase(
    phases: int | None, needed_a: float | None
) -> None:
    """2,300 Wh in an hour are 10 A on one phase, and a reserve of a tenth. On three they are less than the minimum, and can wait."""
    now = dt_util.utcnow()
    demand = Demand(
        departure=now + timedelta(hours=1),
        energy_wh=2300.0,
        charge_efficiency=1.0,
        phases=phases,
        promised=True,
    )
    connector = _connector(ConnectorState(id=1), demand=demand)
    promised_a = connector.plan.at_least_a if connector.plan else None
    assert promised_a == (None if needed_a is None else pytest.approx(needed_a))
    if connector.plan:
        # Other cars wait for it, but a peak is kept low as long as 16 A can do it later.
        assert connector.plan.due_a == promised_a
        assert connector.plan.pressing_w == 0


def test_a_promise_that_can_wait_no_longer_comes_before_a_peak() -> None:
    """2,300 Wh in 45 minutes: evenly 14.7 A with a tenth to spare. In the half hour after the next quarter, 16 A would not do."""
    now = dt_util.utcnow()
    demand = Demand(
        departure=now + timedelta(minutes=45),
        energy_wh=2300.0,
        charge_efficiency=1.0,
        phases=1,
        promised=True,
    )
    connector = _connector(ConnectorState(id=1), demand=demand)
    assert connector.plan
    assert connector.plan.pressing_w == pytest.approx(2300 * 1.1 / 0.75)


def test_unknown_status_with_a_transaction_may_charge() -> None:
    """After a restart the transaction is known before the status is."""
    transaction = Transaction(id="1", started_at=dt_util.utcnow())
    running = _connector(ConnectorState(id=1, transaction=transaction))
    assert running.status is ConnectorStatus.CHARGING
    assert _connector(ConnectorState(id=1)).status is ConnectorStatus.UNAVAILABLE
    assert not _connector(ConnectorState(id=1)).status_reported


def test_what_the_charger_reports_about_itself() -> None:
    """A lower limit of its own, and whether it switches phases, which its form can forbid."""
    state = ConnectorState(id=1, charger_limit_a=10.0)
    assert _connector(state).charger_limit_a == 10.0
    for switches, data, expected in (
        (True, charger("CP")["data"], True),
        (False, charger("CP")["data"], False),
        (True, charger("CP", phase_switching=False)["data"], False),
        (True, charger("CP", phases=1)["data"], False),
    ):
        station = StationState(
            identity="CP", accepted=True, connected=True, switches_phases=switches
        )
        connector = _connector(state, data=data, station=station)
        assert connector.switches_phases is expected


def test_a_driver_who_asks_the_charger_for_all_there_is() -> None:
    """It is a boost from the beginning of the session (OCPP 2.1, priority charging)."""
    began = dt_util.utcnow()
    transaction = Transaction(id="1", started_at=began)
    asked = ConnectorState(id=1, transaction=transaction, priority=True)
    boost = _connector(asked).boost
    assert boost
    assert (boost.started_at, boost.until) == (began, None)
    assert _connector(ConnectorState(id=1, priority=True)).boost is None
    assert _connector(ConnectorState(id=1, transaction=transaction)).boost is None
