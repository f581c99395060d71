# Every command there is. CI calls the same scripts.

# Run with throwaway data and known credentials.
dev:
    cargo run --release -- serve --dev

# Format, lints, house rules, generated documents.
check:
    scripts/check

# Everything that tests, from nothing: installs what it needs.
test:
    scripts/test

# Ratios to a bare hyper server, with bars.
bench *ARGS:
    scripts/bench {{ARGS}}

# Write the generated documents.
docs:
    cargo xtask docs

# What CI runs.
ci:
    .ci/run
