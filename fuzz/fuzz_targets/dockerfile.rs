#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rofs_harden_fuzz::dockerfile(data));
