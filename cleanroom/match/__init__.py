"""Blinded matching: the advertiser learns a cell or "none" for each row of a secret order, no more."""
