"""Tests of the forecasts of sunshine and load."""
