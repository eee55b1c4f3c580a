"""Measures of similarity in a space, and of its preservation in a smaller one: exact NumPy, in blocks of rows."""
