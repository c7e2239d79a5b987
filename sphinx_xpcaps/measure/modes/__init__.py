"""Modes: how a call is made with JIT, as one graph, differentiated or mapped over an axis."""
