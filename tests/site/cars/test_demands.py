"""What each connector asks for, while chargers come and go."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from custom_components.sunfuse.central_system.station_state import ConnectorState
from custom_components.sunfuse.drivers.session_history import SessionHistory
from custom_components.sunfuse.drivers.wishes import Wishes
from custom_components.sunfuse.site.cars import demands as module
from custom_components.sunfuse.site.cars.demands import Demands
from custom_components.sunfuse.site.outcome import ConnectorKey
from homeassistant.util import dt as dt_util

A, B = ConnectorKey("CP1", 1), ConnectorKey("CP2", 1)


class _BrokenError(Exception):
    """What one car's integration may cause."""


def _demands() -> Demands:
    nobody = SimpleNamespace(
        update=lambda *_: None,
        at=lambda _: None,
        get=lambda _: None,
        chosen=lambda _: None,
        listed={},
        history=SessionHistory(),
    )
    wishes = SimpleNamespace(tidy=lambda _: None, wishes=lambda _: Wishes(), version=0)
    return Demands(
        vehicles=cast("Any", nobody),
        sessions=cast("Any", nobody),
        departures=cast("Any", wishes),
    )


def _update(demands: Demands, *keys: ConnectorKey) -> None:
    now = dt_util.utcnow() + timedelta(seconds=1)
    states = {key: (cast("Any", None), ConnectorState(id=1)) for key in keys}
    demands.update(now, states)


def test_a_charger_is_removed_and_added_again() -> None:
    """It is asked anew, whatever was asked before it went."""
    demands = _demands()
    for keys in ((A,), (), (A,), (A,), (A,)):
        _update(demands, *keys)
        assert (demands.gathered(A) is not None) == bool(keys)


def test_what_fails_at_one_connector_stays_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once it no longer fails, all of them are known, also those that came before it."""
    demands = _demands()
    right = module.demand_of
    answers = iter((right, None))

    def fails_second(*args: Any) -> Any:
        answer = next(answers, right)
        if answer is None:
            raise _BrokenError
        return answer(*args)

    monkeypatch.setattr(module, "demand_of", fails_second)
    with pytest.raises(_BrokenError):
        _update(demands, A, B)
    for _ in range(3):
        _update(demands, A, B)
    assert demands.gathered(A) is not None
    assert demands.gathered(B) is not None
