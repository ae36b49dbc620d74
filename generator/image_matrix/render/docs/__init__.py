"""The generated pages: catalogue, graph, list of images."""
