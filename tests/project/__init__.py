"""Tests of the project itself: its names, rooms, manifest, texts and documentation."""
