"""Experiments with recommendations: what was compared, and what came of it."""
