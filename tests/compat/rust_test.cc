// cargo, without the network.
#include "compat/tool.h"

namespace cordon::test {
namespace {

class Rust : public ToolTest {
 protected:
  void SetUp() override {
    ToolTest::SetUp();
    if (IsSkipped() || HasFatalFailure() || host_has("cargo")) return;
    // rustup keeps it in the home directory of whoever installed it.
    if (caller() != Caller::Root || !exists("/root/.cargo/bin/cargo")) {
      CORDON_SKIP("not installed on this host: cargo");
    }
    use_home("/root");
  }
};

TEST_P(Rust, BuildsTestsAndRunsBuildScripts) {
  caller_dir(work() + "/src");
  caller_dir(work() + "/dep");
  caller_dir(work() + "/dep/src");
  caller_file(work() + "/dep/Cargo.toml", "[package]\nname = \"dep\"\nversion = \"0.1.0\"\n");
  caller_file(work() + "/dep/src/lib.rs", "pub fn answer() -> u32 { 42 }\n");
  caller_file(work() + "/Cargo.toml",
              "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"
              "[dependencies]\ndep = { path = \"dep\" }\n");
  caller_file(work() + "/build.rs", "fn main() { println!(\"cargo:rustc-env=BUILT=yes\"); }\n");
  caller_file(work() + "/src/main.rs",
              "fn main() { println!(\"{} {}\", dep::answer(), env!(\"BUILT\")); }\n"
              "#[test]\nfn adds() { assert_eq!(dep::answer(), 42); }\n");
  expect_works({"--pack", "rust"}, R"end(
cargo build --offline -q; target/debug/tiny | grep -qx '42 yes'
cargo test --offline -q >/dev/null; cargo run --offline -q | grep -qx '42 yes'
! touch "${CARGO_HOME:-$HOME/.cargo}/bin/made" 2>/dev/null
! cat "${CARGO_HOME:-$HOME/.cargo}/credentials.toml" 2>/dev/null)end");
}

INSTANTIATE_TEST_SUITE_P(Native, Rust, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
