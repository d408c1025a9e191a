"""`scripts/develop` as a user meets it: start, log in, turn the main fuse down."""

import asyncio
from pathlib import Path
import socket

import pytest

from custom_components.sunfuse.simulator.simulated_site import DEFAULT_CHARGERS

from ..common import free_port
from .home import ROOT, Home, develop, until

LOWERED_A = 16

pytestmark = pytest.mark.timeout(2400)


class Cars:
    """The simulated cars, as the chargers' own meters show them in Home Assistant."""

    def __init__(self, home: Home, site: str, entities: dict[str, str]) -> None:
        """Find the chargers' entities."""
        self._home = home
        self._prefix = f"{site}_"
        self._entities = entities

    def entity(self, identity: str, key: str) -> str:
        """Return the id of an entity of a charger's first connector."""
        return self._entities[f"{self._prefix}{identity}/1_{key}"]

    async def drawing(self) -> dict[str, float]:
        """Return what each car draws on the first phase of its charger, in amperes."""
        states = await self._home.states()
        return {
            spec.identity: _number(states[self.entity(spec.identity, "current_l1")])
            for spec in DEFAULT_CHARGERS
        }

    async def per_phase(self) -> tuple[float, float, float]:
        """Return the sum of the cars' currents on each phase of the site."""
        states = await self._home.states()
        sums = [0.0, 0.0, 0.0]
        for spec in DEFAULT_CHARGERS:
            for own, phase in enumerate(spec.site_phases, start=1):
                entity = self.entity(spec.identity, f"current_l{own}")
                sums[phase] += _number(states[entity])
        return sums[0], sums[1], sums[2]


def _number(state: str) -> float:
    return 0.0 if state in ("unknown", "unavailable") else float(state)


def _under(sums: tuple[float, float, float]) -> bool:
    return max(sums) <= LOWERED_A


async def test_cars_follow_the_main_fuse(tmp_path: Path) -> None:
    """The sum of the cars' currents comes under a lowered fuse, and stays there. How fast is tested where time is simulated."""
    async with develop(tmp_path) as home:
        (site,) = await home.sites()
        assert site["state"] == "loaded"
        # The frontend shows nothing before it knows every action.
        assert "number" in await home.ask("get_services")
        entities = await until(
            home.entities,
            lambda found: all(
                f"{site['entry_id']}_{spec.identity}/1_mode" in found
                for spec in DEFAULT_CHARGERS
            ),
            within_s=60,
            what="three chargers with entities",
        )
        cars = Cars(home, site["entry_id"], entities)
        for spec in DEFAULT_CHARGERS:
            await home.act(
                "select",
                "select_option",
                cars.entity(spec.identity, "mode"),
                option="fast",
            )
        await until(
            cars.drawing,
            lambda draw: all(current_a > 5.5 for current_a in draw.values()),
            within_s=180,
            what="all three cars charge",
        )
        limit = entities[f"{site['entry_id']}_limit"]
        before = max(await cars.per_phase())

        await home.act("number", "set_value", limit, value=LOWERED_A)
        await until(
            cars.per_phase, _under, within_s=60, what=f"{before} A to {LOWERED_A} A"
        )
        # The chargers report one after the other: until each has, a sum is of two moments.
        await asyncio.sleep(5)
        for _ in range(60):
            await asyncio.sleep(1)
            sums = await cars.per_phase()
            assert _under(sums), sums
        assert float((await home.states())[limit]) == LOWERED_A
        assert max(await cars.per_phase()) > 0, "the cars stopped instead of sharing"


async def test_a_second_run_goes_on_where_the_first_one_stopped(tmp_path: Path) -> None:
    """What a developer set is kept; the simulated time runs at the speed of this run."""
    async with develop(tmp_path) as home:
        (site,) = await home.sites()
        limit = (await home.entities())[f"{site['entry_id']}_limit"]
        await home.act("number", "set_value", limit, value=LOWERED_A)

    async with develop(tmp_path, "--speed", "60") as home:
        assert [again["entry_id"] for again in await home.sites()] == [site["entry_id"]]
        assert float((await home.states())[limit]) == LOWERED_A
        entities = await home.entities()
        meters = [
            entities[f"{site['entry_id']}_{spec.identity}/1_energy"]
            for spec in DEFAULT_CHARGERS
        ]

        async def energy_kwh() -> float:
            states = await home.states()
            return sum(_number(states[meter]) for meter in meters)

        before_kwh = await until(
            energy_kwh, lambda energy: energy > 0, within_s=60, what="a car has charged"
        )
        # Three phases of 16 A and 230 V are 11 kW: a minute of real time would be 0.2 kWh.
        await until(
            energy_kwh,
            lambda energy: energy > before_kwh + 0.5,
            within_s=60,
            what="an hour passes in a minute",
        )


async def test_bare_has_no_site_until_one_is_added(tmp_path: Path) -> None:
    """Without a site, *Try it with a simulated site* of the config flow makes one."""
    async with develop(tmp_path, "--bare") as home:
        assert await home.sites() == []
        assert await home.entities() == {}

        path = "/api/config/config_entries/flow"
        menu = await home.post(path, {"handler": "sunfuse"})
        assert menu["type"] == "menu"
        assert {"site", "simulated"} <= set(menu["menu_options"])
        form = await home.post(
            f"{path}/{menu['flow_id']}", {"next_step_id": "simulated"}
        )
        done = await home.post(f"{path}/{form['flow_id']}", {"port": free_port()})

        assert done["type"] == "create_entry", done
        await until(
            home.sites,
            lambda sites: [site["state"] for site in sites] == ["loaded"],
            within_s=60,
            what="the simulated site is loaded",
        )


async def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    """Who already runs something on the port learns so at once, without a traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        process = await asyncio.create_subprocess_exec(
            str(ROOT / "scripts" / "develop"),
            *("--port", port, "--config", str(tmp_path / "config")),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors.decode().strip() == (
        f"scripts/develop: port {port} is in use by another program; "
        "choose one with --port N."
    )
