"""What an event may hold: its shape, the rules between its fields, and a name for every refusal.

`pipeline.contract.events` is the face; nothing else needs to look in here.
"""
