"""Tests of a site in a running Home Assistant."""
