"""Jobs under load and under faults: kinds with side effects that are counted, workers that are killed."""
