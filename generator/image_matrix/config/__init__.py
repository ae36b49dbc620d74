"""Loads what the user declares: YAML with places, schema, overlays, the model and its variants."""
