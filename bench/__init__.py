"""Speed and memory, measured: `python -m bench` prints one JSON object a line.

Each module has `measure(options)`, which yields records ``{"bench": …, "value": …, "unit": …}``.
Machines are noisy: compare figures of one run with each other, and look at medians before maxima.
"""
