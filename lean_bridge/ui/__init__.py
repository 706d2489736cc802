"""Renders report models for people (a report in, terminal text out)."""
