"""Tiers: which size fits, and what would it cost?"""
