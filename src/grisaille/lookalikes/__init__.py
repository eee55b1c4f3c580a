"""Paintings like any picture: embed strangers as the collection was embedded, and say what is near them.

Where pictures, encoders and embeddings come from is not known here, nor how results are drawn.
"""
