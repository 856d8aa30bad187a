"""Both parties' data from a seed, at any size, with a known truth. The model is described in docs/synth.md."""
