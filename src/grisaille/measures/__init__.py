"""How alike are paintings in a space, and does a smaller space agree: pure NumPy, exact, a block of rows at a time."""
