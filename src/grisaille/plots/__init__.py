"""Matplotlib figures: titled, labelled, told apart by shape as well as by colour."""
