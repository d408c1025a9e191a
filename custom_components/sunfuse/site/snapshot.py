"""Builds the engine's input from the configuration, the readings and the connectors."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from ..const import CONF_IMBALANCE, MAIN_CIRCUIT
from ..engine.model import BoostQuota, Circuit, Connector, ExternalLimit, Snapshot
from ..sources.live_readings import SiteReadings
from .circuits import CircuitTree
from .engine_options import battery_rules_of, tuning_of
from .entry_data import site_of
from .settings import Settings


def _hastened(
    circuits: Iterable[Circuit], silences_s: Mapping[str, float]
) -> tuple[Circuit, ...]:
    """Return the circuits with what is known of their meters: unusual silence counts earlier, never later."""
    return tuple(
        replace(
            circuit,
            meter_max_age_s=min(
                circuit.meter_max_age_s,
                silences_s.get(circuit.id, circuit.meter_max_age_s),
            ),
        )
        for circuit in circuits
    )


def _awaited(
    circuits: Iterable[Circuit], readings: SiteReadings, now: datetime
) -> tuple[str, ...]:
    """Return the circuits whose meters have not reported yet, but have not been silent for too long."""
    since = readings.heard_since or now
    waited_s = (now - since).total_seconds()
    heard = readings.heard | ({MAIN_CIRCUIT} if readings.meter_heard else set())
    return tuple(
        circuit.id
        for circuit in circuits
        if circuit.id not in heard and waited_s <= circuit.meter_max_age_s
    )


def _placed(connectors: Iterable[Connector], tree: CircuitTree) -> Iterator[Connector]:
    """Yield connectors in their circuits.

    If the capacity of its circuit is not known, one gets no more than the fail-safe current, which it may have anyway.
    """
    places: dict[str, tuple[str, bool]] = {}
    for connector in connectors:
        named = connector.circuit
        if named not in places:
            places[named] = tree.at(named), tree.below_ignored(named)
        circuit, limited = places[named]
        if limited:
            max_a = min(connector.max_a, connector.fail_safe_a)
            connector = replace(connector, max_a=max_a)
        yield connector if circuit == named else replace(connector, circuit=circuit)


def build_snapshot(
    *,
    now: datetime,
    name: str,
    tree: CircuitTree,
    settings: Settings,
    readings: SiteReadings | None,
    connectors: Iterable[Connector],
    limits: Iterable[ExternalLimit] = (),
    boost_quotas: Iterable[BoostQuota] = (),
    solar_ahead_w: float | None = None,
) -> Snapshot:
    """Return everything that is known at `now`.

    `name` is that of the main circuit; `limits` are external ones, besides those that actions have set.
    """
    readings = readings or SiteReadings()
    main = ((MAIN_CIRCUIT, readings.meter),) if readings.meter else ()
    silence_s = readings.meter_silence_s
    circuits = _hastened(
        tree.engine_circuits(name, settings.limits_a),
        dict(readings.circuit_silences_s)
        | ({MAIN_CIRCUIT: silence_s} if silence_s is not None else {}),
    )
    return Snapshot(
        now=now,
        site=replace(
            site_of(tree.site), imbalance_a=tree.site.get(CONF_IMBALANCE) or None
        ),
        circuits=circuits,
        awaited=_awaited(circuits, readings, now),
        meters=(*main, *readings.circuit_meters),
        temperatures=readings.temperatures,
        solar=readings.solar,
        solar_ahead_w=solar_ahead_w,
        battery=readings.battery,
        connectors=tuple(_placed(connectors, tree)),
        policy=settings.site.policy,
        limits=(*settings.site.limits, *limits),
        tuning=tuning_of(tree.site),
        battery_rules=battery_rules_of(tree.site),
        boost_quotas=tuple(boost_quotas),
    )
