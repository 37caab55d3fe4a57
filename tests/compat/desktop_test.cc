// The packs x11 and gpu: sockets of a desktop, devices of its cards.
#include <sys/stat.h>

#include "compat/tool.h"
#include "support/servers.h"

namespace cordon::test {
namespace {

class Desktop : public ToolTest {
 protected:
  void SetUp() override {
    ToolTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    NEEDS("python3");
  }

  static std::string connecting_to(const std::string& socket) {
    return "python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"" + socket + "\")'";
  }
};

TEST_P(Desktop, AWaylandCompositorAndTheCookieOfX11) {
  caller_dir(outside() + "/run");
  caller_file(outside() + "/run/secret", "of another program\n");
  caller_file(outside() + "/cookie", "cookie\n", 0600);
  const UnixServer compositor(outside() + "/run/wayland-7");
  set_variable("XDG_RUNTIME_DIR", outside() + "/run");
  set_variable("WAYLAND_DISPLAY", "wayland-7");
  set_variable("XAUTHORITY", outside() + "/cookie");
  set_variable("DISPLAY", ":7");
  const std::string connect = connecting_to(outside() + "/run/wayland-7");
  expect_works({"--pack", "x11"}, connect + R"end(
test "$DISPLAY" = :7; test "$WAYLAND_DISPLAY" = wayland-7
test "$(cat "$XAUTHORITY")" = cookie
! cat "$XDG_RUNTIME_DIR/secret" 2>/dev/null)end");
  // The control.
  EXPECT_EQ(inside({}, "echo ${DISPLAY-none}; cat '" + outside() + "/cookie' 2>&1 || true")
                .out.find("none\ncat:"),
            0U);
  if (caller() == Caller::Degraded) return;  // Unix sockets are not held there
  EXPECT_NE(inside({}, connect).exit_code, 0);
}

// The one place of its sockets is the whole host's: one test at a time.
class X11 : public Desktop {
 protected:
  static constexpr const char* kPlace = "/tmp/.X11-unix";
};

TEST_P(X11, AServerOfTheHost) {
  const bool made = mkdir(kPlace, 01777) == 0;
  const std::string name = std::string(kPlace) + "/X" + std::to_string(getpid());
  {
    const UnixServer server(name);
    expect_works({"--pack", "x11"}, connecting_to(name));
    EXPECT_NE(inside({}, connecting_to(name)).exit_code, 0);
  }
  unlink(name.c_str());
  if (made) rmdir(kPlace);
}

using Gpu = ToolTest;

// Whatever cards this host has: what is there can be seen, what is not there is passed over.
TEST_P(Gpu, WhatTheHostHas) {
  set_variable("CUDA_VISIBLE_DEVICES", "0");
  std::string script = "test \"$CUDA_VISIBLE_DEVICES\" = 0\n";
  for (const char* place : {"/dev/dri", "/dev/kfd", "/dev/dxg", "/sys/class/drm"}) {
    script += std::string("test ") + (exists(place) ? "-e " : "! -e ") + place + "\n";
  }
  // The rest of /sys stays out.
  if (caller() != Caller::Degraded) script += "test ! -e /sys/kernel\n";
  expect_works({"--pack", "gpu"}, script);
  EXPECT_EQ(inside({}, "echo ${CUDA_VISIBLE_DEVICES-none}").out, "none\n");
}

INSTANTIATE_TEST_SUITE_P(Native, Desktop, all_callers(), caller_name);
INSTANTIATE_TEST_SUITE_P(Native, X11, ::testing::Values(Caller::Root), caller_name);
INSTANTIATE_TEST_SUITE_P(Native, Gpu, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
