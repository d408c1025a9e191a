"""The limits of circuits: which is the tightest, and how long a fuse carries more."""
