"""Tests of the home battery of a site."""
