"""What the embedded platform stands on: supervised loops, checkpoints, metrics, and its place inside a server.

`pipeline.embedded` is the platform.
"""
