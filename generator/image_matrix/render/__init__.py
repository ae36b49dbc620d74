"""Renders the model and the pins to files, one module per output, without access to disk or network."""
