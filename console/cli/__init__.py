"""Commands of ``python -m console``, one module each: `add` declares its options, `run` answers."""
