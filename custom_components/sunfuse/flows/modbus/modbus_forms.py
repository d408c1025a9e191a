"""The forms of a Modbus device, and the links that they describe."""

from collections.abc import Iterable, Mapping
from typing import Any

import voluptuous as vol

from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    SerialPortSelector,
    TextSelector,
)

from ...const import CONF_PORT
from ...sources.modbus.device import Dimension, Parity, SerialSettings
from ...sources.modbus.device_address import LinkKind, ModbusLink
from ...sources.modbus.library import Library
from ...sources.modbus.scan import FoundDevice
from ...sources.modbus.sunspec import DISCOVERED
from ..form_fields import PORT, number

CONF_CONNECTION = "connection"
CONF_HOST = "host"
CONF_DEVICE_PATH = "device_path"
CONF_BAUDRATE = "baudrate"
CONF_PARITY = "parity"
CONF_STOP_BITS = "stop_bits"
CONF_UNITS = "units"
CONF_UNIT = "unit"
CONF_DEVICE = "device"
CONF_FOUND = "found"

# The Modbus TCP port (IANA); most devices on a line answer at the first ids, the others as their
# files say; SunSpec of SMA at 126, the meters of Fronius at 200 or 240.
USUAL_PORT = 502
USUAL_UNITS = "1-5, 30, 71, 100, 126, 200, 240, 247"
_BAUDRATES = ("1200", "2400", "4800", "9600", "19200", "38400", "57600", "115200")
_PARITIES = {"none": Parity.NONE, "even": Parity.EVEN, "odd": Parity.ODD}
UNIT_NAMES = {
    Dimension.POWER: "W",
    Dimension.CURRENT: "A",
    Dimension.VOLTAGE: "V",
    Dimension.ENERGY: "kWh",
    Dimension.FREQUENCY: "Hz",
    Dimension.BATTERY_SOC: "%",
    Dimension.TEMPERATURE: "°C",
}


def shown(value: float, dimension: Dimension) -> str:
    """Return a reading as a meter's display shows it: energy in kWh, and no more than two decimals."""
    if dimension is Dimension.ENERGY:
        value /= 1000
    return f"{value:.2f}".rstrip("0").rstrip(".") + f" {UNIT_NAMES[dimension]}"


def _select(*options: str) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(options=list(options), mode=SelectSelectorMode.DROPDOWN)
    )


def _names(options: Mapping[str, str]) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=value, label=label)
                for value, label in options.items()
            ],
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


_UNIT = vol.All(number("", high=255), vol.Coerce(int))
NETWORK = vol.Schema(
    {
        vol.Required(CONF_CONNECTION): SelectSelector(
            SelectSelectorConfig(
                options=[LinkKind.TCP.value, LinkKind.RTU_OVER_TCP.value],
                translation_key="modbus_connection",
                mode=SelectSelectorMode.LIST,
            )
        ),
        vol.Required(CONF_HOST): TextSelector(),
        vol.Required(CONF_PORT): PORT,
    }
)
SERIAL = vol.Schema(
    {
        vol.Required(CONF_DEVICE_PATH): SerialPortSelector(),
        vol.Required(CONF_BAUDRATE): _select(*_BAUDRATES),
        vol.Required(CONF_PARITY): SelectSelector(
            SelectSelectorConfig(
                options=list(_PARITIES),
                translation_key="parity",
                mode=SelectSelectorMode.DROPDOWN,
            )
        ),
        vol.Required(CONF_STOP_BITS): _select("1", "2"),
    }
)
SEARCH = vol.Schema({vol.Required(CONF_UNITS): TextSelector()})
CONFIRM = vol.Schema({vol.Required(CONF_NAME): TextSelector()})
RECONFIGURE_NETWORK = NETWORK.extend({vol.Required(CONF_UNIT): _UNIT})
RECONFIGURE_SERIAL = SERIAL.extend({vol.Required(CONF_UNIT): _UNIT})


def choose_schema(library: Library) -> vol.Schema:
    """Return the form to choose a device by hand."""
    names = {
        device.id: f"{device.manufacturer} {device.name}"
        for device in library.devices.values()
    }
    names[DISCOVERED] = "SunSpec"
    ordered = dict(sorted(names.items(), key=lambda item: item[1].casefold()))
    return vol.Schema(
        {
            vol.Required(CONF_DEVICE): _names(ordered),
            vol.Required(CONF_UNIT): _UNIT,
        }
    )


def found_schema(found: Iterable[FoundDevice]) -> vol.Schema:
    """Return the form to choose among devices that were found."""
    names = {str(index): f"{f.name} ({f.unit})" for index, f in enumerate(found)}
    return vol.Schema({vol.Required(CONF_FOUND): _names(names)})


def network_link(form: Mapping[str, Any]) -> ModbusLink:
    """Return the link that a form describes."""
    return ModbusLink(
        kind=LinkKind(form[CONF_CONNECTION]),
        host=form[CONF_HOST].strip().lower(),
        port=form[CONF_PORT],
    )


def serial_link(form: Mapping[str, Any]) -> ModbusLink:
    """Return the link that a form describes."""
    return ModbusLink(
        kind=LinkKind.SERIAL,
        host=form[CONF_DEVICE_PATH],
        serial=SerialSettings(
            baudrate=int(form[CONF_BAUDRATE]),
            parity=_PARITIES[form[CONF_PARITY]],
            stop_bits=int(form[CONF_STOP_BITS]),
        ),
    )


def link_form(link: ModbusLink) -> dict[str, Any]:
    """Return the values of the form of a link."""
    if link.kind is not LinkKind.SERIAL:
        return {
            CONF_CONNECTION: link.kind.value,
            CONF_HOST: link.host,
            CONF_PORT: link.port,
        }
    parities = {parity: word for word, parity in _PARITIES.items()}
    return {
        CONF_DEVICE_PATH: link.host,
        CONF_BAUDRATE: str(link.serial.baudrate),
        CONF_PARITY: parities[link.serial.parity],
        CONF_STOP_BITS: str(link.serial.stop_bits),
    }
