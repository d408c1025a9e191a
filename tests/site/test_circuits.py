"""From the configuration of circuits to the engine's tree, in tables."""

from typing import Any

import pytest

from custom_components.sunfuse.site.circuits import CircuitTree
from custom_components.sunfuse.site.fail_safe_check import (
    chargers_of,
    fail_safe_problem,
    with_site,
)
from custom_components.sunfuse.sources.config import CircuitSources
from homeassistant.config_entries import ConfigSubentryData, ConfigSubentryDataWithId

from ..common import charger, site_entry


def circuit(name: str, **changes: Any) -> ConfigSubentryDataWithId:
    """Return the sub-entry of a circuit of 20 A that hangs from the main fuse, known by its name."""
    sources = {"sources": CircuitSources().to_dict()}
    return ConfigSubentryDataWithId(
        data={"parent": "main", "limit_a": 20.0, "margin_a": 1.0} | sources | changes,
        subentry_type="circuit",
        title=name.title(),
        unique_id=None,
        subentry_id=name,
    )


def tree(*subentries: ConfigSubentryData, **changes: Any) -> CircuitTree:
    """Return the circuits of a three-phase site of 25 A less 1 A."""
    return CircuitTree.of(site_entry(9000, *subentries, **changes))


@pytest.mark.parametrize(
    ("limit_a", "expected"), [(None, 25.0), (16.0, 16.0), (63.0, 25.0)]
)
def test_a_limit_never_exceeds_the_fuse(limit_a: float | None, expected: float) -> None:
    """A limit set in the UI lowers the main fuse, and never raises it."""
    limits_a = {} if limit_a is None else {"main": limit_a}
    (main,) = tree().engine_circuits("Home", limits_a)
    assert main.limit_a == (expected,) * 3


def test_the_input_of_the_engine() -> None:
    """A panel below a panel, on two phases, without a meter, with other loads and a temperature."""
    found = tree(
        circuit("shed", parent="garage", limit_l2_a=0.0, assumed_load_a=2.0),
        circuit(
            "garage",
            fixed_l3_a=3.0,
            limit_l1_a=16.0,
            derate_from_c=40,
            derate_to_c=60,
            derate_stop_c=70,
            sources=CircuitSources(temperature="sensor.t").to_dict(),
        ),
    )
    main, shed, garage = found.engine_circuits("Fuse", {"garage": 18.0})
    assert (main.name, main.parent, main.limit_a) == ("Fuse", None, (25, 25, 25))
    assert (shed.parent, shed.limit_a) == ("garage", (20, 0, 20))
    assert list(shed.assumed_load_a or ()) == [2, 0, 2]
    assert (garage.parent, garage.limit_a) == ("main", (16, 18, 18))
    assert list(garage.rated_a or ()) == [16, 20, 20]
    assert garage.assumed_load_a is None
    assert list(garage.fixed_load_a or ()) == [0, 0, 3]
    assert garage.derating
    assert garage.derating.factor(50) == 0.75
    assert found.wired("shed") == (0, 2)
    assert found.path("shed") == ("shed", "garage", "main")
    assert found.sources()["garage"].sources.temperature == "sensor.t"


def test_a_main_fuse_without_a_meter() -> None:
    """The load of the house is assumed; its temperature is read as those of circuits are."""
    found = with_site(
        tree(assumed_load_a=8.0, margin_a=2.0),
        {
            "temperature": "sensor.t",
            "derate_from_c": 40,
            "derate_to_c": 60,
            "derate_stop_c": 70,
            "fixed_l1_a": 1.0,
        },
    )
    (main,) = found.engine_circuits("Fuse", {"main": 20.0})
    assert (main.assumed_load_a, main.limit_a) == ((8, 8, 8), (20, 20, 20))
    assert (main.fixed_load_a, main.margin_a) == ((1, 0, 0), 2)
    assert main.derating
    assert found.sources()["main"].wired == (0, 1, 2)


@pytest.mark.parametrize(
    ("removed", "at"),
    [
        ({}, "main"),
        ({"gone": {"name": "Gone", "parent": "garage"}}, "garage"),
        # What it hung from is gone too.
        (
            {
                "gone": {"name": "Gone", "parent": "older"},
                "older": {"name": "Older", "parent": "garage"},
            },
            "garage",
        ),
        ({"gone": {"name": "Gone", "parent": "older"}}, "main"),
        (
            {
                "gone": {"name": "Gone", "parent": "older"},
                "older": {"name": "Older", "parent": "gone"},
            },
            "main",
        ),
    ],
)
def test_what_hangs_from_a_circuit_that_is_gone(
    removed: dict[str, dict[str, str]], at: str
) -> None:
    """It hangs from what that hung from, at last from the main fuse."""
    found = tree(
        circuit("garage"), circuit("shed", parent="gone"), removed_circuits=removed
    )
    assert found.at("gone") == found.parent("shed") == at
    assert found.orphaned(["gone", "garage", "main"]) == {"gone"}


def test_circuits_that_hang_from_each_other() -> None:
    """No form allows that; a storage file may. Both are below the main fuse, and the site runs."""
    found = tree(circuit("a", parent="b"), circuit("b", parent="a"))
    assert [c.parent for c in found.engine_circuits("Fuse")] == [None, "main", "main"]


@pytest.mark.parametrize(
    ("subentries", "problem", "told"),
    [
        # 6 A on each phase of 25 - 1 A.
        ([charger("A")], None, ("6", "24", "Fuse", "L1")),
        # Each of two connectors falls back to 10 A, on L2 beside 6 A.
        (
            [
                charger("A", connectors=2, fail_safe_a=10.0, phases=1, l1_phase="L2"),
                charger("B"),
            ],
            "fail_safe_sum",
            ("26", "24", "Fuse", "L2"),
        ),
        # Two in a panel of 12 A less 1 A, two-phase cars rotated: L3 has both.
        (
            [
                circuit("panel", limit_a=12.0),
                charger("A", circuit="panel", phases=2, l1_phase="L2"),
                charger("B", circuit="panel", phases=2, l1_phase="L3"),
            ],
            "fail_safe_sum_circuit",
            ("12", "11", "Panel", "L3"),
        ),
        # The panel carries them, the feeder above it does not: 20 - 1 - 8 A.
        (
            [
                circuit("feeder", assumed_load_a=8.0),
                circuit("panel", parent="feeder"),
                charger("A", circuit="panel"),
                charger("B", circuit="panel"),
            ],
            "fail_safe_sum_circuit",
            ("12", "11", "Feeder", "L1"),
        ),
        # A phase that no longer feeds the panel carries nothing.
        (
            [circuit("panel", limit_l3_a=0.0), charger("A", circuit="panel")],
            "fail_safe_sum_circuit",
            ("6", "0", "Panel", "L3"),
        ),
        # Its circuit is gone: the main fuse carries it.
        ([charger("A", circuit="gone")], None, ("6", "24", "Fuse", "L1")),
    ],
)
def test_sums_of_fail_safe_currents(
    subentries: list[ConfigSubentryData],
    problem: str | None,
    told: tuple[str, str, str, str],
) -> None:
    """Circuit by circuit and phase by phase; the sum nearest to its limit is shown, with its circuit's name."""
    entry = site_entry(9000, *subentries)
    placeholders: dict[str, str] = {}
    found = fail_safe_problem(CircuitTree.of(entry), chargers_of(entry), placeholders)
    assert found == problem
    shown = (
        placeholders["sum"],
        placeholders["carried"],
        placeholders["circuit"] or "Fuse",
        placeholders["phase"],
    )
    assert shown == told


def test_split_phase_panels() -> None:
    """A charger between both legs of 120 V counts on both; one at 120 V on its own leg."""
    entry = site_entry(
        9000,
        circuit("garage", limit_a=30.0, limit_l1_a=20.0),
        charger("A", circuit="garage", phases=2, fail_safe_a=12.0),
        charger("B", circuit="garage", phases=1, l1_phase="L2", fail_safe_a=8.0),
        system="split_phase",
        voltage_v=120.0,
        main_fuse_a=100.0,
    )
    placeholders: dict[str, str] = {}
    found = CircuitTree.of(entry)
    assert fail_safe_problem(found, chargers_of(entry), placeholders) is None
    # L1: 12 of 19 A; L2: 20 of 29 A. The first is nearer.
    assert (placeholders["sum"], placeholders["carried"]) == ("12", "19")
    assert found.wired("garage") == (0, 1)
