#include "docker/first_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/filter.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>

#include "core/installed_program.h"
#include "core/try.h"
#include "docker/evidence.h"
#include "docker/owner.h"
#include "linux/seccomp.h"

namespace cordon::docker {

namespace {

using first_process::Order;
using first_process::Report;

Error did_not(std::string what, int error_number = 0) {
  return {.code = ErrorCode::Unavailable,
          .operation = "start the container's first process",
          .subject = {},
          .sys_errno = error_number,
          .detail = std::move(what),
          .remedy = {}};
}

Result<void> wait_for(int fd, engine::Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - engine::Clock::now());
    if (left.count() <= 0) return std::unexpected(did_not("it does not come in time"));
    pollfd entry{fd, POLLIN, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::min<long>(left.count(), 1 << 30)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return std::unexpected(did_not("poll", errno));
  }
}

pid_t peer_of(const UniqueFd& peer) {
  ucred who{};
  socklen_t size = sizeof who;
  return ::getsockopt(peer.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 ? who.pid : 0;
}

}  // namespace

Result<std::string> find_first_program() { return find_installed_program("cordon-container"); }

Result<std::string> find_idle_program() { return find_installed_program("cordon-idle"); }

Result<std::unique_ptr<FirstPlace>> FirstPlace::make(std::string program, bool others_enter) {
  constexpr std::string_view kHosts =
      "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
  std::unique_ptr<FirstPlace> place(new FirstPlace(TRY(OwnPlace::make()), std::move(program)));
  if (others_enter) place->place_.let_others_enter();
  TRY(place->place_.write(OwnPlace::kHosts, kHosts));
  const std::string path = place->socket();
  const auto failed = [&](int error_number) {
    return system_error("make a place for the container's first process", path, error_number);
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::unexpected(failed(ENAMETOOLONG));
  std::memcpy(address.sun_path, path.c_str(), path.size());
  constexpr mode_t kEverybody = 0666;  // who cannot enter the directory cannot connect
  place->listener_.reset(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!place->listener_.valid() ||
      ::bind(place->listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
          0 ||
      ::chmod(path.c_str(), kEverybody) != 0 || ::listen(place->listener_.get(), 1) != 0) {
    return std::unexpected(failed(errno));
  }
  return place;
}

Result<UniqueFd> FirstPlace::accept(std::string_view container, engine::Deadline deadline) {
  for (;;) {
    TRY(wait_for(listener_.get(), deadline));
    UniqueFd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!peer.valid()) continue;
    const pid_t pid = peer_of(peer);
    if (!look_at_process(pid, container)) continue;
    TRY(check(pid));
    return peer;
  }
}

Result<void> FirstPlace::check(pid_t pid) const {
  if (runs(pid, program_)) return {};
  return std::unexpected(Error{
      .code = ErrorCode::Unsupported,
      .operation = "start the container's first process",
      .subject = {},
      .sys_errno = 0,
      .detail = fmt::format("another program came in its place: the image has something at {}",
                            first_process::kProgram),
      .remedy = "use an image without it"});
}

Result<std::unique_ptr<FirstProcess>> FirstProcess::prepare(UniqueFd lifeline,
                                                            engine::Deadline deadline) {
  const pid_t pid = peer_of(lifeline);
  std::unique_ptr<FirstProcess> first(new FirstProcess(std::move(lifeline), pid));
  const auto filter = seccomp::filter(NestedNamespaces::Refused, seccomp::Sockets::Internet);
  if (::send(first->lifeline_.get(), filter.data(), filter.size_bytes(), MSG_NOSIGNAL) < 0) {
    return std::unexpected(did_not("it is gone", errno));
  }
  const Report said = TRY(first->await(deadline));
  if (said.kind != Report::Kind::Ready) {
    return std::unexpected(did_not("it cannot load the filter of system calls", said.value));
  }
  return first;
}

Result<Report> FirstProcess::await(engine::Deadline deadline) const {
  TRY(wait_for(lifeline_.get(), deadline));
  Report said;
  if (::recv(lifeline_.get(), &said, sizeof said, MSG_DONTWAIT) != sizeof said) {
    return std::unexpected(did_not("it has ended"));
  }
  return said;
}

Result<void> FirstProcess::begin(const std::string& command, engine::Deadline deadline) {
  const Order order{Order::Kind::Begin, 0};
  if (::send(lifeline_.get(), &order, sizeof order, MSG_NOSIGNAL) < 0) {
    return std::unexpected(did_not("it is gone", errno));
  }
  const Report said = TRY(await(deadline));
  if (said.kind == Report::Kind::Started) return {};
  if (said.kind != Report::Kind::NotStarted) {
    return std::unexpected(did_not("it cannot start the command", said.value));
  }
  Error error = system_error("exec", command, said.value);
  const bool missing = said.value == ENOENT || said.value == ENOTDIR;
  error.code = missing ? ErrorCode::NotFound : ErrorCode::PermissionDenied;
  return std::unexpected(std::move(error));
}

int FirstProcess::fd() const {
  const std::scoped_lock lock(mutex_);
  return wait_status_ ? -1 : lifeline_.get();
}

bool FirstProcess::hear() {
  const std::scoped_lock lock(mutex_);
  Report said;
  const ssize_t size = ::recv(lifeline_.get(), &said, sizeof said, MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (size == sizeof said && said.kind == Report::Kind::Ended) {
    wait_status_ = said.value;
    return true;
  }
  lifeline_.reset();  // it was killed: the engine says with what
  return false;
}

void FirstProcess::let_go() {
  const std::scoped_lock lock(mutex_);
  lifeline_.reset();
}

std::optional<int> FirstProcess::wait_status() const {
  const std::scoped_lock lock(mutex_);
  return wait_status_;
}

Result<void> FirstProcess::signal(int number) {
  const std::scoped_lock lock(mutex_);
  const Order order{Order::Kind::Signal, number};
  // Gone: there is nobody left to hear it.
  if (lifeline_.valid()) ::send(lifeline_.get(), &order, sizeof order, MSG_NOSIGNAL | MSG_DONTWAIT);
  return {};
}

}  // namespace cordon::docker
