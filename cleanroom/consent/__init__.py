"""Consent records, the rules that read them, and the gate that lets people through."""
