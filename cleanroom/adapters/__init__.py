"""The party's own side of the edge: settings, files, clock, entropy, ledgers, keys."""
