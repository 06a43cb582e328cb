//! How the program is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let of_target = |name: &str| std::env::var(name).unwrap_or_default();
    if of_target("CARGO_CFG_TARGET_OS") == "linux" && of_target("CARGO_CFG_TARGET_ENV") == "gnu" {
        // At a fixed address, as Go links its programs: otherwise the loader reads 0.8 MB of relocations and writes 0.6 MB of tables at every start,
        // which every process then holds for itself (docs/performance.md).
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
