"""How soon the dashboard is there with many chargers: Chromium, a real Home Assistant, and simulated chargers.

Run `python -m benchmarks.dashboard`; `--chargers 50` is the default. The site is the one of `scripts/develop`; the other
chargers connect from this process and are accepted in bulk, whether they are there yet or not. Prints, for a first visit and for a
second one with what the browser kept, the seconds from opening the address to the first paint of the page, to the site's
card, and to the table with all chargers.
"""

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import sys
import tempfile
import threading
import time

from aiohttp import ClientSession
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from custom_components.sunfuse.simulator import Simulation
from custom_components.sunfuse.simulator.simulated_site import (
    DEFAULT_CHARGERS,
    ChargerSpec,
)
from development.browser import home, launch, log_in

SIZE = ViewportSize(width=1400, height=1000)
ACCEPT = """(identities) => document.querySelector("home-assistant").hass.callWS({
  type: "sunfuse/new_chargers/accept", identities, pattern: "Bay {n}", mode: "fast"})
  .catch((error) => { throw new Error(JSON.stringify(error)); })"""
FIRST_PAINT = """() => performance.getEntriesByName("first-contentful-paint")[0].startTime / 1000"""


@contextmanager
def chargers(count: int, port: int) -> Iterator[list[str]]:
    """Let so many simulated chargers connect, in a thread of their own."""
    specs = tuple(
        ChargerSpec(identity=f"SIM-{number:03}", name=f"Bay {number}")
        for number in range(count)
    )
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def live() -> None:
        simulation = Simulation(url=f"ws://127.0.0.1:{port}", chargers=specs)
        async with ClientSession() as session:
            await simulation.start(session)
            await ended.wait()
            await simulation.stop()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()))
    thread.start()
    try:
        yield [spec.identity for spec in specs]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()


def measure(page: Page, url: str, count: int) -> tuple[float, float, float]:
    """Open the dashboard, and return when what was there."""
    begun = time.monotonic()
    page.goto(f"{url}/sunfuse-site", wait_until="commit")
    page.locator("sunfuse-site-card .flows").wait_for()
    site_s = time.monotonic() - begun
    page.locator("sunfuse-chargers-card tbody tr").nth(count - 1).wait_for()
    table_s = time.monotonic() - begun
    return float(page.evaluate(FIRST_PAINT)), site_s, table_s


def run(browser: Browser, url: str, ocpp_port: int, count: int) -> None:
    """Fill the site with chargers, and measure."""
    page = browser.new_page(viewport=SIZE)
    log_in(page, url)
    page.locator("sunfuse-chargers-card").wait_for()
    state = page.context.storage_state()
    with chargers(count - len(DEFAULT_CHARGERS), ocpp_port) as identities:
        page.evaluate(ACCEPT, identities)
        page.get_by_text(f"{count} chargers").wait_for(timeout=120_000)
        page.close()
        time.sleep(15)  # until each of them is set up
        context = browser.new_context(viewport=SIZE, storage_state=state)
        for visit in ("first", "second"):
            page = context.new_page()
            figures = measure(page, url, count)
            page.close()
            print(
                f"{visit} visit: first paint {figures[0]:.2f} s,"
                f" site {figures[1]:.2f} s, all {count} chargers {figures[2]:.2f} s"
            )


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chargers", type=int, default=50)
    count = parser.parse_args().chargers
    with (
        tempfile.TemporaryDirectory() as folder,
        home(Path(folder)) as running,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        run(browser, running.url, running.ocpp_port, count)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
