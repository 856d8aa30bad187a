"""The gRPC edge: mutual TLS, authorisation, one stream per run."""
