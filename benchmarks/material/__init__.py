"""What benchmarks run on and against: tracks and peers; no benchmarks themselves."""
