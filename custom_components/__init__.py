"""Makes custom_components a package, which Home Assistant's loader needs to find it in tests."""
