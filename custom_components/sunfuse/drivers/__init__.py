"""What drivers want, and which car is where: pure functions over frozen dataclasses."""
