"""Every piece of the console's UI kit on literal data: a page to look at, and to test in a real browser.

    python -m streamlit run tests/support/gallery.py

`?state=` picks what is shown: ``data`` (default), ``empty``, ``failed`` or ``lake`` (no lake at all). A second page
stands in the menu to see that filters travel.
"""

from __future__ import annotations

import math
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # `streamlit run` puts only this folder on the path

from catalogue.errors import LakeMissing, QueryFailed
from console.asking.engines import Statistics
from console.asking.figures import Better, Change, Figure, Number, Unit
from console.asking.periods import Period, RetailEvent, retail_event
from console.kit import charts, filters, page, shell, tables, tiles, trust_line
from console.kit.filters import FilterOptions
from console.kit.tables import Column

FIRST_DAY, LAST_DAY = date(2025, 9, 1), date(2026, 11, 29)
OPTIONS = FilterOptions(
    first_day=FIRST_DAY,
    last_day=LAST_DAY,
    channels=["app", "marketplace", "store", "web"],
    categories=["Beauty", "Books", "Clothing", "Electronics", "Garden", "Groceries", "Home", "Toys"],
    regions=["Central", "North", "South", "West"],
)
STATISTICS = Statistics(
    engine="duckdb",
    elapsed_seconds=0.084,
    bytes_scanned=12_431_220,
    dollars=Decimal(0),
    data_as_of=datetime(2026, 11, 29, 22, 41, tzinfo=UTC),
)
SQL = """with daily as (
    select order_date, sum(gross_revenue) as gross_revenue, sum(refunds) as refunds
    from orders
    where order_date >= date '2026-11-02' and order_date < date '2026-11-30'
    group by order_date
)
select order_date, gross_revenue - refunds as net_revenue
from daily
order by order_date"""
CATEGORIES = [
    ("Electronics", "402311.05", "351200.10"),
    ("Home/Lighting/Wall and ceiling lamps with a very long category path", "311877.90", "330411.00"),
    ("Clothing", "214409.35", "201118.20"),
    ("Toys", "122004.00", "54310.75"),
    ("Garden", "98120.25", "121004.60"),
    ("Beauty", "61240.00", "60011.15"),
    ("Books", "18420.50", "19231.00"),
    ('=HYPERLINK("x")', "842.00", "0.00"),
]


def revenue(day: date) -> Decimal:
    """A made-up day's revenue: a weekly rhythm, a slow rise and a Black Friday."""
    wave = 1 + 0.22 * math.sin(day.toordinal() * 2 * math.pi / 7) + 0.04 * math.sin(day.toordinal() * 1.7)
    event = retail_event(RetailEvent.BLACK_FRIDAY, day.year)
    peak = 2.6 if event.start <= day < event.end else 1.0
    return Decimal(f"{31_000 * wave * peak * (1 + (day - FIRST_DAY).days / 900):.2f}")


def days_of(period: Period) -> list[date]:
    """The days of a period, oldest first."""
    return [period.start + timedelta(days=index) for index in range(period.days)]


def figures(series: list[Decimal], selection: filters.Selection) -> list[Figure]:
    """Six figures with the comparisons chosen."""

    def changes(*values: Number | None) -> list[Change]:
        return [Change(name, value) for (name, _), value in zip(selection.comparisons, values, strict=False)]

    net = sum(series, Decimal(0))
    return [
        Figure("Net revenue", net, Unit.MONEY, "USD", changes(net / Decimal("1.042"), net * Decimal("1.118")), series),
        Figure("Orders", 12_403, Unit.COUNT, "", changes(12_977, 11_020), [int(v / 71) for v in series]),
        Figure("Average order value", Decimal("71.3042"), Unit.MONEY, "USD", changes(Decimal("68.11"), None), series),
        Figure(
            "Gross margin",
            Decimal("412309.11"),
            Unit.MONEY,
            "USD",
            changes(Decimal("398110.20"), Decimal("401000")),
            series[::2],
            note="unknown for 4.1 % of revenue",
        ),
        Figure(
            "Conversion rate",
            0.0312,
            Unit.PERCENT,
            "",
            changes(0.0342, 0.0301),
            [0.03 + (i % 7) / 1000 for i in range(28)],
        ),
        Figure("Refund rate", 0.021, Unit.PERCENT, "", changes(0.018, 0.025), [0.02, None, 0.022, 0.019], Better.LOWER),
    ]


def gallery() -> None:
    """Gallery: does every piece read well?"""
    with page.headed("Gallery", gallery.__doc__, is_sample=True):
        selection = filters.bar(OPTIONS)
        state = st.query_params.get("state", "data")
        if state == "failed":
            raise QueryFailed(
                "The engine broke off the query: column net_revenu does not exist",
                where="queries/sales/net_revenue_by_day.sql, line 14",
                remedy="Correct the column's name in the file, then try again.",
            )
        if state == "lake":
            raise LakeMissing(
                "There is no lake here", where="lake", remedy="Make the sample year, or import your own events."
            )
        page.stop_if_empty(state == "empty", next_step="Widen the dates, or clear a filter.", selection=selection)
        days = days_of(selection.period)
        series = [revenue(day) for day in days]
        tiles.row(figures(series, selection))
        black_friday = retail_event(RetailEvent.BLACK_FRIDAY, selection.period.last_day.year)
        charts.draw(
            charts.by_day(
                days,
                series,
                unit=Unit.MONEY,
                currency="USD",
                title="Net revenue by day",
                compare=[(name, [revenue(day) for day in days_of(other)]) for name, other in selection.comparisons],
                compare_days=[days_of(other) for _, other in selection.comparisons],
                incomplete_from=LAST_DAY,
                events=[("Black Friday", black_friday)],
            ),
            key="by-day",
        )
        left, right = st.columns(2, gap="medium")
        with left:
            charts.draw(
                charts.bars(
                    [name for name, _, _ in CATEGORIES],
                    [Decimal(value) for _, value, _ in CATEGORIES],
                    unit=Unit.MONEY,
                    currency="USD",
                    comparison=("Previous period", [Decimal(base) for _, _, base in CATEGORIES]),
                    title="Net revenue by category",
                ),
                key="bars",
            )
        with right:
            charts.draw(
                charts.waterfall(
                    [
                        ("Discounts", Decimal(-61_204)),
                        ("Refunds", Decimal(-48_310)),
                        ("Cost of goods", Decimal(-702_005)),
                    ],
                    start=("Gross revenue", Decimal(1_229_225)),
                    end=("Gross margin", Decimal(417_706)),
                    unit=Unit.MONEY,
                    currency="USD",
                    title="From gross revenue to margin",
                ),
                key="split",
            )
            charts.draw(
                charts.by_day(days, [None] * len(days), unit=Unit.COUNT, title="A series without a value"), key="none"
            )
        tables.show(
            [
                SimpleNamespace(
                    category=name,
                    net_revenue=Decimal(value),
                    orders=orders,
                    share=share,
                    units_per_order=units,
                    last_order=LAST_DAY,
                )
                for (name, value, _), orders, share, units in zip(
                    CATEGORIES,
                    [5120, 3998, 3011, 1720, 1377, 860, 259, 12],
                    [0.3271, 0.2536, 0.1743, 0.0992, 0.0798, 0.0498, 0.015, 0.0007],
                    [1.2, 2.4, 2.1, 1.9, 3.3, 2.0, 1.1, 1.0],
                    strict=True,
                )
            ],
            {
                "category": Column("Category"),
                "net_revenue": Column("Net revenue", Unit.MONEY, "USD", help="Gross revenue − refunds"),
                "orders": Column("Orders", Unit.COUNT),
                "share": Column("Share", Unit.PERCENT),
                "units_per_order": Column("Units per order", Unit.RATIO),
                "last_order": Column("Last order"),
            },
            export_as="revenue-by-category",
            title="By category",
            about=selection.describe(),
        )
        trust_line.draw(STATISTICS, sql=[("Net revenue by day", SQL)], quarantined_share=0.0042)


def second() -> None:
    """Second: do the filters travel?"""
    with page.headed("Second", second.__doc__):
        selection = filters.bar(OPTIONS)
        st.text("\n".join(f"{name}: {words}" for name, words in selection.describe()))


def plain() -> None:
    """Plain: a page without a filter bar."""
    with page.headed("Plain", plain.__doc__):
        st.text("No filters here.")


shell.set_up()
st.navigation(
    {
        "Kit": [
            st.Page(gallery, title="Gallery", icon=":material/palette:", default=True),
            st.Page(second, title="Second", icon=":material/filter_alt:", url_path="second"),
        ],
        "Tools": [st.Page(plain, title="Plain", icon=":material/article:", url_path="plain")],
    },
    expanded=True,
).run()
