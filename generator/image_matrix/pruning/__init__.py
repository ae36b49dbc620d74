"""Decides what registries no longer need, and removes it in an order that an interruption cannot hurt."""
