"""What the executive dashboard shows, as QuickSight's definition: four figures, net revenue by day, category, region.

Source of the form: QuickSight API reference, DashboardVersionDefinition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

TOTALS, SALES = "figures", "sales"
"""The data sets: figures by day, channel and region; net revenue by day, category and region."""

DAYS = 90  # a quarter
SHEET = "executive"
COLUMNS = 36  # of QuickSight's grid
MOST_BARS = 20
QUOTIENTS = {  # of sums, whatever is filtered
    "average_order_value": "ifelse(sum({orders}) = 0, null, sum({net_revenue}) / sum({orders}))",
    "conversion_rate": "ifelse(sum({sessions}) = 0, null, sum({sessions_with_purchase}) / sum({sessions}))",
}


@dataclass(frozen=True)
class Visual:
    """A visual, and its place on the grid."""

    id: str
    content: Json
    column: int
    row: int
    width: int
    height: int


def definition(data_sets: Mapping[str, str]) -> Json:
    """The definition over the ARNs of the data sets `TOTALS` and `SALES`."""
    visuals = _visuals()
    return {
        "DataSetIdentifierDeclarations": [{"Identifier": name, "DataSetArn": arn} for name, arn in data_sets.items()],
        "CalculatedFields": [
            {"DataSetIdentifier": TOTALS, "Name": name, "Expression": expression}
            for name, expression in QUOTIENTS.items()
        ],
        "FilterGroups": [_last_days()],
        "Sheets": [
            {
                "SheetId": SHEET,
                "Name": "Executive figures",
                "Visuals": [visual.content for visual in visuals],
                "Layouts": [{"Configuration": {"GridLayout": {"Elements": [_place(visual) for visual in visuals]}}}],
            }
        ],
    }


def _visuals() -> Sequence[Visual]:
    figures = (
        ("net_revenue", "Net revenue"),
        ("orders", "Orders"),
        ("average_order_value", "Average order value"),
        ("conversion_rate", "Conversion rate"),
    )
    width = COLUMNS // len(figures)
    return [
        *(
            Visual(name, _figure(name, title), place * width, 0, width, 4)
            for place, (name, title) in enumerate(figures)
        ),
        Visual("by_day", _by_day(), 0, 4, COLUMNS, 10),
        Visual(
            "by_category", _by("by_category", "Net revenue by category", SALES, "category"), 0, 14, COLUMNS // 2, 10
        ),
        Visual("by_region", _by("by_region", "Net revenue by region", TOTALS, "region"), COLUMNS // 2, 14, 18, 10),
    ]


def _figure(name: str, title: str) -> Json:
    values = [_measure(name, TOTALS, name)]
    return {"KPIVisual": _head(name, title) | {"ChartConfiguration": {"FieldWells": {"Values": values}}}}


def _by_day() -> Json:
    day = {"DateDimensionField": {"FieldId": "by_day.day", "Column": _column(TOTALS, "day"), "DateGranularity": "DAY"}}
    wells = {"Category": [day], "Values": [_measure("by_day", TOTALS, "net_revenue")]}
    chart = {"FieldWells": {"LineChartAggregatedFieldWells": wells}, "Type": "LINE"}
    return {"LineChartVisual": _head("by_day", "Net revenue by day") | {"ChartConfiguration": chart}}


def _by(visual: str, title: str, data_set: str, dimension: str) -> Json:
    """Bars of net revenue, the largest first."""
    of = {"CategoricalDimensionField": {"FieldId": f"{visual}.{dimension}", "Column": _column(data_set, dimension)}}
    measure = _measure(visual, data_set, "net_revenue")
    chart = {
        "FieldWells": {"BarChartAggregatedFieldWells": {"Category": [of], "Values": [measure]}},
        "Orientation": "HORIZONTAL",
        "SortConfiguration": {
            "CategorySort": [{"FieldSort": {"FieldId": f"{visual}.net_revenue", "Direction": "DESC"}}],
            "CategoryItemsLimit": {"ItemsLimit": MOST_BARS, "OtherCategories": "INCLUDE"},
        },
    }
    return {"BarChartVisual": _head(visual, title) | {"ChartConfiguration": chart}}


def _head(visual: str, title: str) -> Json:
    return {"VisualId": visual, "Title": {"Visibility": "VISIBLE", "FormatText": {"PlainText": title}}}


def _measure(visual: str, data_set: str, name: str) -> Json:
    """A sum, or a quotient of sums, which is aggregated already."""
    field: Json = {"FieldId": f"{visual}.{name}", "Column": _column(data_set, name)}
    if name not in QUOTIENTS:
        field["AggregationFunction"] = {"SimpleNumericalAggregation": "SUM"}
    return {"NumericalMeasureField": field}


def _column(data_set: str, name: str) -> Json:
    return {"DataSetIdentifier": data_set, "ColumnName": name}


def _place(visual: Visual) -> Json:
    return {
        "ElementId": visual.id,
        "ElementType": "VISUAL",
        "ColumnIndex": visual.column,
        "ColumnSpan": visual.width,
        "RowIndex": visual.row,
        "RowSpan": visual.height,
    }


def _last_days() -> Json:
    """The last days, in both data sets: their column has one name."""
    filtered = {
        "FilterId": "last-days",
        "Column": _column(TOTALS, "day"),
        "AnchorDateConfiguration": {"AnchorOption": "NOW"},
        "TimeGranularity": "DAY",
        "RelativeDateType": "LAST",
        "RelativeDateValue": DAYS,
        "NullOption": "NON_NULLS_ONLY",
    }
    scope = {"SheetId": SHEET, "Scope": "ALL_VISUALS"}
    return {
        "FilterGroupId": "last-days",
        "CrossDataset": "ALL_DATASETS",
        "Status": "ENABLED",
        "Filters": [{"RelativeDatesFilter": filtered}],
        "ScopeConfiguration": {"SelectedSheets": {"SheetVisualScopingConfigurations": [scope]}},
    }
