"""Whose cost it is: rules that give charges to business functions, and costs divided by counts."""
