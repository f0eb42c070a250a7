"""Builders, fixtures and doubles that tests share."""
