"""What if: a loaded site's own past, gathered for a replay."""
