"""Plots: a module or package for each kind, named like the kind; `registry` has them all."""
