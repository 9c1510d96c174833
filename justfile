# The quick steps of `.ci/run`; `cross`, `costs` and `fuzz` are below.

default: fmt lint test doc

fmt:
    cargo fmt --check

lint:
    cargo clippy --all-targets --all-features -- -D warnings
    cargo clippy --no-default-features -- -D warnings

test *ARGS:
    cargo test {{ARGS}}

doc:
    RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --all-features

# Type-checks macOS and FreeBSD; see `tests/install-cross`.
cross:
    tests/cross

# Makes the man pages, the completions, the schema and what is said of wrong descriptions anew.
bless:
    GIPC_TEST_BLESS=1 cargo test man_pages
    GIPC_TEST_BLESS=1 cargo test schema
    GIPC_TEST_BLESS=1 cargo test mistakes

# The parts, and whole workloads beside their limits and peers: BENCHMARKS.md and its chart anew.
bench *ARGS:
    cargo bench --bench parts
    cargo bench --bench compare -- {{ARGS}}

# Instructions and system calls beside the committed figures; with --bless these anew.
costs *ARGS:
    tests/costs {{ARGS}}

# Any bytes at the decoders: so many seconds for each target, or for the named ones.
fuzz *ARGS:
    fuzz/run {{ARGS}}

# Every process test a hundred times.
stress *ARGS:
    cargo nextest run --stress-count 100 {{ARGS}}

# The library under AddressSanitizer (two tests cannot pass: it takes memory and signals itself).
asan:
    RUSTC_BOOTSTRAP=1 RUSTFLAGS='-Zsanitizer=address -Cunsafe-allow-abi-mismatch=sanitizer' \
        CARGO_TARGET_DIR=target/asan cargo test --target x86_64-unknown-linux-gnu --lib --test library

ci:
    .ci/run
