"""What policies are written with: selectors, presets, settings of the command line."""
