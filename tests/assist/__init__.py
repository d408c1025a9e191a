"""Tests of what people ask Assist and tell it."""
