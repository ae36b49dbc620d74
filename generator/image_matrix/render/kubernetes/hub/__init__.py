"""Contains the code that runs in the hub, as entries of ``hub.extraConfig``; it is read as text, never imported."""
