"""Other senders' payloads as our events: Segment, GA4 with its tag, Snowplow, and webhooks of shop systems.

Pure, but for `Rules.customer_of`: `visitors` says which customer an anonymous id belongs to.

A message becomes no event, one, or one per product. It is kept whole or refused whole, so that an order is never half
an order. What a message means is decided by its name alone:

- names of `segment.ACTIONS` and `ga4.ACTIONS` become events;
- what a tracker sends by itself (`identify`, `page`, `session_start`, …) names no action of the contract: it
  is *ignored*, counted as such, and not received;
- every other name is refused as ``unknown_event_type`` with its original bytes: it may be a misspelt
  action that should be counted.
"""
