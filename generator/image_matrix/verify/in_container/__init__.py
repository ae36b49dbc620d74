"""Contains the scripts that run inside containers; the host reads them as text and never imports them."""
