"""Own cost: what does this console itself cost, and who asks what?"""

from console import wiring
from console.asking.figures import Unit
from console.kit import charts, page, reading, records, tables, tiles
from console.kit import formatting as text
from console.own_cost import answer as insight

view = reading.begin("Own cost", __doc__, wiring.viewer, sliced=False, through_today=True, needs_events=False)

COLUMNS = ["name", "calls", "cached_share", "bytes_scanned", "dollars", "saved", "seconds"]
DIGITS = 5  # a query of 10 MB costs $0.00005

with page.answer():
    answer = insight.own_cost(view.scope, view.selection.period, view.selection.comparisons)
    page.stop_if_empty(
        answer.is_empty,
        title="No calls in this period",
        next_step="Open any other page: its questions show here after some seconds.",
        selection=view.selection,
    )
    tiles.row(answer.figures)
    is_free = answer.total.dollars == 0 and answer.total.saved == 0
    charts.draw(
        charts.by_day(
            answer.days,
            [each.calls if is_free else each.dollars for each in answer.by_day],
            unit=Unit.COUNT if is_free else Unit.MONEY,
            currency="" if is_free else insight.DOLLARS,
            title="Calls by day" if is_free else "Own cost by day",
            incomplete_from=view.scope.today,
        )
    )

    if len(answer.by_kind) > 1:
        charts.draw(
            charts.bars(
                [each.name.replace("_", " ").capitalize() for each in answer.by_kind],
                [each.calls if is_free else each.dollars for each in answer.by_kind],
                unit=Unit.COUNT if is_free else Unit.MONEY,
                currency="" if is_free else insight.DOLLARS,
                title="By kind of call",
            )
        )

    def show(title: str, label: str, costs: list[insight.Cost], export_as: str) -> None:
        """One table of costs."""
        tables.show(
            records.table_of(costs, COLUMNS, rates=["cached_share"], digits=DIGITS),
            {
                "name": tables.Column(label),
                "calls": tables.Column("Calls", Unit.COUNT),
                "cached_share": tables.Column("Cached", Unit.PERCENT),
                "bytes_scanned": tables.Column("Bytes scanned", Unit.COUNT),
                "dollars": tables.Column(
                    "Cost", Unit.MONEY, insight.DOLLARS, "Calls of unknown price left out", DIGITS
                ),
                "saved": tables.Column("Saved by cache", Unit.MONEY, insight.DOLLARS, digits=DIGITS),
                "seconds": tables.Column("Seconds", Unit.RATIO, help="Waited for answers, all together"),
            },
            export_as=export_as,
            title=title,
            scope=view.describe(answer.statistics),
        )

    show("By page", "Page", list(answer.by_page), "own-cost-by-page")
    show("By person", "Person", list(answer.by_viewer), "own-cost-by-person")
    show("By question", "Question", list(answer.by_question), "own-cost-by-question")
    notes: tuple[str, ...] = ()
    if is_free:
        notes = (
            "Questions are free here. On Athena those that were not cached would cost at least"
            f" {text.price(answer.least_on_athena)}: 10 MB is billed for each.",
        )
    view.trust_line(answer.statistics, list(answer.results), notes=notes)
