"""Exposure-to-purchase measurement between two companies that never show each other their customers."""

__version__ = "0.1.0"
