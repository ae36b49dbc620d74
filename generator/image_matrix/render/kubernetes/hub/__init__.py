"""Code that runs in the hub, as entries of ``hub.extraConfig``: read as text, never imported here."""
