// Sockets, shared memory and queues of the host.
#include "security/attack.h"
#include "support/servers.h"

namespace cordon::test {
namespace {

class Ipc : public EveryAttack {};

TEST_P(Ipc, AbstractSocketsOfTheHost) {
  const std::string name = "@cordon-test-host" + work();
  const UnixServer server(name);
  expect_contained({.guest = {"connect_unix", name}, .guarantee = "ipc.unix_abstract"});
}

TEST_P(Ipc, SocketsByPath) {
  // As docker.sock and the agents' sockets are: outside of everything that was granted.
  const UnixServer server(outside() + "/service.sock");
  expect_contained(
      {.guest = {"connect_unix", outside() + "/service.sock"}, .guarantee = "ipc.unix_path"});
}

TEST_P(Ipc, SocketsBelowRun) {
  const UnixServer server("/tmp/cordon-test-" + std::to_string(getpid()) + ".sock");
  expect_contained(
      {.guest = {"connect_unix", "/tmp/cordon-test-" + std::to_string(getpid()) + ".sock"},
       .guarantee = "ipc.unix_path"});
  unlink(("/tmp/cordon-test-" + std::to_string(getpid()) + ".sock").c_str());
}

TEST_P(Ipc, SystemVSharedMemory) {
  const SharedSegment segment;
  expect_contained({.guest = {"sysv_shm", std::to_string(segment.id())}, .guarantee = "ipc.sysv"});
}

TEST_P(Ipc, PosixQueues) {
  const MessageQueue queue;
  if (!queue.valid()) CORDON_SKIP("this kernel has no POSIX message queues");
  expect_contained({.guest = {"posix_queue", queue.name()}, .guarantee = "ipc.sysv"});
}

TEST_P(Ipc, PosixSharedMemory) {
  const std::string path = "/dev/shm/cordon-test-" + std::to_string(getpid());
  write_file(path, "hunter2\n", 0644);
  expect_contained({.guest = {"read_file", path}, .guarantee = "filesystem.read"});
  unlink(path.c_str());
}

INSTANTIATE_TEST_SUITE_P(Native, Ipc, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
