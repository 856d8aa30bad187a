"""A contract in words, for a person who is not an engineer."""

from __future__ import annotations

from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.contract.windows import window_of
from cleanroom.disclosure.accounting import budget_of, run_cost
from cleanroom.disclosure.padding import padding_terms

ASSIGNMENT = {"randomised": "people were assigned to the arms at random: differences may be called incremental",
              "observational": "people were NOT assigned at random: differences are associations, not effects"}


def contract_text(contract: Contract) -> str:
    """Several paragraphs of plain text."""
    plan, cost, budget = Plan(contract), run_cost(Plan(contract)), budget_of(contract)
    first, _ = window_of(contract.calendar, 0)
    _, last = window_of(contract.calendar, plan.periods - 1)
    signed = ", ".join(entry.role for entry in contract.signatures) or "nobody yet"
    lines = [
        f"{contract.title}",
        f"Contract {contract.id}, version {contract.version}, valid {contract.not_before:%Y-%m-%d} to "
        f"{contract.not_after:%Y-%m-%d}. Signed by: {signed}.",
        "",
        f"Advertiser: {contract.parties.advertiser.name} ({contract.parties.advertiser.contact})",
        f"Retailer:   {contract.parties.retailer.name} ({contract.parties.retailer.contact})",
        f"Purpose:    {contract.consent.purpose}; only people who consented to exactly this, with the other party "
        "named, take part",
        "",
        f"People are matched on {', then '.join(contract.match.keys)} without either side seeing who matched.",
        f"Campaign {', '.join(contract.campaign.names)} on {', '.join(contract.campaign.channels)}; "
        f"{ASSIGNMENT[contract.campaign.assignment]}.",
        f"Exposures {contract.calendar.exposures_from} to {contract.calendar.exposures_until}, purchases {first} to "
        f"{last} (end excluded), {contract.calendar.time_zone} time.",
        "",
        "Opened, with noise, for groups of at least "
        f"{contract.disclosure.threshold} matched people (noised count):",
    ]
    for index, release in enumerate(contract.releases):
        by = f"by {' x '.join(release.dimensions) or 'everyone'}" if release.attribution is None else (
            f"credited to channels ({release.attribution.replace('_', ' ')})")
        opened = (contract.statistics[s] for s in plan.statistics_of(index))
        lines.append(f"  {by}: " + ", ".join(["people", *(f"{s.name} (at most {s.cap:,} a person)" for s in opened)]))
    lines += ["", f"Privacy: one run spends epsilon {cost.total.epsilon_text} and delta {cost.total.delta_text} "
              f"({cost.transcript.epsilon_text} for sizes and match counts, {cost.release.epsilon_text} for the table);"
              f" all runs together at most {budget.epsilon_text} and {budget.delta_text}.",
              f"Padding: up to {padding_terms(plan).most} dummies in each of {len(plan.cells)} cells.",
              "Protection holds against a partner that runs the agreed software. One that runs changed software can "
              "learn far more, up to every encrypted purchase: see SECURITY.md, Not protected."]
    return "\n".join(lines)
