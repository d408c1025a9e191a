"""Tests of the plan of a site."""
