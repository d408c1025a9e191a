"""Tests of what entities show, and when it is written."""
