//! The program that libFuzzer drives: it tries inputs on the target that `CLAVIGER_FUZZ_TARGET` names.

#![expect(unexpected_cfgs, reason = "`cargo xtask fuzz` sets `fuzzing`, as is usual among fuzzers")]
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    static TARGET: std::sync::LazyLock<fuzz::Target> = std::sync::LazyLock::new(|| {
        let name = std::env::var("CLAVIGER_FUZZ_TARGET").unwrap_or_default();
        fuzz::target(&name).unwrap_or_else(|| panic!("CLAVIGER_FUZZ_TARGET is {name:?}, which is no target"))
    });
    (TARGET.run)(data);
});

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    eprintln!("This does nothing without libFuzzer: `cargo xtask fuzz` builds and runs it.");
    std::process::ExitCode::FAILURE
}
