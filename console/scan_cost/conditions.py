"""Whether a condition can hold anywhere in a piece of a file, judged by the smallest and largest value of its columns.

Where that is unknown the answer is yes: an estimate may be too large, never too small.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlglot import exp

Bounds = Mapping[str, tuple[Any, Any]]  # column → smallest and largest value

_INVERTED: Mapping[type[exp.Expr], type[exp.Expr]] = {
    exp.LT: exp.GTE,
    exp.LTE: exp.GT,
    exp.GT: exp.LTE,
    exp.GTE: exp.LT,
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
}
_MIRRORED: Mapping[type[exp.Expr], type[exp.Expr]] = {
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
}
_HOLDS: Mapping[type[exp.Expr], Callable[[Any, Any, Any], bool]] = {
    exp.LT: lambda low, _high, value: bool(low < value),
    exp.LTE: lambda low, _high, value: bool(low <= value),
    exp.GT: lambda _low, high, value: bool(high > value),
    exp.GTE: lambda _low, high, value: bool(high >= value),
    exp.EQ: lambda low, high, value: bool(low <= value <= high),
    exp.NEQ: lambda low, high, value: not (low == high == value),
}


_AN_INSTANT = datetime(2000, 1, 1)  # noqa: DTZ001 - curated instants have no zone of their own


class NotConstant(ValueError):  # noqa: N818 - not a failure: the value is unknown
    """An expression whose value is not known before the query runs."""


def may_hold(condition: exp.Expr | None, bounds: Bounds) -> bool:
    """Whether any row between the bounds can fulfil a condition; None holds everywhere."""
    if condition is None:
        return True
    node = condition.unnest()
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.And):
        return may_hold(node.left, bounds) and may_hold(node.right, bounds)
    if isinstance(node, exp.Or):
        return may_hold(node.left, bounds) or may_hold(node.right, bounds)
    if isinstance(node, exp.Not):
        return _may_fail(node.this.unnest(), bounds)
    if isinstance(node, exp.Between):
        low, high = node.args["low"], node.args["high"]
        return _compare(exp.GTE, node.this, low, bounds) and _compare(exp.LTE, node.this, high, bounds)
    if isinstance(node, exp.In) and node.expressions:
        return any(_compare(exp.EQ, node.this, member, bounds) for member in node.expressions)
    if isinstance(node, exp.Binary) and type(node) in _HOLDS:
        return _compare(type(node), node.left, node.right, bounds)
    return True


def _may_fail(node: exp.Expr, bounds: Bounds) -> bool:
    """Whether any row between the bounds can fail to fulfil a condition."""
    if isinstance(node, exp.And):
        return _may_fail(node.left.unnest(), bounds) or _may_fail(node.right.unnest(), bounds)
    if isinstance(node, exp.Or):
        return _may_fail(node.left.unnest(), bounds) and _may_fail(node.right.unnest(), bounds)
    if isinstance(node, exp.Binary) and type(node) in _INVERTED:
        return _compare(_INVERTED[type(node)], node.left, node.right, bounds)
    return True


def _compare(kind: type[exp.Expr], left: exp.Expr, right: exp.Expr, bounds: Bounds) -> bool:
    left, right = left.unnest(), right.unnest()
    if isinstance(right, exp.Column) and not isinstance(left, exp.Column):
        kind, left, right = _MIRRORED.get(kind, kind), right, left
    if not isinstance(left, exp.Column) or left.name not in bounds:
        return True
    low, high = bounds[left.name]
    try:
        value = _like(constant(right), low)
        return _HOLDS[kind](low, high, value)
    except (NotConstant, TypeError):
        return True


def _like(value: Any, example: Any) -> Any:
    """The value as a date or an instant, as the example that it is compared with."""
    if isinstance(example, datetime) and isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    if isinstance(value, datetime) and isinstance(example, date) and not isinstance(example, datetime):
        if value.time() != time():
            raise NotConstant("an instant within a day, compared with a day")
        return value.date()
    return value


def constant(node: exp.Expr) -> Any:
    """The value of an expression that an engine works out before it opens a file.

    Raises
    ------
    NotConstant
        It depends on a row, or is of a kind that is not known here.
    """
    node = node.unnest()
    if isinstance(node, exp.Literal):
        return node.this if node.is_string else Decimal(node.this)
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Cast):
        return _cast(constant(node.this), node.to.this)
    if isinstance(node, exp.Add | exp.Sub):
        sign = 1 if isinstance(node, exp.Add) else -1
        if isinstance(node.expression.unnest(), exp.Interval):
            return _moved(constant(node.this), node.expression.unnest(), sign)
    if isinstance(node, exp.TimestampTrunc | exp.DateTrunc):
        return _truncated(constant(node.this), str(node.args["unit"].name).lower())
    raise NotConstant(node.sql())


def _cast(value: Any, kind: Any) -> Any:
    if kind is exp.DataType.Type.DATE:
        if isinstance(value, datetime):
            return value.date()
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    if kind in (exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ, exp.DataType.Type.DATETIME):
        return _like(value, _AN_INSTANT) if isinstance(value, date) else datetime.fromisoformat(str(value))
    if kind in (exp.DataType.Type.BIGINT, exp.DataType.Type.INT, exp.DataType.Type.DECIMAL):
        return Decimal(value)
    if kind in (exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT) and isinstance(value, str):
        return value
    raise NotConstant(str(kind))


def _moved(value: Any, interval: exp.Interval, sign: int) -> Any:
    if not isinstance(value, date):
        raise NotConstant("an interval from something that is no date")
    number, unit = sign * int(constant(interval.this)), str(interval.args["unit"].name).lower().removesuffix("s")
    if unit in ("day", "hour", "minute", "second"):
        instant = value if unit == "day" else _like(value, _AN_INSTANT)
        return instant + timedelta(**{f"{unit}s": number})
    if unit == "month":
        month = value.year * 12 + value.month - 1 + number
        first = value.replace(year=month // 12, month=month % 12 + 1, day=1)
        last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        return first.replace(day=min(value.day, last.day))
    raise NotConstant(unit)


def _truncated(value: Any, unit: str) -> Any:
    if not isinstance(value, date):
        raise NotConstant("the beginning of something that is no date")
    day = {"day": value, "month": value.replace(day=1), "year": value.replace(month=1, day=1)}
    if unit not in day:
        raise NotConstant(unit)
    return _like(date(day[unit].year, day[unit].month, day[unit].day), value)
