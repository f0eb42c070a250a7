-- title:   Spend by day
-- grain:   one row per billing_currency, charge_date, kind, estimated
-- source:  lake
-- question: by_day
-- question: charges/by_day where selected_spend = selected_charges:
--          Charges by day, of some resources or tags
-- term:    Billed cost = what the invoice says: what is bought in advance counts on the day it is paid (FOCUS BilledCost).
-- term:    Effective cost = billed cost with what was bought in advance spread over what it covers (amortised), commitment
--          discounts included (FOCUS EffectiveCost).
-- term:    List cost = quantity × public list price, without any discount (FOCUS ListCost).
-- term:    Contracted cost = quantity × negotiated price, before commitment discounts (FOCUS ContractedCost).
-- term:    Basis = which of the four costs of a charge is meant: billed, effective, list or contracted.
-- term:    Spend = the sum of a charge's cost in one basis and one billing currency, credits, refunds and tax included;
--          currencies are never added.
-- term:    Usage and purchases = spend without tax, credits and corrections.
-- term:    Credits = charges of category Credit: what the provider gives, such as promotional credits; mostly negative.
-- term:    Tax on spend = charges of category Tax.
-- term:    Refunds and corrections = charges of class Correction (to an invoice already issued) or of category Adjustment.
-- term:    Estimated share of spend = spend that the provider may still change before the invoice ÷ spend.
-- term:    Effective savings rate = (list cost − effective cost) ÷ list cost, over usage with both (FinOps Foundation,
--          Determine Effective Savings Rate, over list). Purchases are left out: what they bought shows in the usage.
-- note:    Kind is the charge category, but for corrections: charges of class Correction, and of category Adjustment
--          (what FOCUS 1.0 calls neither usage, purchase, tax nor credit; refunds in older exports) are rows of their own.
--          A cost that a source does not say is unknown and in no sum; the charges without it are counted.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
with charged as (
    select
        billing_currency,
        charge_date,
        charge_category,
        charge_class,
        estimated,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(case when effective_cost is not null then list_cost end) as list_cost_with_effective,
        sum(case when list_cost is not null then effective_cost end) as effective_cost_with_list,
        sum(case when billed_cost is null then charges else 0 end) as charges_without_billed_cost,
        sum(case when effective_cost is null then charges else 0 end) as charges_without_effective_cost,
        sum(case when list_cost is null then charges else 0 end) as charges_without_list_cost,
        sum(case when contracted_cost is null then charges else 0 end) as charges_without_contracted_cost,
        sum(charges) as charges
    from selected_spend
    where charge_date >= :start_date
        and charge_date < :end_date
    group by 1, 2, 3, 4, 5
)

select
    coalesce(billing_currency, '(none)') as billing_currency,
    charge_date,
    case
        when charge_class = 'Correction' or charge_category = 'Adjustment' then 'Correction'
        else coalesce(charge_category, '(none)')
    end as kind,
    estimated,
    sum(billed_cost) as billed_cost,
    sum(effective_cost) as effective_cost,
    sum(list_cost) as list_cost,
    sum(contracted_cost) as contracted_cost,
    sum(list_cost_with_effective) as list_cost_with_effective,
    sum(effective_cost_with_list) as effective_cost_with_list,
    cast(sum(charges_without_billed_cost) as bigint) as charges_without_billed_cost,
    cast(sum(charges_without_effective_cost) as bigint) as charges_without_effective_cost,
    cast(sum(charges_without_list_cost) as bigint) as charges_without_list_cost,
    cast(sum(charges_without_contracted_cost) as bigint) as charges_without_contracted_cost,
    cast(sum(charges) as bigint) as charges
from charged
group by 1, 2, 3, 4
order by billing_currency, charge_date, kind, estimated
