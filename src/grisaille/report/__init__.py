"""The page that a person who knows art but no Python can read, and its five main lines."""

from grisaille.report.page import render
from grisaille.report.results import Results
from grisaille.report.words import summary

__all__ = ["Results", "render", "summary"]
