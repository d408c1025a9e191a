"""Sentences of the engine's reasons: every reason has one, which names only values that the reason has."""

import ast
from collections.abc import Iterator

from custom_components.sunfuse.const import WEEKDAY_KEYS
from custom_components.sunfuse.engine.model import MeterQuality, ReasonKey
from custom_components.sunfuse.flows.site.simulated import CHARGER_NAMES
from custom_components.sunfuse.site.simulated.simulated_vehicles import VEHICLE_NAMES

from .texts import ENGLISH, TREES, calls_of, fields_in, keyword, literal

LOST = set(MeterQuality) - {MeterQuality.NONE, MeterQuality.GOOD}


def test_who_lacks_room_may_raise_the_limit() -> None:
    """It may be set to nothing: then neither the house nor another car makes any."""
    for key in (ReasonKey.LIMITED_BY_CIRCUIT, ReasonKey.WAITING_FOR_CAPACITY):
        assert "you raise the limit" in ENGLISH["common"][f"change_{key}"]


def test_every_reason_is_given_to_somebody() -> None:
    """A reason that no code gives is a sentence in ten languages that nobody will ever read."""
    given = {
        node.attr
        for name, tree in TREES.items()
        if name != "engine/reason_key.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "ReasonKey"
    }
    assert {key.name for key in ReasonKey} == given


def test_every_reason_has_its_sentence() -> None:
    """*Why is my car not charging?* always has an answer, in words and as a state."""
    keys = {key.value for key in ReasonKey}
    changes = {f"change_{key}" for key in keys}
    sentences = (
        changes
        | {f"reason_{key}" for key in keys}
        # What is wrong with a meter, why somebody rests, and what a charger should stop for.
        | {f"reason_meter_lost_{quality}" for quality in LOST}
        | {
            "reason_pausing_because",
            "reason_stop_refused_because",
            "reason_waiting_for_meter_because",
            # What an external limit holds for: all of a circuit, or its cars alone.
            "reason_limited_by_demand_response_cars",
        }
        | {
            "main_circuit",
            "until",
            "limited_by_nothing",
            "disabled_sensors",
            "other_addresses",
            "options_live",
            "options_restart",
            "options_restart_some",
            "found_grid",
            "found_solar",
            "found_battery",
            "found_prices",
            "ready",
            "later",
            "ready_later",
            "no_boost_helps",
            "meter_now",
            "meter_chosen",
            "meter_drawing",
            "meter_feeding",
            "limit_demand_response",
            "limit_dimming",
            "quota_sun_only",
            "quota_used_up",
            "decimal_sign",
        }
        # What Sunfuse names itself: device models, and what the simulated site begins with.
        | {
            f"model_{name}"
            for name in (
                *("site", "circuit", "capacity_tariff", "simulator", "vehicle"),
                "person",
            )
        }
        | {"simulated_site", "simulated_panel", *CHARGER_NAMES.values()}
        | set(VEHICLE_NAMES.values())
        | {"simulated_tariff", "simulated_capacity_tariff"}
        # What drivers see of departures.
        | {f"weekday_{day}" for day in WEEKDAY_KEYS}
        | {"guest", "planned", "reserved", "departure_car", "departure_habit"}
    )
    # What the site report says is held together with its page in tests/sources/test_site_report.py.
    # What the cards say is held together with them in tests/pages/test_frontend.py.
    # What a statement and a table say is held together with them in tests/actions/test_session_downloads.py.
    # What Assist answers is held together with it in tests/assist/test_assist.py.
    elsewhere = {
        key
        for key in ENGLISH["common"]
        if key.startswith(("report_", "card_", "statement_", "column_", "assist_"))
    }
    assert sentences == ENGLISH["common"].keys() - elsewhere
    assert ENGLISH["entity"]["sensor"]["reason"]["state"].keys() == keys


def _reason_values() -> Iterator[tuple[str, set[str | None]]]:
    """Return each reason whose values are written where it is given."""
    for call in calls_of(TREES.values(), "Reason"):
        values = keyword(call, "values")
        pairs = values.elts if isinstance(values, ast.Tuple) else []
        match keyword(call, "key"):
            case ast.Attribute(value=ast.Name(id="ReasonKey"), attr=name):
                if values is None or (
                    pairs and all(isinstance(pair, ast.Tuple) for pair in pairs)
                ):
                    names = {
                        literal(p.elts[0]) for p in pairs if isinstance(p, ast.Tuple)
                    }
                    yield ReasonKey[name].value, names


def test_sentences_name_only_values_that_their_reasons_have() -> None:
    """A sentence that names a value that is not there would be an error at run time."""
    given = list(_reason_values())
    assert given
    for key, names in given:
        assert fields_in(ENGLISH["common"][f"reason_{key}"]) <= names, key
