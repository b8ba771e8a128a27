# The tasks of a developer. `just` without arguments lists them.

# Show the recipes
list:
    @just --list --unsorted

# Run all checks of CI: format, lints, documentation, tests
check:
    .ci/run

# Run the tests, or those whose names contain a word: just test quota
test *words:
    cargo test {{words}}

# Run the long tests: workers killed ten times a second, coordinators killed twenty times, a list of 300,000 tasks
soak:
    cargo test --release --test soak -- --ignored --nocapture

# Measure what the schedule costs the coordinator
bench-schedule:
    cargo bench --bench schedule

# Measure what parsing and extracting a page costs
bench-extract:
    cargo bench --bench extract

# Compare the speed with a plain single-process scraper; for a quick first result: PAIRS=5 just bench
bench:
    cargo bench --bench against_single

# Compare the speed of HTML parsers: megabytes a second of Gleaner, html5ever, tl, lol_html and Lexbor
bench-parse:
    cargo bench --manifest-path benches/parse/Cargo.toml

# Compare the results of the HTML parser with html5ever on this number of generated pages
compare-parsers cases="10000000":
    GLEANER_CASES={{cases}} cargo test --profile fuzzing --lib many_generated_pages -- --ignored --nocapture

# Fuzz a reader (frame, html, journal, list, page, robots, settings, worker); needs cargo-fuzz, see fuzz/README.md
fuzz target seconds="180":
    fuzz/seed {{target}}
    RUSTC_BOOTSTRAP=1 nice cargo fuzz run --sanitizer none {{target}} -- -max_total_time={{seconds}} -timeout=10

# Write config/default.toml from the table of settings (src/config/schema)
defaults:
    GLEANER_WRITE_DEFAULTS=1 cargo test --lib the_copy_that_users_read

# Make the pictures of README.md: the report of a run over the bundled site; needs Chromium, pngquant and Python
pictures:
    cargo build --release
    docs/pictures/make

# Fix what clippy and rustfmt can fix
fix:
    cargo clippy --workspace --all-targets --fix --allow-dirty --allow-staged
    cargo fmt --all
