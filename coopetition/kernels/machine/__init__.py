"""How kernels are compiled, guarded, laid out in memory and called."""
