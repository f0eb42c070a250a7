"""AWS Lambda entry points: a few lines each. The work is done by the modules they call.

Importing a handler starts nothing. Ports, clients and the environment are made by the first invocation and kept.
"""
