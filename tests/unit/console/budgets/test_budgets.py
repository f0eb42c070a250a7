"""Budgets against what is booked and expected, and the file they are kept in."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from catalogue.errors import SettingsError, SourceError
from console.budgets.budget_file import BEFORE, FILE, BudgetFile, read, write
from console.budgets.budgets import Budget, BudgetScope, BudgetState, Kind, burn_down, burn_up, even_pace, status
from console.budgets.forecasting.forecast import forecast
from console.finops.charges import Basis
from tests.support.bills import bill, taxed, usage, weekly

CHARGES = bill(usage(["10"] * 75))  # January to 16 March: 160 booked, 310 expected


def budget(amount: str, **more: object) -> Budget:
    return Budget("All", Decimal(amount), "USD", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "standing", "alerts"),
    [
        ("500", BudgetState.ON_TRACK, []),
        ("380", BudgetState.ON_TRACK, [(80, "forecast")]),
        ("310", BudgetState.ON_TRACK, [(100, "forecast")]),
        ("300", BudgetState.AT_RISK, [(100, "forecast")]),
        ("200", BudgetState.AT_RISK, [(80, "actual"), (120, "forecast")]),
        ("150", BudgetState.OVER, [(100, "actual"), (120, "forecast")]),
    ],
)
def test_a_budget_alerts_at_the_highest_threshold_booked_or_expected(
    amount: str, standing: BudgetState, alerts: list[tuple[int, str]]
) -> None:
    found = status(budget(amount), CHARGES, forecast(CHARGES))
    assert (found.state, [(alert.threshold, alert.by) for alert in found.alerts]) == (standing, alerts)


def test_a_budget_says_what_is_used_expected_and_left_and_on_which_day_it_is_gone() -> None:
    found = status(budget("200"), CHARGES, forecast(CHARGES))
    assert (found.used, found.expected, found.left) == (Decimal("0.8"), Decimal("1.55"), 40)
    assert found.crossing == date(2026, 3, 21), "on the 20th all of it is used, on the 21st more"


def test_a_month_can_have_an_amount_of_its_own() -> None:
    found = status(budget("100", months={date(2026, 3, 1): Decimal(400)}), CHARGES, forecast(CHARGES))
    assert (found.amount, found.state) == (400, BudgetState.ON_TRACK)


def test_without_charges_nothing_is_known_of_a_budget() -> None:
    nothing = bill([])
    found = status(budget("100"), nothing, forecast(nothing))
    assert (found.state, found.expected, found.crossing) == (BudgetState.UNKNOWN, None, None)


def test_a_month_adds_up_day_by_day_to_the_forecast() -> None:
    points = burn_up(CHARGES, forecast(CHARGES))
    assert [point.day.day for point in points] == list(range(1, 32))
    assert [point.actual for point in points[14:17]] == [150, 160, None]
    assert points[16].middle == 170
    assert points[-1].middle == 310


def test_a_budget_burns_down_by_what_is_charged_to_what_the_forecast_leaves_of_it() -> None:
    charged = burn_up(CHARGES, forecast(CHARGES))
    left = burn_down(charged, Decimal(200))
    assert [point.actual for point in left[14:17]] == [50, 40, None]
    assert (left[16].middle, left[19].middle, left[20].middle) == (30, 0, -10), (
        "gone on the 20th, overdrawn on the 21st"
    )
    assert left[-1].middle == -110
    assert [(point.low, point.high) for point in left] == [(200 - charge.high, 200 - charge.low) for charge in charged]


def test_at_an_even_pace_every_day_takes_the_same_and_the_last_one_leaves_nothing() -> None:
    assert even_pace(Decimal(310), 31)[:2] == [300, 290]
    assert even_pace(Decimal(100), 3)[-1] == 0


@settings(max_examples=20, deadline=None)
@given(some.integers(20, 80), some.integers(0, 99))
@pytest.mark.slow
def test_a_month_ends_at_the_forecast_with_every_point_in_its_interval(count: int, seed: int) -> None:
    charges = weekly(count, seed=seed)
    whole = bill(charges, taxed(charges, "0.2"))
    expected = forecast(whole)
    points = burn_up(whole, expected)
    assert (points[-1].middle, points[-1].low, points[-1].high) == (expected.amount, expected.low, expected.high)
    assert all(point.low <= point.middle <= point.high for point in points[:-1])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": " "}, "needs a name"),
        ({"amount": Decimal(0)}, "no budget"),
        ({"amount": Decimal("NaN")}, "no budget"),
        ({"currency": "usd"}, "no currency"),
        ({"scope": BudgetScope(Kind.SERVICE, "")}, "covers nothing"),
        ({"scope": BudgetScope(Kind.TAG, "component")}, "no value"),
        ({"amount": Decimal("1e400")}, "too large"),
        ({"currency": "U<D"}, "no currency"),
        ({"thresholds": (100, 80)}, "no order"),
        ({"thresholds": (0, 80)}, "out of range"),
        ({"thresholds": ()}, "no order"),
    ],
)
def test_a_budget_that_cannot_be_is_refused_with_the_remedy(given: dict[str, object], says: str) -> None:
    values: dict[str, object] = {"name": "All", "amount": Decimal(1), "currency": "USD"} | given
    with pytest.raises(SettingsError, match=says) as failure:
        Budget(**values)  # type: ignore[arg-type]
    assert failure.value.remedy


TEXT = """\
[[budget]]
name = "Whole bill"
amount = "300.50"
currency = "USD"

[[budget]]
name = "Console"
tag = "component=console"
amount = 90
currency = "EUR"
basis = "effective"
thresholds = [50, 90]
months = { "2026-11" = "120.00" }
"""


def test_a_file_gives_its_budgets_with_amounts_to_the_cent() -> None:
    whole, console = read(TEXT)
    assert whole == Budget("Whole bill", Decimal("300.50"), "USD")
    assert console == Budget(
        "Console",
        Decimal(90),
        "EUR",
        BudgetScope(Kind.TAG, "component=console"),
        Basis.EFFECTIVE,
        (50, 90),
        {date(2026, 11, 1): Decimal("120.00")},
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('amount = "300.50"', "amount = 300.50", 3, "no amount"),
        ('amount = "300.50"', 'amount = "a lot"', 3, "no amount"),
        ('amount = "300.50"\n', "", 1, "budget.amount is missing"),
        ('currency = "EUR"', 'currency = "euro"', 6, "no currency"),
        ('basis = "effective"', 'basis = "amortised"', 11, "budget.basis is 'amortised'"),
        ("[50, 90]", '["50"]', 12, "budget.thresholds is '50'"),
        ('"2026-11"', '"November"', 13, "no month"),
        ('tag = "component=console"', 'tag = "component=console"\nservice = "S3"', 8, "one service"),
        ('name = "Console"', "name = 7", 7, "name is 7"),
        ('name = "Console"', 'name = "Console"\nowner = "me"', 8, "no setting budget.owner"),
        ("amount = 90", f"amount = {'9' * 5000}", None, "not TOML"),
        ("amount = 90", 'amount = "1e400"', 6, "too large"),
        (TEXT, "budget = [1, 2]", 1, "budget is no list of tables"),
        ('name = "Console"', 'name = "Whole bill"', None, "named 'Whole bill'"),
        ('currency = "USD"', "currency = USD", 4, "not TOML"),
        ("[[budget]]\nname = \"Whole bill\"", "[budgets]\nname = \"Whole bill\"", 1, "top of the file"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_told_with_its_line_and_the_remedy(
    old: str, new: str, line: int | None, says: str
) -> None:
    assert old in TEXT
    with pytest.raises(SettingsError, match=says) as failure:
        read(TEXT.replace(old, new, 1))
    assert failure.value.where == (FILE if line is None else f"{FILE}:{line}")
    assert failure.value.remedy


names = some.text(some.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(lambda text: text.strip())


@settings(deadline=None)
@given(
    some.lists(names, max_size=4, unique=True),
    some.decimals(Decimal("0.01"), Decimal(10) ** 12, places=4),
    some.sampled_from(list(Basis)),
    names,
)
def test_what_is_written_is_read_back(given_names: list[str], amount: Decimal, basis: Basis, service: str) -> None:
    scope = BudgetScope(Kind.SERVICE, service)
    budgets = [Budget(name, amount, "USD", scope, basis, months={date(2026, 2, 1): amount}) for name in given_names]
    assert read(write(budgets)) == budgets


def test_a_change_of_the_file_can_be_undone_comments_included_and_done_again(tmp_path: Path) -> None:
    file = BudgetFile(tmp_path)
    assert list(file.budgets()) == []
    assert not file.can_undo
    (tmp_path / FILE).write_text("# agreed in May\n" + TEXT)
    file.save([*file.budgets(), budget("10")])
    assert [one_budget.name for one_budget in file.budgets()] == ["Whole bill", "Console", "All"]
    assert (tmp_path / FILE).read_text().startswith("# agreed in May\n" + TEXT)
    file.undo()
    assert (tmp_path / FILE).read_text().startswith("# agreed in May")
    file.undo()
    assert len(file.budgets()) == 3


COMMENTED = """\
# Agreed with finance in May.

# the whole shop
[[budget]]
name = 'Whole bill'   # never rename
amount   = 300        # euros? no: dollars
currency = "USD"
thresholds = [
  80,  # warn
  100,
]
# ask Ada before raising it

# Ada's
[[budget]]
name = "Console"
tag = "component=console"
amount = "90"
currency = "USD"
"""


def saved(folder: Path, *budgets: Budget) -> str:
    BudgetFile(folder).save(budgets)
    assert list(BudgetFile(folder).budgets()) == list(budgets)
    return (folder / FILE).read_text()


def test_saving_a_budget_keeps_a_persons_comments_and_layout(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(COMMENTED)
    whole, console = BudgetFile(tmp_path).budgets()
    assert saved(tmp_path, whole, console) == COMMENTED
    dearer = replace(whole, amount=Decimal("310.50"))
    assert saved(tmp_path, dearer, console) == COMMENTED.replace("= 300  ", '= "310.50"  ')
    renamed = replace(whole, name="Everything")
    assert saved(tmp_path, renamed, console) == COMMENTED.replace("'Whole bill'", '"Everything"').replace(
        "= 300  ", '= "310.50"  '
    ).replace('"310.50"', '"300"')


def test_a_new_key_of_a_budget_comes_before_the_comments_below_it(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(COMMENTED)
    whole, console = BudgetFile(tmp_path).budgets()
    text = saved(tmp_path, replace(whole, basis=Basis.EFFECTIVE), console)
    assert text == COMMENTED.replace("]\n# ask Ada", ']\nbasis = "effective"\n# ask Ada')


def test_adding_and_removing_a_budget_leaves_the_text_of_the_others(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(COMMENTED)
    whole, console = BudgetFile(tmp_path).budgets()
    assert saved(tmp_path, whole, console, budget("10")).startswith(COMMENTED + "\n[[budget]]\n")
    assert saved(tmp_path, whole, console) == COMMENTED
    before, after = COMMENTED.split("# Ada's\n")
    assert saved(tmp_path, whole) == before.rstrip("\n") + "\n"
    BudgetFile(tmp_path).undo()
    head, _ = COMMENTED.split("# the whole shop\n")
    assert saved(tmp_path, console) == f"{head}# Ada's\n{after}"
    BudgetFile(tmp_path).undo()
    assert (tmp_path / FILE).read_text() == COMMENTED


@pytest.mark.parametrize(
    "text",
    [
        'budget = [{ name = "A", amount = 1, currency = "USD" }]\n',
        '[[budget]]\nname = """A\n[[budget]]\n"""\namount = 1\ncurrency = "USD"\n',
        "no TOML",
        "",
    ],
)
def test_a_file_in_another_form_is_written_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert saved(tmp_path, budget("10")).startswith("# Budgets of this lake")


comments = some.text(some.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@settings(deadline=None, max_examples=40)
@given(some.lists(some.tuples(names, comments), min_size=2, max_size=4, unique_by=lambda pair: pair[0]), some.data())
def test_a_change_of_one_budget_leaves_every_other_line(pairs: list[tuple[str, str]], data: some.DataObject) -> None:
    tables = [write([replace(budget("5"), name=name)]).split("\n\n", 1)[1] for name, _ in pairs]
    parts = [f"# {comment}\n{table}\n" for (_, comment), table in zip(pairs, tables, strict=True)]
    before = "".join(parts)
    chosen = data.draw(some.integers(0, len(parts) - 1))
    changed = [
        replace(one_budget, amount=Decimal(7)) if place == chosen else one_budget
        for place, one_budget in enumerate(read(before))
    ]
    parts[chosen] = parts[chosen].replace('amount = "5"', 'amount = "7"')
    assert write(changed, before) == "".join(parts)


def test_two_budgets_of_one_name_are_refused_and_the_file_stays(tmp_path: Path) -> None:
    file = BudgetFile(tmp_path)
    file.save([budget("10")])
    with pytest.raises(SettingsError, match="Two budgets"):
        file.save([budget("10"), budget("20")])
    assert [one_budget.amount for one_budget in file.budgets()] == [10]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([FILE, BEFORE])


def test_who_did_not_see_the_last_change_does_not_overwrite_or_undo_it(tmp_path: Path) -> None:
    file = BudgetFile(tmp_path)
    nothing = file.version
    file.save([budget("1")], seen=nothing)
    seen = file.version
    BudgetFile(tmp_path).save([budget("2")])
    for change in (lambda: file.save([budget("3")], seen=seen), lambda: file.undo(seen=seen)):
        with pytest.raises(SettingsError, match="Somebody else") as caught:
            change()
        assert "change them again" in caught.value.remedy
    assert [one_budget.amount for one_budget in file.budgets()] == [2]


def test_of_writers_who_saw_the_same_file_one_wins_and_the_others_are_told(tmp_path: Path) -> None:
    seen = BudgetFile(tmp_path).version
    together = threading.Barrier(8)

    def write_one(number: int) -> bool:
        together.wait()
        try:
            BudgetFile(tmp_path).save([budget(str(number))], seen=seen)
        except SettingsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write_one, range(1, 9))) == 1


def test_a_file_that_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(SourceError, match="cannot be read"):
        BudgetFile(tmp_path).budgets()
    with pytest.raises(SourceError, match="cannot be written"):
        BudgetFile(tmp_path / "nowhere").save([budget("10")])
