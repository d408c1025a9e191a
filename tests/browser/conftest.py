"""One Home Assistant and one Chromium for all tests in here; they build on each other, in the order of the file.

Playwright keeps an event loop running in its thread, which no fixture of asyncio bears: the tests of this folder, and
all that speaks to the browser, run in a thread of their own.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)
import pytest
import pytest_socket

from development.browser import Home, home as run_home, launch, log_in

# For a machine that is busy; what is there is seen at once.
expect.set_options(timeout=30_000)

PHONE = ViewportSize(width=390, height=844)
DESKTOP = ViewportSize(width=1400, height=1000)
# What Home Assistant's own frontend complains about, which is none of ours: with what we stand for, it is listed here.
NOT_OURS = (
    "/manifest.json",
    "service_worker",
    "Failed to load resource",
    "net::ERR",
    # After a lost connection, for whatever subscription.
    "Received event for unknown subscription",
    # Home Assistant preloads its fonts; on a busy machine Chromium says that nothing used them yet.
    "was preloaded using link preload but not used",
)


_THREAD = ThreadPoolExecutor(1, "browser")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    """Run a test in the thread of the browser."""
    names = pyfuncitem._fixtureinfo.argnames  # noqa: SLF001 (as pytest's own hook does)
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    _THREAD.submit(pyfuncitem.obj, **arguments).result()
    return True


@pytest.fixture(autouse=True)
def verify_cleanup() -> None:
    """Do without Home Assistant's check of the event loop: there is none in here."""


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Run a Home Assistant without a site."""
    # Fixtures of the session are made before those of the first test, which would let it.
    pytest_socket.enable_socket()
    with run_home(tmp_path_factory.mktemp("browser"), "--bare") as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Run Chromium."""
    pytest_socket.enable_socket()
    playwright = _THREAD.submit(sync_playwright().start).result()
    chromium = _THREAD.submit(launch, playwright).result()
    yield chromium
    _THREAD.submit(chromium.close).result()
    _THREAD.submit(playwright.stop).result()


@pytest.fixture(scope="session")
def logged_in(home: Home, browser: Browser) -> Any:
    """Return the storage of a browser that is logged in."""

    def log_in_once() -> Any:
        context = browser.new_context(viewport=DESKTOP)
        log_in(context.new_page(), home.url)
        state = context.storage_state()
        context.close()
        return state

    return _THREAD.submit(log_in_once).result()


@pytest.fixture
def open_page(
    home: Home, browser: Browser, logged_in: Any
) -> Iterator[Callable[..., Page]]:
    """Return what opens a page; at the end no page has said anything of ours on its console."""
    said: list[str] = []
    contexts: list[BrowserContext] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    def open_page(path: str, viewport: Any = DESKTOP, **options: Any) -> Page:
        context = browser.new_context(
            viewport=viewport,
            storage_state=logged_in,
            service_workers="block",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", heard)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{home.url}{path}")
        return page

    yield open_page
    for context in contexts:
        _THREAD.submit(context.close).result()
    assert [text for text in said if not any(x in text for x in NOT_OURS)] == []


@pytest.fixture(scope="session")
def axe() -> str:
    """Return the source of axe-core, which a package of Python's index carries."""
    spec = find_spec("axe_playwright_python")
    assert spec
    assert spec.origin
    return (Path(spec.origin).parent / "axe.min.js").read_text("utf-8")
