"""Revenue: what did we earn, where and from what?"""
