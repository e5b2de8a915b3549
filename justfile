# What is run every day. `just` alone lists it.

[private]
default:
    @just --list

# Format and lint
check:
    cargo fmt --check && cargo clippy --workspace --all-targets --locked -- -D warnings

# All tests; see CONTRIBUTING.md for PostgreSQL
test *arguments:
    cargo test --workspace {{ arguments }}

# Write schema.graphql anew
schema:
    cargo run --quiet -- schema > schema.graphql.new && mv schema.graphql.new schema.graphql

# Bring the database up to date
migrate *arguments:
    cargo run -- migrate {{ arguments }}

# Serve the demo site
run *arguments:
    cargo run -- serve --demo {{ arguments }}

# Measure the page query, changes, pages deep inside long lists, and overload
bench *arguments:
    cargo bench --bench page_query -- {{ arguments }}
    cargo bench --bench mutations -- {{ arguments }}
    cargo bench --bench depth -- {{ arguments }}
    cargo bench --bench overload

# Everything that must hold before a change is merged
ci:
    .ci/run
