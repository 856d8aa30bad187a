"""The measurement report: one document, and its HTML and CSV forms. Both parties hold the same results."""
