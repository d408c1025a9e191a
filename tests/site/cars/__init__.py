"""Tests of the cars of a site."""
