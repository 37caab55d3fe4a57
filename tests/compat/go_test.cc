// go, without the network.
#include "compat/tool.h"

namespace cordon::test {
namespace {

class Go : public ToolTest {
 protected:
  void SetUp() override {
    ToolTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    NEEDS("go");
  }
};

TEST_P(Go, BuildsTestsAndKeepsItsCache) {
  caller_dir(home() + "/.cache");
  caller_dir(home() + "/.cache/go-build");
  caller_file(work() + "/go.mod", "module example.com/tiny\n\ngo 1.19\n");
  caller_file(work() + "/main.go",
              "package main\n\nimport \"fmt\"\n\nfunc answer() int { return 42 }\n\n"
              "func main() { fmt.Println(answer()) }\n");
  caller_file(work() + "/main_test.go",
              "package main\n\nimport \"testing\"\n\nfunc TestAnswer(t *testing.T) {\n"
              "\tif answer() != 42 {\n\t\tt.Fail()\n\t}\n}\n");
  expect_works({"--pack", "go"}, R"end(
go build -o tiny .; ./tiny | grep -qx 42
go vet ./...; go test ./... >/dev/null; go run . | grep -qx 42)end");
  if (caller() != Caller::Degraded) EXPECT_TRUE(exists(home() + "/.cache/go-build/README"));
}

INSTANTIATE_TEST_SUITE_P(Native, Go, full_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
