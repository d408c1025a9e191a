"""Tests of what is replayed from a site."""
