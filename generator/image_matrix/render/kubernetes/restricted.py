"""Says how containers run where Pod Security asks for `restricted`.

Source: kubernetes.io/docs/concepts/security/pod-security-standards.
"""

from __future__ import annotations

from typing import Any

RESTRICTED: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""The security context of a container."""
