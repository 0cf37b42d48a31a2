"""Sparkify warehouse: raw JSON of a music streaming company in, a star schema out."""

__version__ = "0.1.0"
