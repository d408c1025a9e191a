"""The forms of a site: its set-up, and its options."""
