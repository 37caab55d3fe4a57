#include "doctor/probe.h"

#include <future>

#include "doctor/checks.h"
#include "doctor/programs.h"
#include "linux/kernel_version.h"

namespace cordon::doctor {

namespace {

Host look_at(const ProbeRoots& roots) {
  Host host;
  host.root = roots.host;
  host.caller = linux_os::read_caller(roots.host);
  host.container = linux_os::container_kind(roots.host);
  // The same words as uname's, but a fake host can have its own.
  host.kernel_release = linux_os::read_proc_line(roots.host.at("/proc/sys/kernel/osrelease"))
                            .value_or(linux_os::kernel_release());
  return host;
}

cgroup::Support cgroup_support(const linux_os::HostRoot& root) {
  return cgroup::detect({.cgroup = root.at("/sys/fs/cgroup"),
                         .self_cgroup = root.at("/proc/self/cgroup"),
                         .mountinfo = root.at("/proc/self/mountinfo")})
      ->support();
}

void judge(HostReport& report, const Host& host, const Attempts& attempts) {
  report.kernel = check_kernel(host);
  report.user_namespaces = check_user_namespaces(host, attempts.namespaces);
  report.root_directory = check_root_directory(host, attempts.namespaces);
  report.proc_mount = check_proc_mount(host, attempts.namespaces);
  report.apparmor = check_apparmor(host, attempts.namespaces);
  report.selinux = check_selinux(host, attempts.namespaces);
  report.landlock_abi = attempts.landlock.abi;
  report.landlock = check_landlock(host, attempts.landlock);
  report.seccomp = check_seccomp(host, attempts.seccomp_error);
  report.no_new_privileges = check_no_new_privileges(attempts.no_new_privs);
  report.executable_memfd = check_executable_memfd(host);
  report.kvm = check_kvm(host, attempts.kvm);
}

HostReport probe(const ProbeRoots& roots, const Host& host, const Attempts& attempts,
                 std::future<Check> docker) {
  HostReport report;
  report.uid = host.caller.uid;
  report.kernel_release = host.kernel_release;
  report.container = host.container;
  judge(report, host, attempts);
  report.cgroup_support = cgroup_support(roots.host);
  report.cgroups = check_cgroups(report.cgroup_support);
  report.runsc = check_runsc(host);
  report.podman = check_program(host, "podman");
  report.lxc = check_lxc(host);
  report.qemu = check_qemu(host);
  report.nft = check_program(host, "nft");
  report.bubblewrap = check_program(host, "bwrap");
  report.docker = docker.get();
  return report;
}

// The one thing that may have to wait, so it starts first.
std::future<Check> ask_docker(const Host& host, std::chrono::milliseconds limit) {
  return std::async(std::launch::async, [host, limit] { return check_docker(host, limit); });
}

}  // namespace

HostReport probe_host(const ProbeRoots& roots) {
  const Host host = look_at(roots);
  auto docker = ask_docker(host, roots.socket_limit);
  return probe(roots, host, make_attempts(), std::move(docker));
}

HostReport probe_host(const ProbeRoots& roots, const Attempts& attempts) {
  const Host host = look_at(roots);
  return probe(roots, host, attempts, ask_docker(host, roots.socket_limit));
}

}  // namespace cordon::doctor
