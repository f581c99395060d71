# Every command there is. CI calls the same scripts.

# Run with throwaway data and known credentials.
dev:
    scripts/build && target/release/strongroom serve --dev

# Format, lints, house rules, generated documents.
check:
    scripts/check

# Everything that tests, from nothing: installs what it needs.
test:
    scripts/test

# Ratios to a bare hyper server, with bars.
bench *ARGS:
    scripts/bench {{ARGS}}

# Make the profile that release builds are guided by anew.
profile:
    scripts/profile

# Write the generated documents.
docs:
    cargo xtask docs

# What CI runs.
ci:
    .ci/run
