"""What a CNN sees in pictures: the backbone, the store that keeps its features, and help from a cluster."""
