#include "observe/call_watcher.h"

#include <asm/unistd.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <charconv>
#include <optional>

#include "linux/bpf_evaluator.h"
#include "linux/kernel.h"
#include "linux/proc_file.h"
#include "observe/addresses.h"
#include "observe/guest_memory.h"
#include "observe/system_call_names.h"

namespace cordon::observe {

namespace {

struct AddressCall {
  long number;
  Attempt attempt;
  int address;  // argument; -1: in the struct msghdr of argument 1
};
constexpr AddressCall kAddressCalls[] = {
    {__NR_connect, Attempt::Connect, 1},
    {__NR_bind, Attempt::Bind, 1},
    {__NR_sendto, Attempt::Send, 4},
    {__NR_sendmsg, Attempt::Send, -1},
};

const AddressCall* address_call(std::int64_t number) {
  for (const AddressCall& call : kAddressCalls) {
    if (call.number == number) return &call;
  }
  return nullptr;
}

// What a policy can be the cause of.
bool could_be_the_policy(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
    case ENOENT:
    case ENOTDIR:
    case EROFS:
    case EXDEV:
    case EBUSY:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ECONNREFUSED:
    case EADDRNOTAVAIL:
      return true;
    default:
      return false;
  }
}

// What a sandbox allows only where its policy says so.
bool makes_namespaces(const Call& call) {
  constexpr std::uint64_t kNamespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                                        CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  const bool may = call.number == __NR_clone || call.number == __NR_unshare;
  return may && (call.arguments[0] & kNamespaces) != 0;
}

int argument_fd(const Call& call, int index) {
  return index < 0 ? AT_FDCWD : static_cast<int>(call.arguments[index]);
}

LastLink last_link(const PathCall& spec, const Call& call) {
  const auto flags = spec.flags < 0 ? 0 : call.arguments[spec.flags];
  switch (spec.links) {
    case Links::Follow:
      return LastLink::Follow;
    case Links::Keep:
      return LastLink::Keep;
    case Links::KeepIfFlag:
      return flags & AT_SYMLINK_NOFOLLOW ? LastLink::Keep : LastLink::Follow;
    case Links::FollowIfFlag:
      return flags & AT_SYMLINK_FOLLOW ? LastLink::Follow : LastLink::Keep;
  }
  return LastLink::Follow;
}

std::optional<GuestPath> path_of(pid_t thread, const Call& call, const PathArgument& argument,
                                 LastLink link) {
  const int directory = argument_fd(call, argument.directory);
  std::optional<std::string> text = "";
  const auto address = argument.path < 0 ? 0 : call.arguments[argument.path];
  if (address != 0) text = read_string(thread, address);
  if (!text) return std::nullopt;
  if (!text->empty()) return resolve(thread, directory, *text, link);
  // The descriptor itself: a call on one, AT_EMPTY_PATH, or no path at all.
  auto path = path_of_descriptor(thread, directory);
  if (!path) return std::nullopt;
  return GuestPath{.real = *path, .spelled = *path, .exists = true};
}

std::uint64_t open_flags(pid_t thread, const Call& call, const PathCall& spec) {
  if (spec.special == Special::Open) return call.arguments[spec.flags];
  const auto how = read_object<kernel::OpenHow>(thread, call.arguments[spec.flags]);
  return how ? how->flags : 0;
}

Attempt meant_by(std::uint64_t flags, bool exists) {
  if ((flags & O_TMPFILE) == O_TMPFILE) return Attempt::Create;
  if (flags & O_PATH) return Attempt::LookAt;
  if ((flags & O_CREAT) && !exists) return Attempt::Create;
  if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC)) return Attempt::Write;
  return flags & O_DIRECTORY ? Attempt::List : Attempt::Read;
}

bool is_directory(pid_t thread, std::int64_t fd) {
  struct stat status{};
  return ::stat(fmt::format("/proc/{}/fd/{}", thread, fd).c_str(), &status) == 0 &&
         S_ISDIR(status.st_mode);
}

}  // namespace

bool CallWatcher::filtered(const Call& call) const {
  seccomp::SystemCall seen{.number = static_cast<std::int32_t>(call.number),
                           .architecture = call.architecture};
  for (int i = 0; i < 6; ++i) seen.arguments[i] = call.arguments[i];
  const auto answer = seccomp::evaluate(settings_.filter, seen);
  if (!answer) return false;
  const std::uint32_t action = *answer & seccomp::kAnswerMask;
  return action != seccomp::kAnswerAllow && action != seccomp::kAnswerHandOver;
}

bool CallWatcher::wants(const Call& call) {
  const PathCall* path = path_call(call.number);
  if (launching_) return path && path->special == Special::Execute;
  if (path || address_call(call.number) || filtered(call)) return true;
  return settings_.watch == Watch::Everything && makes_namespaces(call);
}

void CallWatcher::entering(pid_t thread, const Call& call) {
  const PathCall* spec = path_call(call.number);
  if (!spec) return;
  // After an exec the memory that holds the path is gone; after an open nobody can tell whether the
  // file was there before.
  const bool creates = settings_.watch == Watch::Everything &&
                       (spec->special == Special::Open || spec->special == Special::OpenHow) &&
                       (open_flags(thread, call, *spec) & O_CREAT);
  if (spec->special != Special::Execute && !creates) return;
  Noted& noted = noted_[thread];
  const auto path = path_of(thread, call, spec->first, last_link(*spec, call));
  noted.valid = path.has_value();
  if (path) noted.path = *path;
}

void CallWatcher::left(pid_t thread, const Call& call, std::int64_t result) {
  const int error = result < 0 && result > -4096 ? static_cast<int>(-result) : 0;
  if (error != 0 && !launching_ && filtered(call)) {
    record_system_call(thread, call, error);
  } else if (const PathCall* spec = path_call(call.number)) {
    record_paths(thread, call, *spec, result);
  } else if (address_call(call.number)) {
    record_address(thread, call, error == EINPROGRESS ? 0 : error);
  } else if (error == 0 && makes_namespaces(call)) {
    record_system_call(thread, call, 0);
  }
  noted_.erase(thread);
}

bool CallWatcher::worth(int error) const {
  if (error == 0) return settings_.watch == Watch::Everything || settings_.judge_successes;
  return could_be_the_policy(error);
}

void CallWatcher::record_paths(pid_t thread, const Call& call, const PathCall& spec,
                               std::int64_t result) {
  const int error = result < 0 ? static_cast<int>(-result) : 0;
  if (!worth(error)) return;
  switch (spec.special) {
    case Special::Execute:
      return record_execute(thread, call, spec, error);
    case Special::Open:
    case Special::OpenHow:
      return record_open(thread, call, spec, result);
    case Special::None:
      break;
  }
  const LastLink link = last_link(spec, call);
  if (const auto path = path_of(thread, call, spec.first, link)) {
    record_path(thread, spec.first.attempt, *path, error);
  }
  if (!spec.two) return;
  if (const auto path = path_of(thread, call, spec.second, LastLink::Keep)) {
    record_path(thread, spec.second.attempt, *path, error);
  }
}

void CallWatcher::record_open(pid_t thread, const Call& call, const PathCall& spec,
                              std::int64_t result) {
  const std::uint64_t flags = open_flags(thread, call, spec);
  const bool keep = (flags & O_NOFOLLOW) || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
  auto path = path_of(thread, call, spec.first, keep ? LastLink::Keep : LastLink::Follow);
  if (!path) return;
  const auto noted = noted_.find(thread);
  const bool existed =
      noted != noted_.end() && noted->second.valid ? noted->second.path.exists : path->exists;
  Attempt attempt = meant_by(flags, existed);
  if ((flags & O_TMPFILE) == O_TMPFILE) path->real += "/#unnamed";
  if (result >= 0 && attempt == Attempt::Read && is_directory(thread, result)) {
    attempt = Attempt::List;
  }
  record_path(thread, attempt, *path, result < 0 ? static_cast<int>(-result) : 0);
}

void CallWatcher::record_execute(pid_t thread, const Call& call, const PathCall& spec, int error) {
  const auto noted = noted_.find(thread);
  if (noted != noted_.end() && noted->second.valid) {
    record_path(thread, Attempt::Execute, noted->second.path, error);
  } else if (error != 0) {
    const auto path = path_of(thread, call, spec.first, last_link(spec, call));
    if (path) record_path(thread, Attempt::Execute, *path, error);
  }
  // Of a script: its interpreter.
  if (error != 0) return;
  const std::string program = program_of(thread);
  if (program.starts_with('/')) {
    record_path(thread, Attempt::Execute, {.real = program, .spelled = program, .exists = true}, 0);
  }
}

void CallWatcher::record_path(pid_t thread, Attempt attempt, const GuestPath& path, int error) {
  if (!path.real.starts_with('/')) return;
  record(thread, attempt, path.real, path.spelled, error);
}

void CallWatcher::record_address(pid_t thread, const Call& call, int error) {
  const AddressCall& spec = *address_call(call.number);
  if (error != 0 && !could_be_the_policy(error)) return;
  std::uint64_t place = 0;
  std::uint64_t size = 0;
  if (spec.address >= 0) {
    place = call.arguments[spec.address];
    size = static_cast<std::uint32_t>(call.arguments[spec.address + 1]);
  } else if (const auto message = read_object<msghdr>(thread, call.arguments[1])) {
    place = reinterpret_cast<std::uint64_t>(message->msg_name);
    size = message->msg_namelen;
  }
  const auto address = read_address(thread, place, size);
  if (!address) return;
  if (!address->path.empty()) {
    if (!worth(error)) return;
    const auto path = resolve(thread, AT_FDCWD, address->path, LastLink::Follow);
    if (path) record_path(thread, spec.attempt, *path, error);
    return;
  }
  const std::string kind =
      address->internet ? kind_of_socket(process_of(thread), argument_fd(call, 0)) : "unix";
  record(thread, spec.attempt, fmt::format("{} {}", kind, address->text), "", error);
}

void CallWatcher::record_system_call(pid_t thread, const Call& call, int error) {
  std::string target = system_call_name(call.number);
  if (call.number == __NR_socket) {
    target = fmt::format("socket of family {}", static_cast<int>(call.arguments[0]));
  }
  record(thread, Attempt::SystemCall, std::move(target), "", error);
}

void CallWatcher::record(pid_t thread, Attempt attempt, std::string target, std::string spelled,
                         int error) {
  Observed observed;
  observed.attempt = attempt;
  observed.target = std::move(target);
  observed.spelled = std::move(spelled);
  observed.error = error;
  if (!launching_) {
    const Who& tried = who(thread);
    observed.program = tried.program;
    observed.pid = tried.inner_pid;
  }
  log_.add(std::move(observed));
}

void CallWatcher::executed(pid_t process) {
  launching_ = false;
  who_.erase(process);
}

void CallWatcher::appeared(pid_t thread) {
  if (process_of(thread) == thread) ++log_.processes;
}

void CallWatcher::died(pid_t thread, int wait_status, const Call* call) {
  if (call && WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGSYS && filtered(*call)) {
    record_system_call(thread, *call, EPERM);
  }
  processes_.erase(thread);
  who_.erase(thread);
  noted_.erase(thread);
}

pid_t CallWatcher::process_of(pid_t thread) {
  const auto found = processes_.find(thread);
  if (found != processes_.end()) return found->second;
  pid_t process = thread;
  if (const auto status = linux_os::read_proc_file(fmt::format("/proc/{}/status", thread))) {
    constexpr std::string_view kField = "\nTgid:\t";
    const auto at = status->find(kField);
    if (at != std::string::npos) {
      std::from_chars(status->data() + at + kField.size(), status->data() + status->size(),
                      process);
    }
  }
  return processes_[thread] = process;
}

const CallWatcher::Who& CallWatcher::who(pid_t thread) {
  const pid_t process = process_of(thread);
  const auto found = who_.find(process);
  if (found != who_.end()) return found->second;
  return who_[process] = {program_of(process), inner_pid_of(process)};
}

}  // namespace cordon::observe
