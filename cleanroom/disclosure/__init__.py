"""Disclosure control: what the run costs in privacy, how sizes are padded, and what may be opened."""
