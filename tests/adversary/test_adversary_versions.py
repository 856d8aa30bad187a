"""Nodes of different versions: both take the newest they have in common, or both record that there is none."""

from __future__ import annotations

import pytest
from cheat import small_pair
from duplex import converse_both
from kit import Node, make_setup, small_contract

from cleanroom.audit.events import parse_event
from cleanroom.errors import VersionError
from cleanroom.node.introduced import IntroducedLink
from cleanroom.session.greeting import common_version, make_hello

OTHER = {"advertiser": "retailer", "retailer": "advertiser"}

def speaking(versions: dict[str, tuple[int, int]], *, retailer_dials: bool = False) -> dict[str, Node]:
    nodes = {node.setup.role: node for node in small_pair(retailer_dials=retailer_dials)}
    for role, node in nodes.items():
        object.__setattr__(node.setup, "versions", versions[role])
    return nodes

def agreed(nodes: dict[str, Node]) -> set[int]:
    return {node.side._greeting.version for node in nodes.values()}

@pytest.mark.parametrize("retailer_dials", [False, True])
@pytest.mark.parametrize("older", ["advertiser", "retailer"])
def test_a_node_that_still_speaks_the_version_before_runs_with_an_older_one(older: str, retailer_dials: bool) -> None:
    nodes = speaking({older: (6, 6), OTHER[older]: (6, 7)}, retailer_dials=retailer_dials)
    assert set(converse_both(nodes).values()) == {None}
    assert agreed(nodes) == {6}

@pytest.mark.parametrize("retailer_dials", [False, True])
@pytest.mark.parametrize("older", ["advertiser", "retailer"])
def test_without_a_common_version_both_sides_record_why(older: str, retailer_dials: bool) -> None:
    """The log of each names the version the other speaks, if it said so, and the reason; nothing is charged."""
    nodes = speaking({older: (5, 6), OTHER[older]: (7, 8)}, retailer_dials=retailer_dials)
    errors = converse_both(nodes, lambda role, link: IntroducedLink(link, nodes[role].setup.audit, "ee" * 32))
    assert {type(error) for error in errors.values()} == {VersionError}
    assert {error.public for error in errors.values()} == {"the two nodes speak no common version of the protocol"}
    responder = nodes["advertiser" if retailer_dials else "retailer"]
    said = [parse_event(line, number, "").fields for number, line in enumerate(responder.audit.lines)
            if b'"peer_identified"' in line]
    assert [fields["protocol"] for fields in said] == [6 if responder.setup.role != older else 8]
    assert not any(node.ledger.charges for node in nodes.values())

@pytest.mark.parametrize(("ours", "theirs", "version"), [
    ((3, 3), (3, 3), 3), ((2, 3), (1, 2), 2), ((1, 9), (4, 5), 5), ((4, 5), (1, 9), 5),
    ((3, 3), (4, 5), 0), ((3, 3), (1, 2), 0), ((3, 5), (6, 4), 0), ((1, 3), (2**32 - 1, 2**32 - 1), 0)])
def test_the_table_of_versions(ours: tuple[int, int], theirs: tuple[int, int], version: int) -> None:
    """0: there is none, or the range is no range."""
    setup = make_setup(small_contract(), "advertiser")
    object.__setattr__(setup, "versions", theirs)
    hello = make_hello(setup)
    object.__setattr__(setup, "versions", ours)
    if version:
        assert common_version(setup, hello) == version
    else:
        with pytest.raises(VersionError):
            common_version(setup, hello)

def test_a_hello_from_before_there_was_a_range_is_one_version() -> None:
    """Such a node sends no `oldest`, which reads as 0: it would refuse ours, so only its own version is taken."""
    setup = make_setup(small_contract(), "advertiser")
    object.__setattr__(setup, "versions", (0, 2))
    hello = make_hello(setup)
    object.__setattr__(setup, "versions", (3, 3))
    with pytest.raises(VersionError, match="versions 0 to 2"):
        common_version(setup, hello)

