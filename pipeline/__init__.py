"""The write side: from a click to the lake."""
