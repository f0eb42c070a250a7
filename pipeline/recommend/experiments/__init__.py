"""Experiments with recommendations: what is compared (`experiment`), and which part of it a customer is given."""
