"""Keras networks as data: the catalogue of layers, graphs, their canonical form and comparison. Both sides."""
