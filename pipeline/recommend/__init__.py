"""Recommendations: learn from curated events, publish a model, and answer requests from it within milliseconds.

`interactions` is what is learnt from, `methods` how, `model` what comes out: pure data that a function without numpy
serves. `model_store` is the port of where models are published.
"""
