"""Makes that send longer texts than the schema allows when they boot."""

from ..protocol.frames import Call, Payload
from ..station_state import StationInfo
from .quirks import behaviour

_SHORT = 20  # the least that each text of BootNotification may contain


def shortened(call: Call) -> Payload:
    """Return the part of a request that is to be checked.

    Makes that are known to send texts that are too long when they boot are accepted nevertheless: they cannot be
    configured before they have booted.
    """
    if call.action != "BootNotification":
        return call.payload
    station = call.payload.get("chargingStation", call.payload)
    if not isinstance(station, dict):
        return call.payload
    vendor = station.get("vendorName", station.get("chargePointVendor"))
    model = station.get("model", station.get("chargePointModel"))
    if not isinstance(vendor, str) or not isinstance(model, str):
        return call.payload
    if not behaviour(StationInfo(vendor=vendor, model=model)).long_texts:
        return call.payload
    for key, value in station.items():
        if isinstance(value, str):
            station[key] = value[:_SHORT]
    return call.payload
