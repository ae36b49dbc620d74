"""``matrix.lock.yaml``: what every floating reference resolved to.

Reading (:mod:`generator.lock.read`) is on the way of every command and needs neither network nor uv; resolving
(:mod:`generator.lock.run` and what it uses) is what ``image-matrix lock`` does.
"""
