"""Protobuf ⇄ messages, bounded. The only place that knows the fields of the wire format."""
