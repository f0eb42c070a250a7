"""Kinesis: shards that carry nothing, more shards than the busiest hour needs, and provisioned against on-demand."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

from console.asking.formatting import counted, data_size
from console.savings.facts import Stream, StreamHour
from console.savings.findings import Charges, Effort, Finding, Risk
from console.savings.judging import (
    GIGABYTE,
    HOURS_A_MONTH,
    LEAST_HOURS,
    Case,
    Check,
    Kind,
    Rates,
    a_month,
    dollars,
    dollars_a_month,
)

PEAK_OVER_MEAN = 3  # the busiest second of an hour over the hour's mean
SHARD_BYTES_IN, SHARD_RECORDS_IN, SHARD_BYTES_OUT = 1_000_000, 1_000, 2_000_000  # a second, for one shard
PAYLOAD_UNIT = 25_000  # bytes of a record that one PUT payload unit covers
ON_DEMAND_RECORD = 1_000  # on demand, each record is rounded up to that many bytes
_PAGES = "docs.aws.amazon.com/streams/latest/dev"
_IDLE = Kind("idle", Effort.LOW, Risk.HIGH, Charges(("ShardHour", "OnDemand-StreamHour")))
_SHARDS = Kind("shards", Effort.LOW, Risk.MEDIUM, Charges(("ShardHour",)), f"{_PAGES}/service-sizes-and-limits.html")
_ALL = Charges(("ShardHour", "PutRequestPayloadUnits", "OnDemand-StreamHour", "OnDemand-Billed"))
_TO_ON_DEMAND = Kind("mode", Effort.LOW, Risk.LOW, _ALL, f"{_PAGES}/how-do-i-size-a-stream.html")
_TO_PROVISIONED = replace(_TO_ON_DEMAND, risk=Risk.MEDIUM)


def shards_needed(hours: tuple[StreamHour, ...]) -> int:
    """Shards that carry the busiest hour, its busiest second `PEAK_OVER_MEAN` times the hour's mean; at least 1.

    Source: one shard takes 1 MB/s or 1,000 records/s in and gives 2 MB/s out.
    """
    needed = 1
    for hour in hours:
        for amount, limit in (
            (hour.bytes_in, SHARD_BYTES_IN),
            (hour.records_in, SHARD_RECORDS_IN),
            (hour.bytes_out, SHARD_BYTES_OUT),
        ):
            needed = max(needed, -(-amount * PEAK_OVER_MEAN // (3600 * limit)))
    return needed


def _judge(case: Case[Stream]) -> Finding | None:
    """The cheapest of nothing, fewer shards and the other mode."""
    stream, rates = case.facts, case.rates
    if len(stream.hours) < LEAST_HOURS:
        return None
    provisioned, on_demand = _provisioned(stream, rates, stream.shards), _on_demand(stream, rates)
    now = on_demand if stream.is_on_demand else provisioned
    if not any(hour.records_in for hour in stream.hours):
        return _idle(case, now)
    needed = shards_needed(stream.hours)
    has_spare = not stream.is_on_demand and needed < stream.shards
    fewer = _provisioned(stream, rates, needed)
    other = fewer if stream.is_on_demand else on_demand
    if now is None or other is None or (has_spare and fewer is None):
        # without its price no mode can be called cheaper; unneeded shards are a saving at any price
        return _fewer(case, needed) if has_spare else None
    if has_spare and fewer is not None and fewer <= other:
        return _fewer(case, needed) if fewer < now else None
    return _other_mode(case, needed, now, other) if other < now else None


def _provisioned(stream: Stream, rates: Rates, shards: int) -> Decimal | None:
    units = a_month(sum((hour.records_in * _units(hour) for hour in stream.hours), Decimal(0)), len(stream.hours))
    return rates.cost({"kinesis.shard_hour": shards * HOURS_A_MONTH, "kinesis.put_payload_unit": units})


def _units(hour: StreamHour, unit: int = PAYLOAD_UNIT) -> Decimal:
    """Units of so many bytes that a record of the hour's mean size is rounded up to."""
    if not hour.records_in:
        return Decimal(0)
    return (Decimal(hour.bytes_in) / hour.records_in / unit).to_integral_value(ROUND_CEILING)


def _on_demand(stream: Stream, rates: Rates) -> Decimal | None:
    hours = len(stream.hours)
    bytes_in = sum(
        (_units(hour, ON_DEMAND_RECORD) * ON_DEMAND_RECORD * hour.records_in for hour in stream.hours), Decimal(0)
    )
    bytes_out = sum(hour.bytes_out for hour in stream.hours)
    return rates.cost(
        {
            "kinesis.on_demand_stream_hour": HOURS_A_MONTH,
            "kinesis.on_demand_gigabyte_in": a_month(bytes_in, hours) / GIGABYTE,
            "kinesis.on_demand_gigabyte_out": a_month(bytes_out, hours) / GIGABYTE,
        }
    )


def _evidence(case: Case[Stream]) -> list[tuple[str, str]]:
    stream = case.facts
    bytes_in, records_in = sum(hour.bytes_in for hour in stream.hours), sum(hour.records_in for hour in stream.hours)
    busiest = max(hour.bytes_in for hour in stream.hours)
    name, hours = case.measured(len(stream.hours))
    return [
        ("Mode", "on demand" if stream.is_on_demand else f"provisioned, {counted(stream.shards, 'shard')}"),
        (name, hours),
        ("In, all hours", f"{data_size(bytes_in)}, {counted(records_in, 'record')}"),
        ("Busiest hour", f"{data_size(busiest)} in, {data_size(Decimal(busiest) / 3600)} a second"),
    ]


def _mode(is_on_demand: bool) -> str:
    return f"StreamMode={'ON_DEMAND' if is_on_demand else 'PROVISIONED'}"


def _resize(stream: Stream, shards: int) -> str:
    return (
        f"aws kinesis update-shard-count --stream-name {stream.name} --target-shard-count {shards} "
        "--scaling-type UNIFORM_SCALING"
    )


def _idle(case: Case[Stream], now: Decimal | None) -> Finding:
    stream, rates = case.facts, case.rates
    return case.finding(
        _IDLE,
        f"Stream {stream.name} carried nothing",
        monthly=now,
        evidence=[*_evidence(case), ("Cost now", dollars_a_month(now))],
        steps=[
            "Ask the owner whether a producer is only paused.",
            f"aws kinesis delete-stream --stream-name {stream.name} --enforce-consumer-deletion",
        ],
        undo=[
            f"aws kinesis create-stream --stream-name {stream.name} --stream-mode-details {_mode(stream.is_on_demand)}"
            + ("" if stream.is_on_demand else f" --shard-count {stream.shards}"),
            "Records that were in the stream are gone.",
        ],
        formula=f"1 stream × 730 h × {rates.text('kinesis.on_demand_stream_hour')}"
        if stream.is_on_demand
        else f"{counted(stream.shards, 'shard')} × 730 h × {rates.text('kinesis.shard_hour')}",
    )


def _fewer(case: Case[Stream], needed: int) -> Finding:
    stream, rates = case.facts, case.rates
    rates.forget()  # only the price of a shard counts here, not those of the modes
    return case.finding(
        _SHARDS,
        f"Stream {stream.name} needs {needed} of its {stream.shards} shards",
        monthly=rates.cost({"kinesis.shard_hour": (stream.shards - needed) * HOURS_A_MONTH}),
        evidence=[*_evidence(case), ("Needed", f"{needed} with the peak at {PEAK_OVER_MEAN}× the hour's mean")],
        steps=[
            _resize(stream, max(needed, -(-stream.shards // 2))),
            f"A call can at most halve the shards: repeat it down to {needed}.",
            "Watch WriteProvisionedThroughputExceeded for a day.",
        ],
        undo=[_resize(stream, stream.shards)],
        formula=f"({stream.shards} − {needed}) shards × 730 h × {rates.text('kinesis.shard_hour')}",
    )


def _other_mode(case: Case[Stream], needed: int, now: Decimal, cost: Decimal) -> Finding:
    stream, rates = case.facts, case.rates
    name = f"provisioned with {counted(needed, 'shard')}" if stream.is_on_demand else "on demand"
    change = f"aws kinesis update-stream-mode --stream-arn {stream.resource} --stream-mode-details"
    return case.finding(
        _TO_PROVISIONED if stream.is_on_demand else _TO_ON_DEMAND,
        f"Stream {stream.name} is cheaper {name}",
        monthly=now - cost,
        evidence=[*_evidence(case), ("Cost now", dollars_a_month(now)), (f"Cost {name}", dollars_a_month(cost))],
        steps=[
            f"{change} {_mode(not stream.is_on_demand)}",
            *([_resize(stream, needed)] if stream.is_on_demand else []),
            "The mode can be changed twice in 24 hours.",
        ],
        undo=[f"{change} {_mode(stream.is_on_demand)}"],
        formula=f"{dollars(now)} − {dollars(cost)}; provisioned: shards × 730 h × {rates.text('kinesis.shard_hour')} "
        f"+ PUT units of 25 KB × {rates.text('kinesis.put_payload_unit')}; on demand: 730 h × "
        f"{rates.text('kinesis.on_demand_stream_hour')} + GB in × {rates.text('kinesis.on_demand_gigabyte_in')} "
        f"+ GB out × {rates.text('kinesis.on_demand_gigabyte_out')}",
    )


check = Check("streams", "Kinesis shards and capacity mode", lambda inventory: inventory.streams, (_judge,))
