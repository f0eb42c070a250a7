"""The sample year: a shop, its traffic and its cloud bill, made up from a seed and written into an empty lake.

Each module states its part of the model with its figures:

- `words`, `shop`: 12 categories, 2,000 products, prices, costs, partners.
- `season`: weekdays, seasons, Black Friday, campaigns, and the two incidents.
- `people`: customers with lifetimes and tastes, anonymous visitors, when they come and how.
- `visits`: what happens in a visit, as counts; decides the exact number of events.
- `actions`: the events of visits, as columns.
- `lines`: columns as canonical JSON lines. `refused`: broken records.
- `prices`, `bill`: the cloud bill that follows from the traffic.
- `year`: writes all of it in one transaction. `command`: ``python -m pipeline sample``.

With a million events: 78 % product views, 178 thousand visits (115 thousand of them by 49 thousand customers, the
others anonymous), 3.6 % of visits convert (2.4 % online), an order is worth $71 after refunds, and the bill is $270
to $310 a month.
"""

from pipeline.sample.year import SampleReport, generate

__all__ = ["SampleReport", "generate"]
