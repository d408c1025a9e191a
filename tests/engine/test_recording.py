"""A user's record is a test case: it is replayed, and today's engine decides the same."""

from dataclasses import replace
from datetime import timedelta
import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.sunfuse.engine.model import PowerReading
from custom_components.sunfuse.engine.recording import Recorder, replay, to_record
from development.replay import main as command

from .plant import Car, Plant, charger, main, waves_at


def record(seconds: int) -> dict[str, Any]:
    """Return the record of two cars under a changing house, as it is in a diagnostics file."""
    plant = Plant(
        cars=[
            Car(connector=charger("a")),
            Car(connector=charger("b"), arrives_s=100, leaves_s=400),
        ],
        circuits=(main(),),
        loads={"main": waves_at(6.0)},
        noise_a=0.2,
    )
    recorder = Recorder()
    plant.recorder = recorder
    plant.run(seconds)
    stored: dict[str, Any] = json.loads(json.dumps(to_record(recorder.segments())))
    return stored


def falsify(stored: dict[str, Any]) -> None:
    """Let the third decision have been another one."""
    frames = stored["segments"][0]["frames"]
    told: list[list[Any]] = []
    for frame in frames[:4]:
        told = frame.get("decision", told)
    frames[4].setdefault("decision", told)
    frames[3]["decision"] = [[told[0][0], 99.0, *told[0][2:]], *told[1:]]


def test_today_decides_as_recorded() -> None:
    """Ten minutes in three segments of five, compact, without a difference."""
    stored = record(605)
    assert len(stored["segments"]) == 3
    frames = [frame for segment in stored["segments"] for frame in segment["frames"]]
    assert len(frames) == 121
    assert len(json.dumps(stored)) / len(frames) < 1500
    assert list(replay(stored)) == []


def test_a_record_of_an_earlier_version_is_read() -> None:
    """Fields that had other names then, also where they came and went, are those of today."""
    stored = record(60)
    changes = [frame["snapshot"] for frame in stored["segments"][0]["frames"]]
    for connector in changes[0]["connectors"]:
        connector["status_told"] = False
    changes[1].setdefault("connectors", {"#": {}})["#"]["0"] = {"-": ["status_told"]}
    changes[1]["connectors"]["#"]["1"] = {"-": ["status_told"]}
    assert [d.recorded[0] for d in replay(stored)][:2] == ["a", "a"]


def test_what_differs_is_shown() -> None:
    """If today's offer differs, both are shown."""
    stored = record(60)
    falsify(stored)
    (difference,) = replay(stored)
    assert difference.recorded[:2] == ("a", 99.0)
    assert difference.today[1] <= 16


def test_only_an_hour_is_kept() -> None:
    """What is older than an hour and a segment is dropped."""
    stored = record(4800)
    assert 13 <= len(stored["segments"]) <= 14


def test_no_more_is_kept_than_can_be_sent() -> None:
    """A large site that decides often keeps less than an hour, whole segments of it."""
    plant = Plant(
        cars=[Car(connector=charger(f"c{place}")) for place in range(3)],
        circuits=(main(),),
        loads={"main": waves_at(6.0)},
        noise_a=0.2,
    )
    recorder = plant.recorder = Recorder(most_bytes=150_000)
    plant.run(1200)
    stored = to_record(recorder.segments())
    frames = [frame for segment in stored["segments"] for frame in segment["frames"]]
    assert 20 < len(frames) < 240  # one each five seconds
    assert len(json.dumps(stored, separators=(",", ":"))) < 160_000
    assert list(replay(stored)) == []


def test_what_comes_and_goes_within_a_segment() -> None:
    """Readings and chargers that appear and disappear are read back as they were."""
    plant = Plant(
        cars=[Car(connector=charger("a"))],
        circuits=(main(),),
        loads={"main": waves_at(6.0)},
    )
    snapshots = []
    recorder = Recorder()
    plant.recorder = recorder
    plant.run(20)
    memory, snapshot, decision = plant.memory, plant.last, plant.decisions[-1]
    assert snapshot is not None
    sunny = PowerReading(at=snapshot.now, power_w=10.0)
    snapshots = [replace(snapshot, solar=sunny), replace(snapshot, connectors=())]
    for place, changed in enumerate(snapshots):
        later = replace(changed, now=snapshot.now + timedelta(seconds=place))
        told = replace(
            decision, connectors=decision.connectors[: len(later.connectors)]
        )
        recorder.add(memory, later, told)
    stored = json.loads(json.dumps(to_record(recorder.segments())))
    assert all(d.at >= snapshot.now for d in replay(stored))


@pytest.mark.parametrize(
    "broken", [{}, {"version": 2, "segments": []}, {"version": 1, "segments": [{}]}]
)
def test_what_is_no_record_is_refused(broken: dict[str, Any]) -> None:
    """A file of something else says so."""
    with pytest.raises((KeyError, ValueError)):
        list(replay(broken))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It finds the record in a diagnostics file, and distinguishes no difference, some, and no record."""
    stored = record(60)
    path = tmp_path / "diagnostics.json"
    path.write_text(json.dumps({"data": [{"x": 1}, {"recorder": stored}]}))
    assert command([str(path)]) == 0
    assert "0 differences" in capsys.readouterr().out
    falsify(stored)
    path.write_text(json.dumps(stored))
    assert command([str(path)]) == 1
    assert "99 A" in capsys.readouterr().out
    for text in ("{}", "no json"):
        path.write_text(text)
        assert command([str(path)]) == 2
    assert command([str(tmp_path / "none")]) == 2
