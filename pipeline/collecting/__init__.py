"""What the collector stands on: keys and limits, envelopes and batches, verdicts, and the document that describes it.

`pipeline.collecting.collector` is the core, `pipeline.collecting.http` its addresses.
"""
