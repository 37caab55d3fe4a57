// One intercepted call: what every kind of it needs. The kinds are in open.cc, names.cc, rename.cc
// and sockets.cc.
#pragma once

#include <linux/ioctl.h>  // its numbers, which the next header only spells
#include <linux/seccomp.h>

#include "linux/guard/judge.h"
#include "linux/guard/resolve.h"

namespace cordon::guard {

// What is about to happen to a name.
enum class Act {
  Read,           // opened for reading
  Write,          // there, opened for writing or emptied
  MakeDirectory,  // empty
  MakeFile,       // anything that is neither a directory nor a symbolic link
  MakeLink,       // a symbolic link
  Remove,         // also: moved away, given a second name
  MoveDirectory,  // a directory with its content arrives here
};

// What the broker knows beyond a call.
struct Surroundings {
  int listener;
  const Table* table;
  int process;  // the broker's own
  int thread;
  int own_files;                 // /proc/self/fd
  std::uint64_t private_device;  // of the sandbox's own files, masks among them
  std::uint32_t usual_umask;
  // A guest has called umask: from then on each has to be asked for its own.
  bool umask_varies = false;
  std::uint32_t current_umask = 0;  // the broker's at the moment
};

// Children that wait in the broker's place.
class Waiters {
 public:
  bool any() const { return count_ > 0; }
  // Whether this is the new child. In the parent: 0 or -errno.
  struct Fork {
    bool child;
    long result;
  };
  Fork start(std::uint64_t call);
  // Kills those whose guest is gone.
  void prune(int listener);

 private:
  static constexpr int kMost = 64;
  struct Waiter {
    std::uint64_t call;
    int pidfd;
  };
  Waiter waiters_[kMost];
  int count_ = 0;
};

// What bind(2) and connect(2) take, read once.
struct SocketAddress {
  alignas(8) char bytes[128];  // sockaddr_storage
  unsigned size = 0;

  // The path of a Unix socket that has a name in the file system; empty for every other address.
  Text path() const;
  void set_path(Text path);
};

class Call {
 public:
  Call(Surroundings& surroundings, Waiters& waiters, const seccomp_notif& notice)
      : around_(surroundings),
        waiters_(waiters),
        id_(notice.id),
        data_(notice.data),
        guest_(static_cast<int>(notice.pid)),
        resolver_(guest_, surroundings.process, surroundings.thread, surroundings.own_files) {}

  void answer();

 private:
  // Returned instead of a result when the answer is on its way already, or nobody waits for it.
  static constexpr long kAnswered = -100'000;
  static constexpr long kContinue = -100'001;

  long dispatch();

  // open.cc
  long open(int directory, std::uint64_t path, unsigned flags, unsigned mode);
  long open_at(Place& place, unsigned flags, unsigned mode, bool may_wait);
  long open_terminal(unsigned flags);
  long wait_for_other_end(Place& place, unsigned flags);
  long hand_over(long fd, unsigned flags);

  // names.cc
  long make_directory(int directory, std::uint64_t path, unsigned mode);
  long make_node(int directory, std::uint64_t path, unsigned mode, unsigned device);
  long make_symbolic_link(std::uint64_t target, int directory, std::uint64_t path);
  long truncate(std::uint64_t path, std::int64_t length);
  long remove(int directory, std::uint64_t path, int flags);
  long change_umask();

  // rename.cc
  long link(int old_directory, std::uint64_t old_path, int new_directory, std::uint64_t new_path,
            int flags);
  long rename(int old_directory, std::uint64_t old_path, int new_directory, std::uint64_t new_path,
              unsigned flags);
  long may_move(Place& from, Place& to, bool both_ways);
  long may_bring_content(Place& from, Text to);
  long replace_git_config(Place& from, Place& to);

  // sockets.cc
  long bind(int socket, std::uint64_t address, unsigned size);
  long connect(int socket, std::uint64_t address, unsigned size);
  long read_address(std::uint64_t from, unsigned size, SocketAddress& address) const;
  long make_socket_name(int socket, SocketAddress& address);
  bool leads_straight(const Place& place, Text written, int base) const;
  long connect_now(int socket, const SocketAddress& address);

  // call.cc
  long find(Place& place, int directory, std::uint64_t path, Last last);
  Verdict verdict(const Place& place) const;
  // 0, or the error that the rules answer with.
  long refusal(const Place& place, Act act) const;
  Folding folding_of(const Place& place, Text path) const;
  // Whether whoever made the call still waits: what was read by its number was its own.
  bool waiting() const;
  long use_umask();

  int int_argument(int index) const { return static_cast<int>(data_.args[index]); }
  unsigned unsigned_argument(int index) const { return static_cast<unsigned>(data_.args[index]); }

  Surroundings& around_;
  Waiters& waiters_;
  std::uint64_t id_;
  const seccomp_data& data_;
  Guest guest_;
  Resolver resolver_;
};

long refusal_of(const Verdict& verdict, Act act);

}  // namespace cordon::guard
