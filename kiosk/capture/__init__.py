"""Judgement of a frame, a print, a signature: measures in, advice out. Pure."""
