"""Renders the generated pages: catalog, graph, list of images."""
