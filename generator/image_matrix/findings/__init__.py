"""Known vulnerabilities in images: what scanners find, in which images, and what would mend it."""
