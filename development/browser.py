"""Chromium, as the screenshots and the browser tests use it, and a Home Assistant for it to look at."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import os
from pathlib import Path
import shutil
import signal
import socket
import subprocess
import sys
import time

from playwright.sync_api import Browser, Page, Playwright

from .prepare import PASSWORD, USERNAME

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome")
# Nothing is asked of anybody but the page.
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
# A new machine may be compiling everything for the first time.
START_S = 300


@dataclass(frozen=True, slots=True)
class Home:
    """A Home Assistant that runs, and the port that its simulated chargers connect to."""

    url: str
    ocpp_port: int
    log: Path


def launch(playwright: Playwright) -> Browser:
    """Start the Chromium of this system, else the one that `scripts/setup --browser` fetched."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    return playwright.chromium.launch(executable_path=path, args=list(FLAGS))


def free_port() -> int:
    """Return a port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def home(folder: Path, *options: str) -> Iterator[Home]:
    """Run the development Home Assistant, and stop it as Ctrl-C does."""
    port, ocpp_port = free_port(), free_port()
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "development"),
                *("--port", str(port), "--ocpp-port", str(ocpp_port)),
                *("--config", str(folder / "config"), *options),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("PYTEST", "COV_"))
            }
            | {"PYTHONPATH": str(ROOT)},
        )
    try:
        until = time.monotonic() + START_S
        while b"is ready on" not in log.read_bytes():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(log.read_text())
            time.sleep(0.2)
        yield Home(f"http://127.0.0.1:{port}", ocpp_port, log)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()


def log_in(
    page: Page, url: str, username: str = USERNAME, password: str = PASSWORD
) -> None:
    """Log in as a user does, and wait for the dashboard."""
    page.goto(url)
    page.locator("input[name=username]").fill(username)
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/sunfuse-site/**", timeout=60_000)
