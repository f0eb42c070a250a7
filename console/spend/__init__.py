"""Spend: what does the cloud cost, for what, and what changed?

`part` says which part of the bill is asked about and which table answers; `summary`, `breakdown`, `changes`,
`coverage` and `tags` answer one question each; `answer` asks them all at once for the page and the command.
"""
