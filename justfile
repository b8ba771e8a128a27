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

# Run the long forms: workers killed ten times a second, coordinators killed twenty times, a list of 300,000
soak:
    cargo test --release --test soak -- --ignored --nocapture

# Measure what the schedule costs the coordinator
bench-schedule:
    cargo bench --bench schedule

# Measure what parsing and extracting a page costs
bench-extract:
    cargo bench --bench extract

# Measure against a plain single-process scraper; PAIRS=5 just bench is a first look
bench:
    cargo bench --bench against_single

# Measure the HTML parser beside html5ever
bench-parse:
    cargo test --release --lib parsing_takes -- --ignored --nocapture

# Compare the HTML parser with html5ever on that many generated pages
compare-parsers cases="10000000":
    GLEANER_CASES={{cases}} cargo test --profile fuzzing --lib many_generated_pages -- --ignored --nocapture

# Fuzz a reader (frame, html, journal, list, page, robots, settings, worker) for some minutes; needs cargo-fuzz, see fuzz/README.md
fuzz target seconds="180":
    fuzz/seed {{target}}
    RUSTC_BOOTSTRAP=1 nice cargo fuzz run --sanitizer none {{target}} -- -max_total_time={{seconds}} -timeout=10

# Write config/default.toml from the table of settings (src/config/schema)
defaults:
    GLEANER_WRITE_DEFAULTS=1 cargo test --lib the_copy_that_users_read

# Mend what tools can mend
fix:
    cargo clippy --workspace --all-targets --fix --allow-dirty --allow-staged
    cargo fmt --all
