"""Simulated charging stations, which really speak OCPP."""
