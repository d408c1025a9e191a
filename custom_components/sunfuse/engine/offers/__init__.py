"""From what each car should get to what is sent now."""
