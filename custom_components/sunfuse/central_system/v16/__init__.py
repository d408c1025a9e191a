"""OCPP 1.6: what a station sends, and what it is sent."""
