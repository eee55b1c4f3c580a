"""Autoencoders: Keras builders, the training loop, and PCA as the linear case."""
