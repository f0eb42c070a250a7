"""Live: what is happening right now?"""
