"""Definitions: what does a number mean?"""
