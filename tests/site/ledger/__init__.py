"""Tests of the sessions that a site has on record."""
