"""OCPP 2.x: the variables of a station's device model, read and written one by one."""

from ..protocol.frames import Payload
from ..protocol.requests import Requests
from ..station_commands import ConfigurationResult
from ..station_state import CommandError


class Variables2:
    """Reads and writes variables of one connected station, written `Component.Variable`."""

    def __init__(self, requests: Requests) -> None:
        """Send these requests."""
        self._requests = requests

    async def ask(self, variable: Payload) -> str | None:
        """Return the value of a variable; None if the station has no such variable, or does not answer."""
        answer = await self._requests.ask(
            "GetVariables", {"getVariableData": [variable]}
        )
        result = (answer or {}).get("getVariableResult", [{}])[0]
        if result.get("attributeStatus") != "Accepted":
            return None
        value: str = result.get("attributeValue", "")
        return value

    async def try_set(
        self, component: str, variable: str, value: str
    ) -> ConfigurationResult | None:
        """Set a variable; returns whether the station uses it now or after a restart, None if it does not accept it."""
        data = {**variable_of(component, variable), "attributeValue": value}
        answer = await self._requests.ask("SetVariables", {"setVariableData": [data]})
        result = (answer or {}).get("setVariableResult", [{}])[0]
        match result.get("attributeStatus"):
            case "Accepted":
                return ConfigurationResult.ACCEPTED
            case "RebootRequired":
                return ConfigurationResult.REBOOT_REQUIRED
        return None

    async def get(self, key: str) -> str | None:
        """Return the value of a variable; None if the station has no such variable.

        Raises:
            CommandError: that is not a variable, or the station could not be asked.

        """
        payload = {"getVariableData": [_named(key)]}
        answer = await self._requests.call("GetVariables", payload)
        result = answer["getVariableResult"][0]
        if result["attributeStatus"] != "Accepted":
            return None
        value: str = result.get("attributeValue", "")
        return value

    async def set(self, key: str, value: str) -> str:
        """Set a variable; returns the status of the answer.

        Raises:
            CommandError: that is not a variable, or the station could not be asked.

        """
        data = {**_named(key), "attributeValue": value}
        answer = await self._requests.call("SetVariables", {"setVariableData": [data]})
        status: str = answer["setVariableResult"][0]["attributeStatus"]
        return status


def variable_of(component: str, variable: str) -> Payload:
    """Return how messages name a variable."""
    return {"component": {"name": component}, "variable": {"name": variable}}


def _named(key: str) -> Payload:
    """Return the component and variable of `Component.Variable`.

    Raises:
        CommandError: that is not a variable.

    """
    component, dot, variable = key.partition(".")
    if not dot or not component or not variable:
        raise CommandError("impossible", f"Not of the form Component.Variable: {key}")
    return variable_of(component, variable)
