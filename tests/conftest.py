"""gRPC reads its settings when it is loaded: `cleanroom.node` sets them, so it is loaded before any test loads gRPC.
Hypothesis measures no time: a busy machine is no finding."""

import cleanroom.node  # noqa: F401  # isort: skip
from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
