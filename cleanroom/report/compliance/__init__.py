"""The compliance report of a run: what was done with whose data, why it was allowed, and how to check it.

Everything in it follows from a run's folder: the signed contract, the verified log and receipt, and the measurement. So
`audit verify` makes it again and compares.
"""
