"""The stacks, one module each, split by lifecycle."""
