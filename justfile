# Everything one does here. `just` alone lists it.

# Show the recipes
list:
    @just --list --unsorted

# What CI runs: format, lints, tests
check:
    .ci/run

# Run the tests, or those whose names contain a word: just test quota
test *words:
    cargo test {{words}}

# Measure against a plain single-process scraper
bench *args:
    cargo bench --bench against_single -- {{args}}

# Mend what tools can mend
fix:
    cargo clippy --all-targets --fix --allow-dirty --allow-staged
    cargo fmt
