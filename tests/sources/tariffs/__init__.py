"""Tests of prices, carbon and capacity tariffs."""
