"""Recommendations: what do we recommend to whom, why, and does it pay?"""
