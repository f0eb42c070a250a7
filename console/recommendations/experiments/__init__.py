"""Experiments with recommendations: what they show so far, how sure that is, and how it is drawn."""
