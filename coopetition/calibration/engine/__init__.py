"""The engine: what every case is read, scored, audited and reported by. It knows no case."""
