"""The read side: what pages ask, and how the answers are drawn."""
