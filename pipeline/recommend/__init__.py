"""Recommendations: learn from curated events, publish a model, and answer requests from it within milliseconds.

`interactions` is what is learnt from, `methods` how, and `learning` makes of it what `models` keeps: pure data that
`serving` answers from without numpy. `evaluation` compares methods; `customers` is what is kept of single customers.
"""
