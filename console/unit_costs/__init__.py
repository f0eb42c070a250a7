"""Unit costs: what does an order cost in the cloud, and what is left of the margin?"""
