"""A Home Assistant started by `scripts/develop`, and spoke to over HTTP as a user's browser does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import itertools
import os
from pathlib import Path
import re
import signal
from typing import Any, Self

from aiohttp import ClientSession, ClientWebSocketResponse
from yarl import URL

from ..common import free_port

ROOT = Path(__file__).resolve().parents[2]
# A new machine may be installing the environment for the first time; with a twelfth of a busy core a start takes more than 300 s.
START_S = 900
# What Home Assistant gives its own stages of a stop: 20 + 100 + 60 + 30 s. Beside a load of ten it takes 5 to 12 s, of twenty up to a minute.
STOP_S = 210


# Home Assistant says this of every custom integration.
UNTESTED = "We found a custom integration sunfuse"


def complaints(log: str) -> list[str]:
    """Return the errors of anybody, and the warnings and deprecations that name Sunfuse, with their tracebacks."""
    # The checkout's own folder may be named after Sunfuse.
    records = re.split(
        r"^(?=\d{4}-\d\d-\d\d )", log.replace(str(ROOT), "."), flags=re.MULTILINE
    )
    return [
        record
        for record in records
        if UNTESTED not in record
        and (
            re.search(r" (ERROR|CRITICAL) \(|^Traceback ", record, flags=re.MULTILINE)
            or ("sunfuse" in record and re.search(r" WARNING \(|Warning: ", record))
        )
    ]


@dataclass(kw_only=True)
class Home:
    """A logged-in user of a running Home Assistant."""

    session: ClientSession
    url: URL
    token: str = ""
    socket: ClientWebSocketResponse | None = None
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def log_in(self) -> Self:
        """Log in as the login page does, and open the WebSocket API."""
        client = f"{self.url}/"
        begun = await self.post(
            "/auth/login_flow",
            {
                "client_id": client,
                "handler": ["homeassistant", None],
                "redirect_uri": client,
            },
        )
        done = await self.post(
            f"/auth/login_flow/{begun['flow_id']}",
            {"client_id": client, "username": "dev", "password": "dev"},
        )
        assert done["type"] == "create_entry", done
        form = {
            "client_id": client,
            "grant_type": "authorization_code",
            "code": done["result"],
        }
        async with self.session.post(self.url / "auth/token", data=form) as answer:
            assert answer.status == 200, await answer.text()
            self.token = (await answer.json())["access_token"]
        self.socket = await self.session.ws_connect(self.url / "api/websocket")
        assert (await self.socket.receive_json())["type"] == "auth_required"
        await self.socket.send_json({"type": "auth", "access_token": self.token})
        assert (await self.socket.receive_json())["type"] == "auth_ok"
        return self

    async def leave(self) -> None:
        """Close the WebSocket."""
        if self.socket:
            await self.socket.close()

    async def post(self, path: str, data: Mapping[str, Any]) -> Any:
        """Post JSON, and return the answer."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.session.post(
            self.url.join(URL(path)), json=data, headers=headers
        ) as answer:
            assert answer.ok, await answer.text()
            return await answer.json()

    async def ask(self, command: str, **arguments: Any) -> Any:
        """Return the result of a command of the WebSocket API."""
        assert self.socket
        number = next(self._ids)
        await self.socket.send_json({"id": number, "type": command, **arguments})
        while True:
            answer = await self.socket.receive_json()
            if answer["id"] == number and answer["type"] == "result":
                assert answer["success"], answer
                return answer["result"]

    async def act(self, domain: str, service: str, entity: str, **data: Any) -> None:
        """Perform an action on an entity."""
        await self.ask(
            "call_service",
            domain=domain,
            service=service,
            service_data=data,
            target={"entity_id": entity},
        )

    async def states(self) -> dict[str, str]:
        """Return every entity's state."""
        return {
            state["entity_id"]: state["state"] for state in await self.ask("get_states")
        }

    async def sites(self) -> list[dict[str, Any]]:
        """Return Sunfuse's config entries."""
        entries: list[dict[str, Any]] = await self.ask(
            "config_entries/get", domain="sunfuse"
        )
        return entries

    async def entities(self) -> dict[str, str]:
        """Return the ids of Sunfuse's entities, by unique id."""
        return {
            entity["unique_id"]: entity["entity_id"]
            for entity in await self.ask("config/entity_registry/list")
            if entity["platform"] == "sunfuse"
        }


async def until[ResultT](
    read: Callable[[], Awaitable[ResultT]],
    holds: Callable[[ResultT], object],
    *,
    within_s: float,
    what: str,
) -> ResultT:
    """Read until it holds, and return what was read."""
    last: ResultT | None = None
    try:
        async with asyncio.timeout(within_s):
            while True:
                last = await read()
                if holds(last):
                    return last
                await asyncio.sleep(0.2)
    except TimeoutError as err:
        raise AssertionError(f"not within {within_s} s: {what}; last: {last}") from err


@asynccontextmanager
async def develop(folder: Path, *options: str) -> AsyncIterator[Home]:
    """Run `scripts/develop` on a free port, log in, and stop it as Ctrl-C does."""
    port = free_port()
    log = folder / "develop.log"
    config = folder / "config"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            str(ROOT / "scripts" / "develop"),
            *("--port", str(port), "--ocpp-port", str(free_port())),
            *("--config", str(config), *options),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            env={
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("PYTEST", "COV_"))
            }
            | {"PYTHONWARNINGS": "default"},
        )
    try:
        async with asyncio.timeout(START_S):
            while b"is ready on" not in log.read_bytes():
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.5)
        url = URL.build(scheme="http", host="127.0.0.1", port=port)
        async with ClientSession() as session:
            home = await Home(session=session, url=url).log_in()
            try:
                yield home
            finally:
                await home.leave()
    except BaseException:
        print(log.read_text())  # noqa: T201 - pytest shows it with the failure
        raise
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
    said = log.read_text()
    assert process.returncode == 0, said
    found = complaints(said)
    assert found == [], "\n".join(found)
