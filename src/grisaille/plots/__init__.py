"""Matplotlib figures with titles and labels, readable without colour."""
