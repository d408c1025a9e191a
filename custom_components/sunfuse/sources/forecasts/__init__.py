"""Forecasts: solar power, and what the house draws without cars."""
