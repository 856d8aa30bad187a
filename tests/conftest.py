"""gRPC reads its settings when it is loaded: `cleanroom.node` sets them, so it is loaded before any test loads gRPC."""

import cleanroom.node  # noqa: F401
