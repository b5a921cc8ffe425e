//! Makes Docker Compose services run on a read-only root filesystem.

fn main() -> std::process::ExitCode {
    rofs_harden::cli::main()
}
