"""One run between two nodes: who sends what, in which order, and what each side does with it."""
