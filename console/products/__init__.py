"""Products: what sells, and with what?"""
