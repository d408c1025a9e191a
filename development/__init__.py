"""A Home Assistant to develop Sunfuse in: `scripts/develop` starts it."""
