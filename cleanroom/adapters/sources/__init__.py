"""Where a party's tables come from: one module an origin, all behind `base.Source`."""
