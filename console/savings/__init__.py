"""Savings: what of the stack could cost less."""
