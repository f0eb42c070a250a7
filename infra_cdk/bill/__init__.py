"""The bill of what is really deployed: the settings of a tier, read back from the templates that its stacks make."""
