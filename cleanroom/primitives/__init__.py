"""Building blocks without knowledge of the protocol: groups, rings, canonical JSON, signatures."""
