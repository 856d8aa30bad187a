"""The catalogue: what a metric needs, how it is computed from the released table, and its interval."""
