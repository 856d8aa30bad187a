"""Blinded matching: the advertiser learns a cell or "none" for each row of the retailer's secret order, nothing more."""
