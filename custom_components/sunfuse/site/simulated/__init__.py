"""The simulated site inside Home Assistant."""
