"""The event contract: what an event may hold, and why a record is refused (pure).

- `events`: reads, checks and writes one event; says what the contract decides. Start here.
- `shape`: the fields of an event with their types and limits. `admission`: the rules between fields.
- `batches`: the events of one request. `fieldwise`: finds the field that is wrong.
- `rejections`: the reasons of a refusal, and the line that keeps a refused record.
- `privacy`, `currencies`: how personal data is recognised, and the currency codes.
"""
