"""Takes the README's pictures from the real thing: `scripts/screenshot` runs it."""

from pathlib import Path
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from playwright.sync_api import Page, sync_playwright

from .prepare import DASHBOARD, PASSWORD, USERNAME

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZE = {"width": 1900, "height": 1010}
# So that the graphs have something to show, and so that the fuse was turned down in them.
BEFORE_S, AFTER_S = 120, 60


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _act(page: Page, domain: str, service: str, data: dict[str, object]) -> None:
    page.evaluate(
        "([domain, service, data]) => document.querySelector('home-assistant')"
        ".hass.callService(domain, service, data)",
        [domain, service, data],
    )


def _log_in(page: Page, url: str) -> None:
    page.goto(url)
    page.locator("input[name=username]").fill(USERNAME)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(f"**/{DASHBOARD}/**", timeout=60_000)


def _take(url: str, browser_path: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=list(FLAGS)
        )
        page = browser.new_page(viewport=SIZE, locale="en-GB")  # type: ignore[arg-type]
        _log_in(page, url)
        page.wait_for_timeout(5_000)
        for charger, mode in (("garage", "fast"), ("street", "fast")):
            entity = f"select.{charger}_mode"
            _act(page, "select", "select_option", {"entity_id": entity, "option": mode})
        page.wait_for_timeout(BEFORE_S * 1000)
        limit = {"entity_id": "number.simulated_site_main_fuse_limit", "value": 20}
        _act(page, "number", "set_value", limit)
        page.wait_for_timeout(AFTER_S * 1000)
        page.screenshot(path=IMAGES / "dashboard.png")
        browser.close()


def main() -> int:
    """Start Home Assistant, take the pictures, and stop it."""
    browser_path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser_path is None:
        sys.exit("scripts/screenshot: Chromium is missing on the PATH.")
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            home = subprocess.Popen(
                [
                    ROOT / "scripts" / "develop",
                    *("--port", str(port), "--config", f"{folder}/config"),
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            while b"is ready on" not in log.read_bytes():
                if home.poll() is not None:
                    sys.exit(log.read_text())
                time.sleep(1)
            _take(f"http://127.0.0.1:{port}", browser_path)
        finally:
            home.send_signal(signal.SIGINT)
            home.wait(timeout=60)
    return 0


if __name__ == "__main__":
    sys.exit(main())
