"""The collector: requests with events in, entries on the stream and a verdict for each event out.

- `collector`: the core, the same for every server. `http`: its routes for an ASGI server; `openapi` describes them.
- `serving`: how uvicorn serves them, with time-outs. `access`: the access log. `origins`: pages that may send.
- `envelope`: requests and responses without a server. `verdicts`: the body of an answer.
- `keys`: who may send, found by `authentication`. `limits`: how much. `recent`: which event ids were received lately.
- `known_customers`: whom an anonymous id belongs to, kept in a file (`…_embedded`) or on AWS (`…_dynamodb`).
- `held`: records of an amount that a person decides on.
- `command`, `held_command`: ``python -m pipeline keys`` and ``held``.
"""
