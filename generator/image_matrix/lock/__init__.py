"""``matrix.lock.yaml``: what every floating reference resolved to.

Reading (:mod:`image_matrix.lock.read`) is on the way of every command and needs neither network nor uv; resolving
(:mod:`image_matrix.lock.resolve_all` and what it uses) is what ``image-matrix lock`` does.
"""
