// Services of the host for guests to find: bound to loopback or to the file system, never beyond.
#pragma once

#include <string>

#include "core/unique_fd.h"

namespace cordon::test {

class TcpServer {
 public:
  TcpServer();
  unsigned short port() const { return port_; }

 private:
  UniqueFd socket_;
  unsigned short port_ = 0;
};

class UdpServer {
 public:
  UdpServer();
  unsigned short port() const { return port_; }
  // Whether a datagram is there.
  bool was_reached() const;

 private:
  UniqueFd socket_;
  unsigned short port_ = 0;
};

// A path, or an abstract name when it starts with @. Everybody may connect.
class UnixServer {
 public:
  explicit UnixServer(const std::string& name);

 private:
  UniqueFd socket_;
};

// A System V segment and a POSIX queue that everybody may read, removed at the end.
class SharedSegment {
 public:
  SharedSegment();
  SharedSegment(const SharedSegment&) = delete;
  SharedSegment& operator=(const SharedSegment&) = delete;
  ~SharedSegment();
  int id() const { return id_; }

 private:
  int id_;
};

class MessageQueue {
 public:
  MessageQueue();
  MessageQueue(const MessageQueue&) = delete;
  MessageQueue& operator=(const MessageQueue&) = delete;
  ~MessageQueue();
  bool valid() const { return valid_; }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  bool valid_ = false;
};

}  // namespace cordon::test
