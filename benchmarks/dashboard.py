"""How soon the dashboard is there with many chargers: Chromium, a real Home Assistant, and simulated chargers.

Run `python -m benchmarks.dashboard`; `--chargers 50` is the default. The site is the one of `scripts/develop`; the other
chargers connect from this process and are accepted in bulk, whether they are there yet or not. Prints, for each visit, the seconds from
opening the address to the first paint of the page, to the site's card, and to the table with all chargers; beside each, how
long a dashboard with nothing but a line of text takes in the same Home Assistant, with the same entities. On a machine that
does other things, only the ratio of the two says something.
"""

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
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
EMPTY = "empty-page"
NOTHING = "Nothing is shown here"
MAKE_EMPTY = """async ([url_path, content]) => {
  const { hass } = document.querySelector("home-assistant");
  await hass.callWS({ type: "lovelace/dashboards/create", url_path, title: "Empty", mode: "storage",
    show_in_sidebar: true, require_admin: false });
  await hass.callWS({ type: "lovelace/config/save", url_path,
    config: { views: [{ title: "Empty", cards: [{ type: "markdown", content }] }] } });
}"""
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


def measure_empty(page: Page, url: str) -> float:
    """Open a dashboard with a line of text, and return when it was there."""
    begun = time.monotonic()
    page.goto(f"{url}/{EMPTY}", wait_until="commit")
    page.get_by_text(NOTHING).wait_for()
    return time.monotonic() - begun


def run(browser: Browser, url: str, ocpp_port: int, *, count: int, visits: int) -> None:
    """Fill the site with chargers, and measure."""
    page = browser.new_page(viewport=SIZE)
    log_in(page, url)
    page.locator("sunfuse-chargers-card").wait_for()
    state = page.context.storage_state()
    with chargers(count - len(DEFAULT_CHARGERS), ocpp_port) as identities:
        page.evaluate(ACCEPT, identities)
        page.get_by_text(f"{count} chargers").wait_for(timeout=120_000)
        page.evaluate(MAKE_EMPTY, [EMPTY, NOTHING])
        page.close()
        time.sleep(15)  # until each of them is set up
        context = browser.new_context(viewport=SIZE, storage_state=state)
        ratios = []
        for visit in range(1, visits + 1):
            page = context.new_page()
            empty_s = measure_empty(page, url)
            page.close()
            page = context.new_page()
            painted_s, site_s, table_s = measure(page, url, count)
            page.close()
            ratios.append(table_s / empty_s)
            print(
                f"visit {visit}: first paint {painted_s:.2f} s, site {site_s:.2f} s,"
                f" all {count} chargers {table_s:.2f} s; nothing {empty_s:.2f} s",
                flush=True,
            )
        print(f"all chargers, of nothing: {median(ratios):.2f} in the median")


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chargers", type=int, default=50)
    parser.add_argument("--visits", type=int, default=5)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        home(Path(folder)) as running,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        run(
            browser,
            running.url,
            running.ocpp_port,
            count=arguments.chargers,
            visits=arguments.visits,
        )
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
