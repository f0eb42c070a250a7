"""Bills: which one counts where several sources know the same period."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.spend.bills import Bill, SourceRank, counting, provider_key

MARCH, APRIL = "2026-03-01", "2026-04-01"


def bill(source: str, account: str = "1", period: str = MARCH, provider: str = "aws") -> Bill:
    return Bill(source, provider, account, period)


@pytest.mark.parametrize(
    ("bills", "counts"),
    [
        ([bill("focus"), bill("cur"), bill("cost_explorer", ""), bill("sample", "9")], {bill("focus")}),
        ([bill("cur"), bill("cost_explorer", ""), bill("sample", "9")], {bill("cur")}),
        ([bill("cost_explorer", ""), bill("sample", "9")], {bill("cost_explorer", "")}),
        ([bill("sample", "9")], {bill("sample", "9")}),
        # one source, two payers: two bills
        ([bill("focus", "1"), bill("focus", "2")], {bill("focus", "1"), bill("focus", "2")}),
        # the CUR of another payer is another bill
        ([bill("focus", "1"), bill("cur", "2"), bill("cost_explorer", "")], {bill("focus", "1"), bill("cur", "2")}),
        # another period and another provider are other bills
        ([bill("focus"), bill("cost_explorer", "", APRIL)], {bill("focus"), bill("cost_explorer", "", APRIL)}),
        ([bill("focus", provider="microsoft"), bill("sample")], {bill("focus", provider="microsoft"), bill("sample")}),
    ],
)  # fmt: skip
def test_the_best_source_of_a_provider_and_period_counts_never_two(bills: list[Bill], counts: set[Bill]):
    assert counting(bills) == counts
    assert counting(reversed(bills)) == counts


BILLS = st.builds(
    Bill,
    st.sampled_from([*SourceRank.__members__]),
    st.sampled_from(["aws", "microsoft"]),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from([MARCH, APRIL]),
)


@given(st.lists(BILLS, max_size=12))
def test_of_any_bills_some_count_for_every_provider_and_period_and_no_account_twice(bills: list[Bill]):
    kept = counting(bills)
    assert {(kept_one.provider, kept_one.period) for kept_one in kept} == {
        (one_bill.provider, one_bill.period) for one_bill in bills
    }
    identities = [(kept_one.provider, kept_one.account, kept_one.period) for kept_one in kept]
    assert len(identities) == len(set(identities))
    for kept_one in kept:
        if SourceRank.of(kept_one.source) >= SourceRank.cost_explorer:  # alone with its kind
            others = {o.source for o in kept if (o.provider, o.period) == (kept_one.provider, kept_one.period)}
            assert others == {kept_one.source}


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("AWS", "aws"), ("Amazon Web Services", "aws"), ("Amazon Web Services, Inc.", "aws"),
        ("Microsoft Azure", "microsoft"), ("Google Cloud", "google"), ("Some SaaS", "somesaas"),
        ("", "unknown"), (None, "unknown"),
    ],
)  # fmt: skip
def test_a_provider_is_the_same_however_an_export_writes_it(written: str | None, key: str):
    assert provider_key(written) == key


def test_different_accounts_have_different_folders_that_can_be_read():
    azure = "/providers/Microsoft.Billing/billingAccounts/8611537"
    folders = {bill("focus", account).folder for account in ("1", "2", azure, azure.replace("/", "-"), "", "none")}
    assert len(folders) == 5  # nothing said, and an account that is called none, are never in one lake
    assert all(".." not in folder and not folder.startswith("/") for folder in folders)
    assert bill("focus").folder == "focus/aws/1/2026-03-01"
