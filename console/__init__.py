"""The read side: everything a page stands on."""
