"""gRPC reads its settings when it is loaded: `cleanroom.node` sets them, so it comes before any test that loads gRPC."""

import cleanroom.node  # noqa: F401
