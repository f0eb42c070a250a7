"""What an event may hold: its shape, the rules between its fields, and a name for every refusal.

`pipeline.events` is the face; nothing else needs to look in here.
"""
