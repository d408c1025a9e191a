"""One charging station, whatever version of OCPP it speaks."""
