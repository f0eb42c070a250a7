"""Answering requests from a published model: pure Python, so that a Lambda starts within milliseconds.

`recommender` puts the parts together: a `question` and a customer's recent items are scored (`scoring`), what lacks is
filled by simpler lists (`fallback`), and each item says why it is there (`reasons`). `service` is what an HTTP server
and a Lambda handler both call.
"""
