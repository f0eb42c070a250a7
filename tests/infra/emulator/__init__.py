"""The deployment on an emulator of AWS: its own templates are created there, and events go through what they made.

`left_out.toml` lists what the emulator cannot make, with the reason. Where it makes a part but ignores its parameters,
a small double does the work by the parameters in the template: `kinesis_source`, `delivery`.
"""
