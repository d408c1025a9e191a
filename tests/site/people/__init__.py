"""Tests of the people of a site."""
