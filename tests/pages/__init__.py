"""Tests of the frontend, and of what serves it."""
