"""Curves of supply and demand, as steps or by an elasticity."""
