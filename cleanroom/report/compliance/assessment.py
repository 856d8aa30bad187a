"""The three criteria of WP216 (singling out, linkability, inference) in the numbers of one run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cleanroom.contract.model import Contract

AMOUNTS: Final = ("sales", "extra_sales")  # measures in money, about which P-02 asks
# 95 % of one party's Laplace noise lies within ln(20) scales. The other party knows its own noise and takes it off.
HALF_WIDTH: Final = math.log(20)


def released(contract: Contract, measurement: Mapping[str, Any]) -> dict[str, Any]:
    """What was shown and what withheld. The same at both parties.

    `amounts`: sums of money that were opened; `dominated`: how many of them are so small, as released, that one
    person's cap could be more than the contract's percentage; `noise_in_caps`: the least, over all amounts, of one
    party's noise (95 %) as a multiple of that cap; None without an amount.
    """
    shown = list(amounts(measurement))
    limit = 100 / contract.disclosure.dominance_percent
    return {
        "groups": measurement["suppression"]["groups"], "withheld": measurement["suppression"]["suppressed"],
        "threshold": contract.disclosure.threshold, "matched": measurement["matched"]["people"],
        "dominance_percent": contract.disclosure.dominance_percent, "amounts": len(shown),
        "dominated": sum(number["value"] < number["cap"] * limit for _, number in shown),
        "noise_in_caps": min((round(noise_in_caps(number), 4) for _, number in shown), default=None),
    }


def criteria(contract: Contract, measurement: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One entry a criterion, with the numbers its assessment rests on; the words are in `words`."""
    run, total = measurement["privacy"]["run"], measurement["privacy"]["cumulative"]
    return [
        {"id": "singling_out", "threshold": contract.disclosure.threshold, "epsilon": run["epsilon"]},
        {"id": "linkability", "protocol": contract.match.protocol, "match_epsilon": format(contract.match.epsilon, "f"),
         "match_delta": format(contract.match.delta, "f")},
        {"id": "inference", "posterior_run": run["posterior"], "posterior_all": total["posterior"],
         "epsilon": total["epsilon"], "delta": total["delta"]},
    ]


def amounts(measurement: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(place in the document, number) of every sum of money that was opened."""
    money = {item["name"] for item in measurement["contract"]["statistics"] if item["measure"] in AMOUNTS}
    for index, release in enumerate(measurement["released"]):
        for row, group in enumerate(release["groups"]):
            for name, number in (group["sums"] or {}).items():
                if name in money:
                    yield f"released.{index}.groups.{row}.{name}", number


def noise_in_caps(number: Mapping[str, Any]) -> float:
    """Half-width of one party's noise (95 %) on a released sum, as a multiple of one person's cap.

    `noise_sd` is of both parties together, twice the scale of each: discrete Laplace noise has variance 2λ².
    """
    return HALF_WIDTH * float(number["noise_sd"]) / 2 / float(number["cap"])
