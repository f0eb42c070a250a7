"""From the curated tables to a model: read (`reading`), learn (`training`), judge (`measuring`), publish
(`retraining`).
"""
