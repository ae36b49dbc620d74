"""What the user declares: loading with places, shape, meaning, the model and its variants."""
