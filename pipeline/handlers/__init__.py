"""AWS Lambda entry points: a few lines each. What they do is decided in the modules that they call.

Importing a handler starts nothing. Ports, clients and the environment are made by the first invocation and kept.
"""
