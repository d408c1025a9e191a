"""The compiled schemas give the verdicts of jsonschema, over valid and broken messages."""

from collections.abc import Iterator
import copy
from importlib.resources import files
import json
import random
from typing import Any

from jsonschema import Draft4Validator, ValidationError, validators
import pytest

from custom_components.sunfuse.central_system.protocol.validation import compile_schema

from .test_messages import example

FOLDERS = ("v16", "v201", "v21")
RUBBISH: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.0,
    2.05,
    1e300,
    "",
    "x" * 10_000,
    [],
    ["x"],
    {},
    {"x": 1},
)


def _multiple_of(
    _validator: Any, step: float, value: Any, _schema: Any
) -> Iterator[ValidationError]:
    """Check as decimals are meant, where jsonschema itself divides floats."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and abs(value / step - round(value / step)) > 1e-6:
        yield ValidationError("not a multiple")


Reference: Any = validators.extend(  # type: ignore[no-untyped-call]  # untyped in jsonschema
    Draft4Validator, {"multipleOf": _multiple_of}
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every container in a value with each of its keys."""
    places: list[tuple[Any, Any]] = []
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, item in items:
        places.append((value, key))
        places.extend(_places(item))
    return places


def _broken(payload: Any, rng: random.Random) -> Iterator[Any]:
    """Yield the payload with something else or nothing in one place, or more than there should be."""
    for _ in range(12):
        copied = copy.deepcopy(payload)
        places = _places(copied)
        if not places or rng.random() < 0.1:
            copied[rng.choice(["unexpected", "customData"])] = rng.choice(RUBBISH)
        else:
            container, key = rng.choice(places)
            match rng.randrange(4):
                case 0:
                    del container[key]
                case 1 if isinstance(container, list):
                    container.extend(container * 1030)
                case _:
                    container[key] = rng.choice(RUBBISH)
        yield copied


@pytest.mark.parametrize("folder", FOLDERS)
def test_verdicts(folder: str) -> None:
    """Each schema of a version: valid messages pass, broken ones fail as they do with jsonschema."""
    rng = random.Random(folder)
    verdicts = {True: 0, False: 0}
    for file in sorted((files("ocpp") / folder / "schemas").iterdir(), key=str):
        schema = json.loads(file.read_text(encoding="utf-8-sig"))
        check, reference = compile_schema(schema), Reference(schema)
        for payload in (example(schema, schema), example(schema, schema, rng)):
            assert check(payload) is None
            for broken in _broken(payload, rng):
                found = check(broken)
                errors = list(reference.iter_errors(broken))
                assert (found is None) == (not errors), (file, broken, found)
                verdicts[found is None] += 1
                if found is not None:
                    known = {
                        (error.validator, "/".join(map(str, error.absolute_path)))
                        for error in errors
                    }
                    assert (found.keyword, found.path) in known
    assert min(verdicts.values()) > 50


def test_unknown_keywords() -> None:
    """A schema that asks for more than is known is not taken lightly."""
    with pytest.raises(ValueError, match="pattern"):
        compile_schema({"type": "string", "pattern": "x"})
    with pytest.raises(ValueError, match="strings"):
        compile_schema({"enum": [1]})


def test_definition_of_itself() -> None:
    """A definition may refer to itself."""
    check = compile_schema(
        {
            "definitions": {
                "Tree": {
                    "type": "object",
                    "properties": {"child": {"$ref": "#/definitions/Tree"}},
                    "additionalProperties": False,
                }
            },
            "$ref": "#/definitions/Tree",
        }
    )
    assert check({"child": {"child": {}}}) is None
    violation = check({"child": {"child": {"other": {}}}})
    assert violation is not None
    assert violation.path == "child/child"
