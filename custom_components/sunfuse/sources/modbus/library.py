"""All devices that a file describes: those that come with Sunfuse, and the user's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from homeassistant.core import HomeAssistant

from .device import Device
from .device_file import load_device
from .fields import DeviceFileError

BUILT_IN = Path(__file__).parent / "devices"
# Below Home Assistant's configuration directory.
USER_FOLDER = ("sunfuse", "modbus")
USER_PREFIX = "user/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Devices by their id, and what is wrong with the user's files."""

    devices: Mapping[str, Device]
    errors: tuple[DeviceFileError, ...] = ()


@cache
def built_in_devices() -> Mapping[str, Device]:
    """Return the devices that come with Sunfuse. Reads files, once, so not on the event loop."""
    devices = (load_device(path) for path in sorted(BUILT_IN.glob("*.yaml")))
    return {device.id: device for device in devices}


def load_library(folder: Path) -> Library:
    """Return all devices. Reads the user's files again, so that a form shows a new one at once."""
    devices = dict(built_in_devices())
    errors = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            device = load_device(path, USER_PREFIX)
        except DeviceFileError as err:
            errors.append(err)
        else:
            devices[device.id] = device
    return Library(devices=devices, errors=tuple(errors))


async def async_load_library(hass: HomeAssistant) -> Library:
    """Return all devices, the user's files read in a thread."""
    folder = Path(hass.config.path(*USER_FOLDER))
    return await hass.async_add_executor_job(load_library, folder)
