"""Own cost: what does this console itself cost?"""
