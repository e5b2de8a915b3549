//! The command line.

/// Hashing a password takes tens of MiB for a moment. This allocator gives them back; the system's keeps them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    kindling::cli::run()
}
