"""How well a scarce fuse is shared: the engine's policies beside the textbook's and beside what is possible at all."""
