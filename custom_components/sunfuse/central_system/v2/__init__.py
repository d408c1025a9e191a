"""OCPP 2.0.1 and 2.1: what a station sends, and what it is sent."""
