"""Evidence of a run: a closed list of events, a Merkle log, its signed head, a receipt signed by both."""
