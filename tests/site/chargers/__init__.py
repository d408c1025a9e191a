"""Tests of the chargers of a site."""
