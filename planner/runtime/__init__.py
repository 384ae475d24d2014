"""The ground that every part of planner stands on: run folders, workers, progress, interrupts,
optional packages."""
