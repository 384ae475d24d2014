"""The linear programme: one formulation, in Pyomo, one short function for each family of rows."""
