#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "benchmarks.h"
#include "child.h"
#include "cordon/executor.h"
#include "cordon/manager.h"
#include "core/unique_fd.h"

namespace cordon::bench {
namespace {

constexpr std::size_t kClients = 64;

// One kept connection; blocking.
class Client {
 public:
  explicit Client(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) give_up("the socket's path is too long");
    std::memcpy(address.sun_path, path.c_str(), path.size());
    if (connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      give_up("cannot connect to the daemon");
    }
  }
  int fd() const { return fd_.get(); }
  void send_request(std::string_view request) const {
    if (write(fd_.get(), request.data(), request.size()) != static_cast<ssize_t>(request.size())) {
      give_up("cannot write to the daemon");
    }
  }
  // The body of the next answer.
  std::string receive() {
    std::size_t body = 0;
    std::size_t length = 0;
    for (;;) {
      const auto end = bytes_.find("\r\n\r\n");
      if (end != std::string::npos) {
        const auto field = bytes_.find("Content-Length: ");
        length = std::stoul(bytes_.substr(field + std::strlen("Content-Length: "), 10));
        body = end + 4;
        if (bytes_.size() >= body + length) break;
      }
      char buffer[16384];
      const ssize_t size = read(fd_.get(), buffer, sizeof buffer);
      if (size <= 0) give_up("the daemon closed the connection");
      bytes_.append(buffer, static_cast<std::size_t>(size));
    }
    if (!bytes_.starts_with("HTTP/1.1 200")) give_up("the daemon refused: " + bytes_);
    std::string answer = bytes_.substr(body, length);
    bytes_.erase(0, body + length);
    return answer;
  }

 private:
  UniqueFd fd_;
  std::string bytes_;
};

class Daemon {
 public:
  explicit Daemon(const Options& options)
      : root_(options.work_dir + "/serve"),
        socket_(root_ + "/s"),
        made_(std::filesystem::create_directory(root_)),
        child_({options.cordon, "serve", "--socket", socket_, "--state-dir", root_ + "/state",
                "--max-queued", "10000"}) {
    char byte;
    if (read(child_.stdout_fd(), &byte, 1) != 1) give_up("the daemon did not start");
  }
  const std::string& socket() const { return socket_; }
  long resident_kib() const {
    std::ifstream file(fmt::format("/proc/{}/status", child_.pid()));
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
    }
    return 0;
  }

 private:
  std::string root_;
  std::string socket_;
  bool made_;
  Child child_;
};

std::string execute_request(const std::string& work_dir) {
  const std::string body = fmt::format(R"({{"command":"/bin/true","work_dir":"{}"}})", work_dir);
  return fmt::format(
      "POST /api/v1/sandbox/execute HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n\r\n{}",
      body.size(), body);
}

// One thread for all clients: what it takes of the machine, the daemon has not.
void ask_in_turn(std::vector<std::unique_ptr<Client>>& clients, const std::string& request,
                 std::size_t times) {
  std::vector<pollfd> waiting;
  for (const auto& client : clients) {
    client->send_request(request);
    waiting.push_back({client->fd(), POLLIN, 0});
  }
  for (std::size_t answered = 0; answered < times;) {
    if (poll(waiting.data(), waiting.size(), -1) < 0) give_up("poll failed");
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if ((waiting[i].revents & POLLIN) == 0) continue;
      clients[i]->receive();
      ++answered;
      clients[i]->send_request(request);
    }
  }
  for (const auto& client : clients) client->receive();
}

template <class Run>
void at_a_time(std::size_t runs, Run run) {
  std::atomic<std::size_t> started = 0;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < kClients; ++i) {
    threads.emplace_back([&, i] {
      while (started++ < runs) run(i);
    });
  }
}

std::string per_second(std::size_t runs, double nanoseconds) {
  return fmt::format("{:.0f}/s", static_cast<double>(runs) / nanoseconds * 1e9);
}

}  // namespace

std::vector<Row> daemon_over_its_socket(const Options& options) {
  const Daemon daemon(options);
  auto executor = Executor::create();
  if (!executor) give_up(executor.error().message());
  ExecutionRequest call;
  call.command = "/bin/true";
  call.work_dir = options.work_dir;
  // The same as the daemon gives: a cgroup costs what it costs.
  const auto manager = Manager::create({});
  if (!manager) give_up(manager.error().message());
  const ManagerConfig config = manager->config();
  call.policy.limits = {.memory_bytes = config.default_memory_bytes,
                        .cpus = config.default_cpus,
                        .pids = config.default_pids,
                        .disk_bytes = config.default_disk_bytes,
                        .output_bytes = config.default_output_bytes,
                        .timeout = config.default_timeout};
  const auto library = [&] {
    const auto result = executor->execute(call);
    if (!result || result->exit_code != 0) give_up("/bin/true failed");
  };
  const std::string request = execute_request(options.work_dir);
  const long idle = daemon.resident_kib();

  Client one(daemon.socket());
  std::string last;
  const auto over_http = [&] {
    one.send_request(request);
    last = one.receive();
    if (last.find("\"status\":\"completed\"") == std::string::npos) give_up(last);
  };
  const Samples single = measure_pairs(options.samples, over_http, library);
  const double more = median(single.ours) - median(single.peer);

  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<Client>(daemon.socket()));
  }
  const std::size_t runs = std::max(options.samples / 2, kClients);
  const Samples many = measure_pairs(
      5,
      [&] {
        at_a_time(runs, [&](std::size_t i) {
          clients[i]->send_request(request);
          clients[i]->receive();
        });
      },
      [&] { at_a_time(runs, [&](std::size_t) { library(); }); });
  const double share = 1 / median_ratio(many);

  const std::string id = last.substr(last.find("\"id\":\"") + 6, 36);
  const std::string ask = "GET /api/v1/sandbox/status/" + id + " HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::size_t asked = options.samples * 50;
  const double took = time([&] { ask_in_turn(clients, ask, asked); });
  const double rate = static_cast<double>(asked) / took * 1e9;
  const auto mebibytes = static_cast<double>(idle) / 1024;
  return {
      {"serve: execute over the socket, p50; Executor::execute", milliseconds(median(single.ours)),
       milliseconds(median(single.peer)), milliseconds(more), "<= +0.25 ms", more <= 250'000},
      {"serve: 64 clients : 64 threads of the library", per_second(runs, median(many.ours)),
       per_second(runs, median(many.peer)), times(share), ">= 0.85", share >= 0.85},
      {"serve: GET status, 64 clients", per_second(asked, took), "", "", ">= 20000/s",
       rate >= 20'000},
      {"serve: memory of an idle daemon", fmt::format("{:.1f} MiB", mebibytes), "", "", "<= 25 MiB",
       mebibytes <= 25}};
}

}  // namespace cordon::bench
