"""AWS Lambda entry points of what the console does by the day, with no console running: a few lines each.

Importing a handler starts nothing and loads nothing heavy; see `pipeline.handlers`.
"""
