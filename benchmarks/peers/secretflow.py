"""One party of SecretFlow's PSI (package spu): rank 0 learns the matches; variant ECDH-CURVE or RR22."""

from __future__ import annotations

import time

import spu.libspu.link as links
from party import Party, loopback_bytes, party
from spu import psi

PATIENCE_MS = 3_600_000


def link(own: Party) -> links.Context:
    """Connected to the other party: without TLS, which this package leaves to its host."""
    description = links.Desc()
    description.recv_timeout_ms = PATIENCE_MS
    for rank, port in enumerate(own.ports):
        description.add_party(str(rank), f"127.0.0.1:{port}")
    return links.create_brpc(description, own.rank)


def config(own: Party) -> psi.PsiExecuteConfig:
    """Only rank 0 gets the result; keys are unique; nothing is sorted for a join."""
    protocol, _, curve = own.variant.partition("-")
    agreed = psi.PsiProtocolConfig(protocol=psi.parse_protocol(f"PROTOCOL_{protocol}"), receiver_rank=0,
                                   broadcast_result=False)
    if curve:
        agreed.ecdh_params = psi.EcdhParams(curve=psi.parse_curve_type(curve))
    return psi.PsiExecuteConfig(
        protocol_conf=agreed,
        input_params=psi.InputParams(path=str(own.keys_file), selected_keys=["id"], keys_unique=True),
        output_params=psi.OutputParams(path=str(own.folder / "matches.csv"), disable_alignment=True))


def main() -> None:
    """Connect, then run against the clock."""
    own = party()
    context = link(own)
    settings = config(own)
    context.barrier()
    before, started = loopback_bytes(), time.monotonic()
    found = psi.psi_execute(settings, context)
    matches = found.intersection_count if own.rank == 0 else None
    own.report(started, matches, loopback_bytes() - before if own.rank == 0 else None)
    context.stop_link()


if __name__ == "__main__":
    main()
