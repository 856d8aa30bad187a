"""The gRPC edge: mutual TLS, authorisation, one stream per run.

gRPC reads these settings when it is loaded, so they stand before any module of this package.
"""

import os

os.environ["GRPC_SSL_CIPHER_SUITES"] = "ECDHE-RSA-AES256-GCM-SHA384"  # TLS 1.3 only: see tls.py
os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # our errors are one line; gRPC's own log would come before it
