"""Two whole runs in two threads over real frames: every message is encoded and decoded as on the wire."""

from __future__ import annotations

import threading
from collections.abc import Callable

from kit import KEYS, Node, Silent, make_setup

from cleanroom import flow
from cleanroom.contract.model import Contract, Role
from cleanroom.errors import CleanroomError
from cleanroom.flow import Outcome
from cleanroom.identity.tables import AdvertiserTables, RetailerTables
from cleanroom.node.carrier import start_pump
from cleanroom.node.link import FrameLink
from cleanroom.session.converse import Link, converse

QUOTA = 2**30  # a node takes it from the contract
SECONDS = 120  # a run that hangs fails its test after this


def both(run: Callable[[Role, FrameLink], object]) -> dict[Role, object]:
    """Run `run(role, link)` for both roles at once, on links to each other; results or the errors raised, by role."""
    links: dict[Role, FrameLink] = {role: FrameLink(silence=SECONDS) for role in KEYS}
    for link in links.values():
        link.quota = QUOTA
    results: dict[Role, object] = {}

    def one(role: Role) -> None:
        link = links[role]
        try:
            results[role] = run(role, link)
        except Exception as error:
            results[role] = error
            link.abort(error)
        finally:
            link.close()

    pumps = [start_pump(links["advertiser"], links["retailer"].outgoing()),
             start_pump(links["retailer"], links["advertiser"].outgoing())]
    threads = [threading.Thread(target=one, args=(role,), daemon=True) for role in links]
    for thread in threads:
        thread.start()
    for thread in (*threads, *pumps):
        thread.join(SECONDS)
    return results


def run_flow(agreed: Contract, tables: dict[Role, AdvertiserTables | RetailerTables], *, dials: Role = "advertiser",
             **options: object) -> dict[Role, Outcome]:
    """`flow.run` of both parties, from their own tables to the outcome. Errors are raised."""
    def run(role: Role, link: FrameLink) -> Outcome:
        setup = make_setup(agreed, role, **options)
        return flow.run(setup, lambda: tables[role], link, Silent(), initiator=role == dials)

    results = both(run)
    for result in results.values():
        if isinstance(result, Exception):
            raise result
    return results


def converse_both(nodes: dict[Role, Node], wrap: Callable[[Role, Link], Link] = lambda _, link: link) \
        -> dict[Role, CleanroomError | None]:
    """`converse` on both nodes; `wrap` may put a cheat around a link. The error of each side, None at a good end."""
    def run(role: Role, link: FrameLink) -> None:
        converse(nodes[role].session, wrap(role, link))

    return both(run)
