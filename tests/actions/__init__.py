"""Tests of the actions for automations."""
