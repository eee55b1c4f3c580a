"""Features of pictures: the CNN backbone, the store of its features, and extraction on a cluster."""
