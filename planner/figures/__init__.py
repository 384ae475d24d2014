"""Figures of flows, plans and sets of plans, drawn by plotly."""
