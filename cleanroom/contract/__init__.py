"""The contract: what both parties signed, and the plan of the run that follows from it."""
