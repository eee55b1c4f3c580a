"""Look-alikes of any picture: embeds new pictures as the collection was embedded, and searches for neighbours.

Nothing here knows where pictures, encoders and embeddings come from, or how results are drawn.
"""
