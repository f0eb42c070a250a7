"""What the collector stands on: keys and limits, envelopes and batches, verdicts, and the document that describes it.

`pipeline.collector` is the core, `pipeline.http` its addresses.
"""
