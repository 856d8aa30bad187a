"""Generated from protos/cleanroom/v1 by `make proto`; only the wire room and the gRPC edge import it."""
