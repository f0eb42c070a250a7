"""Kinesis: shards that carry nothing, more shards than the busiest hour needs, and provisioned against on-demand."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from console.savings.facts import Stream, StreamHour
from console.savings.findings import (
    GIGABYTE,
    HOURS_A_MONTH,
    Charges,
    Checked,
    Effort,
    Finding,
    Prices,
    Rates,
    Risk,
    a_month,
    count,
    dollars,
    figures,
    is_worth,
    size,
)
from console.savings.inventory import Inventory

NAME, TITLE = "streams", "Kinesis shards and capacity mode"
LEAST_HOURS = 7 * 24  # a stream is judged over a week at least: shops are quiet on some days
PEAK_FACTOR = 3  # the busiest second of an hour over the hour's mean
SHARD_BYTES_IN, SHARD_RECORDS_IN, SHARD_BYTES_OUT = 1_000_000, 1_000, 2_000_000  # a second, for one shard
PAYLOAD_UNIT = 25_000  # bytes of a record that one PUT payload unit covers
ON_DEMAND_RECORD = 1_000  # on demand, each record is rounded up to that many bytes
_LIMITS = "docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html"
_MODES = "docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html"


def check(inventory: Inventory, prices: Prices) -> Checked:
    """At most one finding a stream: the cheapest of nothing, fewer shards and the other mode."""
    found = [_judge(stream, inventory, prices) for stream in inventory.streams.items]
    findings = tuple(each for each in found if each is not None and is_worth(each.monthly))
    return Checked(NAME, TITLE, len(found), findings, inventory.streams.missing)


def shards_needed(hours: tuple[StreamHour, ...]) -> int:
    """Shards that carry the busiest hour with its busiest second `PEAK_FACTOR` times above the hour's mean; at least 1.

    Source: one shard takes 1 MB/s or 1,000 records/s in and gives 2 MB/s out.
    """
    needed = 1
    for hour in hours:
        for amount, limit in (
            (hour.bytes_in, SHARD_BYTES_IN),
            (hour.records_in, SHARD_RECORDS_IN),
            (hour.bytes_out, SHARD_BYTES_OUT),
        ):
            needed = max(needed, -(-amount * PEAK_FACTOR // (3600 * limit)))
    return needed


def _judge(stream: Stream, inventory: Inventory, prices: Prices) -> Finding | None:
    measured = len(stream.hours)
    if measured < LEAST_HOURS:
        return None
    rates = Rates(prices, inventory.region)
    provisioned, on_demand = _provisioned(stream, rates, stream.shards), _on_demand(stream, rates)
    now = on_demand if stream.is_on_demand else provisioned
    if not any(hour.records_in for hour in stream.hours):
        return _idle(stream, inventory, rates, now)
    needed = shards_needed(stream.hours)
    fitted = _provisioned(stream, rates, needed)
    choices = [("fewer", fitted), ("on demand", on_demand)] if not stream.is_on_demand else [("provisioned", fitted)]
    if not stream.is_on_demand and needed >= stream.shards:
        choices = choices[1:]
    if now is None or any(cost is None for _, cost in choices):
        # an unknown price says nothing about modes; shards that nobody needs are saved whatever they cost
        return _fewer(stream, inventory, rates, needed) if not stream.is_on_demand and needed < stream.shards else None
    choice, cost = min(((name, cost) for name, cost in choices if cost is not None), key=lambda each: each[1])
    if cost >= now:
        return None
    if choice == "fewer":
        return _fewer(stream, inventory, rates, needed)
    return _other_mode(stream, inventory, rates, needed, now, cost)


def _provisioned(stream: Stream, rates: Rates, shards: int) -> Decimal | None:
    hours = len(stream.hours)
    units = sum((hour.records_in * _units(hour) for hour in stream.hours), Decimal(0))
    return rates.cost({"kinesis.shard_hour": shards * HOURS_A_MONTH, "kinesis.put_payload_unit": a_month(units, hours)})


def _units(hour: StreamHour) -> Decimal:
    """PUT payload units of a record of the hour's mean size."""
    if not hour.records_in:
        return Decimal(0)
    return (Decimal(hour.bytes_in) / hour.records_in / PAYLOAD_UNIT).to_integral_value(ROUND_CEILING)


def _on_demand(stream: Stream, rates: Rates) -> Decimal | None:
    hours = len(stream.hours)
    bytes_in = sum((_rounded_up(hour) for hour in stream.hours), Decimal(0))
    bytes_out = sum(hour.bytes_out for hour in stream.hours)
    return rates.cost(
        {
            "kinesis.on_demand_stream_hour": HOURS_A_MONTH,
            "kinesis.on_demand_gigabyte_in": a_month(bytes_in, hours) / GIGABYTE,
            "kinesis.on_demand_gigabyte_out": a_month(bytes_out, hours) / GIGABYTE,
        }
    )


def _rounded_up(hour: StreamHour) -> Decimal:
    """Bytes in, each record of the hour's mean size rounded up to 1 KB."""
    if not hour.records_in:
        return Decimal(0)
    mean = Decimal(hour.bytes_in) / hour.records_in / ON_DEMAND_RECORD
    return mean.to_integral_value(ROUND_CEILING) * ON_DEMAND_RECORD * hour.records_in


def _evidence(stream: Stream, inventory: Inventory) -> list[tuple[str, str]]:
    busiest = max(stream.hours, key=lambda hour: hour.bytes_in)
    return [
        ("Mode", "on demand" if stream.is_on_demand else f"provisioned, {count(stream.shards)} shards"),
        ("Measured", f"{inventory.period.label()}, {count(len(stream.hours))} hours"),
        ("In, all hours", f"{size(sum(hour.bytes_in for hour in stream.hours))}, "
                          f"{count(sum(hour.records_in for hour in stream.hours))} records"),
        ("Busiest hour", f"{size(busiest.bytes_in)} in, {size(Decimal(busiest.bytes_in) / 3600)} a second"),
    ]  # fmt: skip


def _idle(stream: Stream, inventory: Inventory, rates: Rates, now: Decimal | None) -> Finding:
    mode = "ON_DEMAND" if stream.is_on_demand else "PROVISIONED"
    return Finding(
        key=f"{NAME}.idle/{stream.resource}",
        check=NAME,
        title=f"Stream {stream.name} carried nothing",
        resource=stream.resource,
        monthly=now,
        effort=Effort.LOW,
        risk=Risk.HIGH,
        evidence=figures([*_evidence(stream, inventory), ("Cost now", f"{dollars(now)} a month")]),
        steps=(
            "Ask the owner whether a producer is only paused.",
            f"aws kinesis delete-stream --stream-name {stream.name} --enforce-consumer-deletion",
        ),
        undo=(
            f"aws kinesis create-stream --stream-name {stream.name} --stream-mode-details StreamMode={mode}"
            + ("" if stream.is_on_demand else f" --shard-count {stream.shards}"),
            "Records that were in the stream are gone.",
        ),
        formula=f"1 stream × 730 h × {rates.text('kinesis.on_demand_stream_hour')}"
        if stream.is_on_demand
        else f"{stream.shards} shards × 730 h × {rates.text('kinesis.shard_hour')}",
        sources=rates.sources,
        charges=Charges(("ShardHour", "OnDemand-StreamHour")),
        unknown_because="" if now is not None else rates.because(),
    )


def _fewer(stream: Stream, inventory: Inventory, rates: Rates, needed: int) -> Finding:
    spare = stream.shards - needed
    mine = rates.anew()
    monthly = mine.cost({"kinesis.shard_hour": spare * HOURS_A_MONTH})
    return Finding(
        key=f"{NAME}.shards/{stream.resource}",
        check=NAME,
        title=f"Stream {stream.name} needs {needed} of its {stream.shards} shards",
        resource=stream.resource,
        monthly=monthly,
        effort=Effort.LOW,
        risk=Risk.MEDIUM,
        evidence=figures(
            [*_evidence(stream, inventory), ("Needed", f"{needed} with the peak at {PEAK_FACTOR}× the hour's mean")]
        ),
        steps=(
            f"aws kinesis update-shard-count --stream-name {stream.name} --target-shard-count "
            f"{max(needed, -(-stream.shards // 2))} --scaling-type UNIFORM_SCALING",
            f"A call can at most halve the shards: repeat it down to {needed}.",
            "Watch WriteProvisionedThroughputExceeded for a day.",
        ),
        undo=(
            f"aws kinesis update-shard-count --stream-name {stream.name} --target-shard-count {stream.shards} "
            "--scaling-type UNIFORM_SCALING",
        ),
        formula=f"({stream.shards} − {needed}) shards × 730 h × {mine.text('kinesis.shard_hour')}",
        sources=(*mine.sources, _LIMITS),
        charges=Charges(("ShardHour",)),
        unknown_because=mine.because(),
    )


def _other_mode(
    stream: Stream, inventory: Inventory, rates: Rates, needed: int, now: Decimal, cost: Decimal
) -> Finding:
    mode = "PROVISIONED" if stream.is_on_demand else "ON_DEMAND"
    name = f"provisioned with {needed} shard{'' if needed == 1 else 's'}" if stream.is_on_demand else "on demand"
    steps = [f"aws kinesis update-stream-mode --stream-arn {stream.resource} --stream-mode-details StreamMode={mode}"]
    if stream.is_on_demand:
        steps.append(
            f"aws kinesis update-shard-count --stream-name {stream.name} --target-shard-count {needed} "
            "--scaling-type UNIFORM_SCALING"
        )
    back = "ON_DEMAND" if stream.is_on_demand else "PROVISIONED"
    return Finding(
        key=f"{NAME}.mode/{stream.resource}",
        check=NAME,
        title=f"Stream {stream.name} is cheaper {name}",
        resource=stream.resource,
        monthly=now - cost,
        effort=Effort.LOW,
        risk=Risk.MEDIUM if stream.is_on_demand else Risk.LOW,
        evidence=figures(
            [
                *_evidence(stream, inventory),
                ("Cost now", f"{dollars(now)} a month"),
                (f"Cost {name}", f"{dollars(cost)} a month"),
            ]
        ),
        steps=(*steps, "The mode can be changed twice in 24 hours."),
        undo=(
            f"aws kinesis update-stream-mode --stream-arn {stream.resource} --stream-mode-details StreamMode={back}",
        ),
        formula=f"{dollars(now)} − {dollars(cost)}; provisioned: shards × 730 h × {rates.text('kinesis.shard_hour')} "
        f"+ PUT units of 25 KB × {rates.text('kinesis.put_payload_unit')}; on demand: 730 h × "
        f"{rates.text('kinesis.on_demand_stream_hour')} + GB in × {rates.text('kinesis.on_demand_gigabyte_in')} "
        f"+ GB out × {rates.text('kinesis.on_demand_gigabyte_out')}",
        sources=(*rates.sources, _MODES),
        charges=Charges(("ShardHour", "PutRequestPayloadUnits", "OnDemand-StreamHour", "OnDemand-Billed")),
    )
