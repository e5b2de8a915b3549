//! The command line.

fn main() -> std::process::ExitCode {
    kindling::cli::run()
}
