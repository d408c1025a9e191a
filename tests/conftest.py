"""Fixtures for every test that runs a Home Assistant."""

import asyncio
import logging

from hypothesis import HealthCheck, settings
import pytest

# Imported early, for Home Assistant's loader to find it.
import custom_components.sunfuse  # noqa: F401
from homeassistant.util.executor import InterruptibleThreadPoolExecutor

from .forms import no_setup, sensors
from .jumping_time import begins_at, jumping
from .price_site import start_frozen
from .site_fixtures import start

# How long an example takes says more of the machine than of the code. Each run has the same examples, so that what fails
# is what changed; new ones are searched for with `pytest --hypothesis-profile search`.
for name, derandomize in (("same", True), ("search", False)):
    settings.register_profile(
        name,
        deadline=None,
        derandomize=derandomize,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile("same")

_join = InterruptibleThreadPoolExecutor.join_threads_or_timeout


def _wake_and_join(self: InterruptibleThreadPoolExecutor) -> None:
    """Wake each worker by itself, and then wait for them as Home Assistant does.

    There one is woken, and each wakes the next. On a busy machine one is interrupted before it does, and the others wait for
    ever: the test fails with a `SyncWorker` that is left.
    """
    for _ in self._threads:
        self._work_queue.put(None)  # type: ignore[arg-type]
    _join(self)


InterruptibleThreadPoolExecutor.join_threads_or_timeout = _wake_and_join  # type: ignore[method-assign]

__all__ = ["begins_at", "jumping", "no_setup", "sensors", "start", "start_frozen"]


@pytest.fixture(autouse=True)
def _custom_integrations(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant load custom integrations, in the tests that have one.

    A test that also asks for the recorder must get it before Home Assistant is made.
    """
    if "hass" not in request.fixturenames:
        return
    if "recorder_mock" in request.fixturenames:
        request.getfixturevalue("recorder_mock")
    request.getfixturevalue("enable_custom_integrations")


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Give each test a configuration folder of its own: a site's ledger is a file in it."""
    return hass_tmp_config_dir


def pytest_configure(config: pytest.Config) -> None:
    """Register our marker, and let the database's driver say nothing of each statement."""
    config.addinivalue_line(
        "markers", "debug_loop: run with the event loop's own checks, which are slow"
    )
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture(autouse=True)
async def enable_event_loop_debug(request: pytest.FixtureRequest) -> None:
    """Replace the test package's fixture, which checks every event loop.

    In its debug mode a loop notes the whole stack for each call, task and future. That found nothing that the tests
    marked `debug_loop`, which run every part of a site, do not find.
    """
    debug = request.node.get_closest_marker("debug_loop") is not None
    asyncio.get_running_loop().set_debug(debug)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: nothing is left to wait for at the end."""
    items.sort(key=lambda item: "end_to_end" not in item.path.parts)
