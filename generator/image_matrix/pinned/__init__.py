"""Programs and actions of others, pinned by version and checksum."""
