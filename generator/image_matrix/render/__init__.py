"""Model and pins to files, one module per output; nothing here touches the world."""
