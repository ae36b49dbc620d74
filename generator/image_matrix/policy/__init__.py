"""What the policies of a matrix do not allow."""
