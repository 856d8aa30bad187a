"""Consent records, the rules that read them, and the gate that lets people through."""

from cleanroom.consent.gate import Admitted, GateReport, gate

__all__ = ["Admitted", "GateReport", "gate"]
