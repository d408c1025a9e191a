"""Sunfuse in the newest Home Assistant, which is another than the tests run in: a site of each kind, and a restart."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
import re
from typing import Any

import pytest

from custom_components.sunfuse import PLATFORMS
from custom_components.sunfuse.condition import CONDITIONS
from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.trigger import TRIGGERS

from ..central_system.client import RawStation
from ..common import free_port
from ..forms import ELECTRICAL, NEW_CHARGER
from ..site_fixtures import BOOT, limits
from .home import ROOT, Home, develop, until

pytestmark = pytest.mark.timeout(2400)

FLOW = "/api/config/config_entries/flow"
# 6 A on each phase: enough is left of 25 A for the car.
METERS = {
    "sensor.grid_power": (4140, "W", "power"),
    **{f"sensor.grid_l{phase}": (6, "A", "current") for phase in (1, 2, 3)},
}
GRID = {
    "system": "three_phase",
    "grid_power": "sensor.grid_power",
    "grid_inverted": False,
    "grid_phases": [f"sensor.grid_l{phase}" for phase in (1, 2, 3)],
}


def locked_version() -> str:
    """Return the Home Assistant of the second lock file."""
    lock = (ROOT / "requirements-newest.lock").read_text("utf-8")
    found = re.search(r"^homeassistant==(\S+)", lock, flags=re.MULTILINE)
    assert found
    return found[1]


async def show_meters(home: Home) -> None:
    """Let the house's meter report once."""
    for entity, (value, unit, kind) in METERS.items():
        attributes = {"unit_of_measurement": unit, "device_class": kind}
        await home.post(
            f"/api/states/{entity}",
            {"state": str(value), "attributes": attributes, "force_update": True},
        )


@asynccontextmanager
async def a_meter(home: Home) -> AsyncIterator[None]:
    """Let the house's meter report every second."""

    async def report() -> None:
        while True:
            await show_meters(home)
            await asyncio.sleep(1)

    await show_meters(home)
    task = asyncio.create_task(report())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def fill(home: Home, form: Any, values: dict[str, Any]) -> Any:
    """Send a form of the config flow."""
    answer = await home.post(f"{FLOW}/{form['flow_id']}", values)
    assert not answer.get("errors"), answer
    return answer


async def available(home: Home) -> Counter[str]:
    """Return how many of Sunfuse's entities each platform shows, without those that are unavailable."""
    states = await home.states()
    return Counter(
        entity.partition(".")[0]
        for entity in (await home.entities()).values()
        if states.get(entity, "unavailable") != "unavailable"
    )


async def every_platform_works(home: Home) -> Counter[str]:
    """Wait until each platform has an entity that is available."""
    return await until(
        lambda: available(home),
        lambda found: found.keys() == {str(platform) for platform in PLATFORMS},
        within_s=60,
        what="an available entity on every platform",
    )


async def loaded(home: Home) -> str:
    """Wait until the one site is loaded; return its id."""
    (site,) = await until(
        home.sites,
        lambda sites: [site["state"] for site in sites] == ["loaded"],
        within_s=60,
        what="the site is loaded",
    )
    entry_id: str = site["entry_id"]
    return entry_id


async def automations_and_assist(home: Home) -> None:
    """Let the editor check every trigger and condition for a charger, and ask Assist in two languages."""
    devices = await home.ask("config/device_registry/list")
    (garage,) = (one["id"] for one in devices if one["name"] == "Garage")
    target = {"device_id": [garage]}
    for kind, ours in (("trigger", TRIGGERS), ("condition", CONDITIONS)):
        offered = await home.ask(f"get_{kind}s_for_target", target=target)
        names = {f"{DOMAIN}.{name}" for name in ours}
        assert names <= set(offered)
        configs = [{kind: name, "target": target, "options": {}} for name in names]
        checked = await home.ask("validate_config", **{f"{kind}s": configs})
        assert checked[f"{kind}s"]["valid"], checked
    # Questions only: an order is planned in a thread, which an end of Home Assistant would cut short.
    for language, text, answer in (
        ("en", "How much sun did the garage get today?", "today"),
        ("de", "Wie viel Sonne hat die Garage heute bekommen?", "heute"),
    ):
        said = await home.ask("conversation/process", text=text, language=language)
        assert answer in said["response"]["speech"]["plain"]["speech"], said


async def test_a_simulated_site(tmp_path: Path) -> None:
    """It starts, has every platform, and is as before after an orderly restart; nothing of ours is in the log."""
    async with develop(tmp_path, "--newest") as home:
        assert (await home.ask("get_config"))["version"] == locked_version()
        site = await loaded(home)
        before = await every_platform_works(home)
        await automations_and_assist(home)

    async with develop(tmp_path, "--newest") as home:
        assert await loaded(home) == site
        await until(
            lambda: available(home),
            # What was measured only a moment ago may have come since.
            lambda after: not before - after,
            within_s=60,
            what=f"as before: {before}",
        )


async def charge(home: Home, port: int) -> RawStation:
    """Connect a charger whose car asks for current at once."""
    station = await RawStation.connect(home.session, port, "/CP1")
    await station.call("BootNotification", BOOT)
    await station.status("Preparing")
    await station.start_transaction(datetime.now(UTC).isoformat())
    await station.status("Charging")
    return station


async def charges(station: RawStation) -> None:
    """Wait until the car may charge."""

    async def told() -> list[float]:
        return limits(station)

    await until(
        told,
        lambda limits: limits and limits[-1] >= 6,
        within_s=90,
        what="the car was given current",
    )


async def test_a_site_by_hand(tmp_path: Path) -> None:
    """Added through the forms, and its charger as discovered: a car charges before and after an orderly restart."""
    port = free_port()
    async with develop(tmp_path, "--newest", "--bare") as home, a_meter(home):
        menu = await home.post(FLOW, {"handler": "sunfuse"})
        form = await fill(home, menu, {"next_step_id": "site"})
        form = await fill(home, form, GRID)
        form = await fill(home, form, {"battery_inverted": False})
        done = await fill(home, form, ELECTRICAL | {"port": port})
        assert done["type"] == "create_entry", done
        site = await loaded(home)

        stranger = await RawStation.connect(home.session, port, "/CP1")
        waits = await stranger.call("BootNotification", BOOT)
        assert waits["status"] == "Pending"
        (found,) = await until(
            lambda: home.ask("config_entries/flow/progress"),
            lambda flows: len(flows) == 1,
            within_s=60,
            what="the charger is discovered",
        )
        accepted = await fill(home, found, NEW_CHARGER)
        assert accepted["reason"] == "charger_added", accepted
        await stranger.close()

        station = await charge(home, port)
        await charges(station)
        before = await every_platform_works(home)

    async with develop(tmp_path, "--newest", "--bare") as home, a_meter(home):
        assert await loaded(home) == site
        station = await charge(home, port)
        await charges(station)
        await until(
            lambda: available(home),
            # What was measured only a moment ago may have come since.
            lambda after: not before - after,
            within_s=60,
            what=f"as before: {before}",
        )


async def test_every_module_can_be_imported() -> None:
    """Also what is imported on use only: no name is gone, and none is deprecated."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / "custom_components" / "sunfuse").rglob("*.py"))
    ]
    program = (
        "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    )
    process = await asyncio.create_subprocess_exec(
        str(ROOT / ".venv-newest" / "bin" / "python"),
        *("-W", "error::DeprecationWarning:custom_components", "-c", program, *modules),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    assert "sunfuse" not in said.decode()
