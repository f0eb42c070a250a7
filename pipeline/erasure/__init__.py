"""Erasure: a person leaves the lake, and every sum stays (docs/erasure.md)."""
