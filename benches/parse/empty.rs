//! Nothing: the package has only a benchmark.
