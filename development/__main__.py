"""Starts Home Assistant as a developer wants to find it: logged in at once, with a site that works."""

import argparse
import asyncio
import errno
from pathlib import Path
import shutil
import socket
import sys

from homeassistant import bootstrap, runner
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import BASE_PLATFORMS, EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import Event, HomeAssistant

from . import energy, past, site
from .prepare import PASSWORD, USERNAME, prepare

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"

# The base platforms that sites and helpers use. The others are left out: to describe their actions Home Assistant
# imports speech and pictures, whose packages take minutes to install.
PLATFORMS = {
    "binary_sensor",
    "button",
    "date",
    "datetime",
    "event",
    "number",
    "select",
    "sensor",
    "switch",
    "text",
    "time",
    "update",
}


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError("must be above 0, and 3600 at most")
    return value


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError("must be between 1 and 65535")
    return port


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/develop",
        description="Start Home Assistant with Sunfuse and a simulated site.",
        epilog=f"Login: {USERNAME}, password: {PASSWORD}.",
    )
    parser.add_argument(
        "--port", type=_port, default=8123, help="of the web interface (8123)"
    )
    parser.add_argument(
        "--ocpp-port",
        type=_port,
        metavar="N",
        help="to which the simulated chargers connect (9000, or another that is free)",
    )
    parser.add_argument(
        "--speed",
        type=_positive,
        default=1.0,
        metavar="N",
        help="simulated time runs N times faster (1)",
    )
    parser.add_argument(
        "--bare", action="store_true", help="without a site, to add one by hand"
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="DIR",
        help="configuration folder, kept between runs (.develop/site or .develop/bare)",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="forget what earlier runs left behind"
    )
    return parser.parse_args(arguments)


def refuse_taken_port(port: int) -> None:
    """Exit with a sentence where Home Assistant could not listen."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as err:
            why = (
                "is in use by another program"
                if err.errno == errno.EADDRINUSE
                else f"cannot be used ({err.strerror})"
            )
            sys.exit(f"scripts/develop: port {port} {why}; choose one with --port N.")


def make_folder(folder: Path, *, fresh: bool) -> None:
    """Make the configuration folder, or bring an older one up to date."""
    components = folder / "custom_components"
    link = components / "sunfuse"
    if fresh and folder.exists():
        # A folder that somebody named by mistake must not be lost.
        if any(folder.iterdir()) and not link.is_symlink():
            sys.exit(
                f"scripts/develop: {folder} was not made by scripts/develop; it stays."
            )
        shutil.rmtree(folder)
    components.mkdir(parents=True, exist_ok=True)
    # A package of its own, so that components added by hand are found beside ours.
    (components / "__init__.py").touch()
    if link.is_symlink():
        link.unlink()
    link.symlink_to(ROOT / "custom_components" / "sunfuse")
    shutil.copyfile(
        ROOT / "development" / "configuration.yaml", folder / "configuration.yaml"
    )
    # Home Assistant's editors write these.
    for made in ("automations.yaml", "scripts.yaml"):
        (folder / made).touch()


async def run(options: argparse.Namespace, folder: Path) -> int:
    """Run Home Assistant until it is asked to stop."""
    bootstrap.DEFAULT_INTEGRATIONS -= BASE_PLATFORMS - PLATFORMS
    hass = await bootstrap.async_setup_hass(
        runner.RuntimeConfig(config_dir=str(folder), skip_pip=True)
    )
    if hass is None or hass.config.recovery_mode:
        print("scripts/develop: Home Assistant did not start.", file=sys.stderr)
        return 1
    if not options.bare:
        entry = await site.ensure(
            hass, speed=options.speed, ocpp_port=options.ocpp_port
        )
        await energy.ensure(hass, entry)
        # Not before Home Assistant has found the integration in the configuration folder.
        from . import past_of_ledger

        await past_of_ledger.ensure_people(hass, entry)
        if options.speed > 1:
            await site.plan_cars(hass)

    async def started(_event: Event) -> None:
        for entry in hass.config_entries.async_entries(site.DOMAIN):
            # Not before the recorder works, which begins with the start.
            if entry.data[site.KIND] == site.SIMULATED:
                await past.ensure(hass, entry)
                hass.async_create_background_task(
                    _remember(hass, entry), "half a year of sessions"
                )
        print(
            f"\nHome Assistant is ready on http://localhost:{options.port}"
            f"  (login: {USERNAME}, password: {PASSWORD}). Ctrl-C stops it.\n",
            flush=True,
        )

    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STARTED, started)
    return await hass.async_run()


async def _remember(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Give the site half a year of sessions, in the background: it takes some seconds, once."""
    from . import past_of_ledger

    quarters = await past_of_ledger.ensure(hass, entry)
    await past.ensure_longer(hass, entry, quarters)


def main() -> int:
    """Do what the command line says."""
    options = parse(sys.argv[1:])
    folder = options.config or ROOT / ".develop" / ("bare" if options.bare else "site")
    folder = folder.absolute()
    refuse_taken_port(options.port)
    make_folder(folder, fresh=options.fresh)
    with runner.ensure_single_execution(str(folder)) as lock:
        if lock.exit_code is not None:
            return lock.exit_code
        try:
            # In a loop of its own: one in which a Home Assistant has stopped is closed to other threads for good.
            asyncio.run(
                prepare(
                    str(folder),
                    host=HOST,
                    port=options.port,
                    ocpp_port=options.ocpp_port,
                    speed=options.speed,
                ),
                loop_factory=runner.create_event_loop,
            )
            return asyncio.run(
                run(options, folder), loop_factory=runner.create_event_loop
            )
        except KeyboardInterrupt:
            # Ctrl-C while Home Assistant was still starting.
            return 130


if __name__ == "__main__":
    sys.exit(main())
