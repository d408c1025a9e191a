"""Takes pictures from the real thing: `scripts/screenshot` runs it."""

import argparse
from pathlib import Path
import sys
import tempfile
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from .browser import ROOT, Home, home, launch, log_in

IMAGES = ROOT / "docs" / "images"
SIZE = ViewportSize(width=1900, height=1010)
PHONE = ViewportSize(width=390, height=844)
# So that the graphs have something to show, and so that the fuse was turned down in them.
BEFORE_S, AFTER_S = 120, 60
CARDS = ("site", "charger", "chargers", "plan", "sessions", "capacity")
# Those that docs/dashboard.md shows; after minutes of history the others say that it needs a week.
SHOWN = ("site", "charger", "chargers", "plan")
# How each card is looked at; Home Assistant reads the language of a browser from its storage.
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": SIZE},
    "dark": {"viewport": SIZE, "color_scheme": "dark"},
    "phone": {"viewport": PHONE},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark"},
    "rtl": {"viewport": SIZE, "locale": "he"},
}


def _act(page: Page, domain: str, service: str, data: dict[str, object]) -> None:
    page.evaluate(
        "([domain, service, data]) => document.querySelector('home-assistant')"
        ".hass.callService(domain, service, data)",
        [domain, service, data],
    )


def _dashboard(browser: Browser, url: str) -> None:
    """Take the pictures of README and docs: the main fuse is turned down, and the cars share what is left."""
    page = browser.new_page(viewport=SIZE, locale="en-GB")
    log_in(page, url)
    page.wait_for_timeout(5_000)
    for charger in ("garage", "street"):
        entity = f"select.{charger}_mode"
        _act(page, "select", "select_option", {"entity_id": entity, "option": "fast"})
    page.wait_for_timeout(BEFORE_S * 1000)
    limit = {"entity_id": "number.simulated_site_main_fuse_limit", "value": 20}
    _act(page, "number", "set_value", limit)
    page.wait_for_timeout(AFTER_S * 1000)
    page.screenshot(path=IMAGES / "dashboard.png")
    for card in SHOWN:
        page.locator(f"sunfuse-{card}-card").first.screenshot(
            path=IMAGES / f"card-{card}.png"
        )
    address = _driver_address(page)
    phone = browser.new_page(viewport=PHONE, locale="en-GB")
    log_in(phone, url)
    _driver(phone, f"{url}{address}", IMAGES / "driver.png")


def _cards(browser: Browser, url: str, folder: Path) -> None:
    """Take a picture of every card, in every look."""
    folder.mkdir(parents=True, exist_ok=True)
    for look, options in LOOKS.items():
        context = browser.new_context(**{"locale": "en-GB", **options})
        page = context.new_page()
        log_in(page, url)
        page.locator("sunfuse-plan-card svg").first.wait_for()
        page.wait_for_timeout(3_000)
        for card in CARDS:
            first = page.locator(f"sunfuse-{card}-card").first
            first.scroll_into_view_if_needed()
            first.screenshot(path=folder / f"{card}-{look}.png")
        address = _driver_address(page)
        _driver(page, f"{url}{address}", folder / f"driver-{look}.png")
        context.close()


def _driver_address(page: Page) -> str:
    """Return where the driver's page of a charger is, as its card says."""
    page.locator("sunfuse-charger-card summary").first.click()
    link = page.locator("sunfuse-charger-card details a").first
    address = link.get_attribute("href")
    assert address
    return address


def _driver(page: Page, address: str, path: Path) -> None:
    page.goto(address)
    page.locator("sunfuse-driver .head").first.wait_for()
    page.wait_for_timeout(1_000)
    page.screenshot(path=path)


def _run(running: Home, cards: Path | None) -> None:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        if cards:
            _cards(browser, running.url, cards)
        else:
            _dashboard(browser, running.url)
        browser.close()


def main() -> int:
    """Start Home Assistant, take the pictures, and stop it."""
    parser = argparse.ArgumentParser(prog="scripts/screenshot", description=__doc__)
    parser.add_argument(
        "--cards",
        type=Path,
        metavar="FOLDER",
        help="every card in every look, instead of those of README and docs",
    )
    cards = parser.parse_args().cards
    with tempfile.TemporaryDirectory() as folder, home(Path(folder)) as running:
        _run(running, cards.absolute() if cards else None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
