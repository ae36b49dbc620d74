"""What runs inside a container; read as text, never imported by the host side."""
