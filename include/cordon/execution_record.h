// What a Manager knows of an execution, and what happens in it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/execution.h"

namespace cordon {

enum class CallerRole {
  User,           // sees and touches its own executions; those of others are NotFound
  Administrator,  // all of them
};

// Who asks. The program that embeds the manager has made sure of it (a key, a peer's uid).
struct Caller {
  std::string name = {};  // not empty, at most 128 bytes
  CallerRole role = CallerRole::User;
  // Instead of the configuration's: how many of its executions may run or wait at a time.
  std::optional<std::size_t> max_running = {};
  std::optional<std::size_t> max_queued = {};
};

enum class Stream { Stdout, Stderr };

std::string_view to_string(Stream stream);

enum class ArgumentsKept {
  Yes,
  Secret,  // neither the store nor a record has them
};

// Environment values and stdin are in no record, ever.
struct ExecutionRecord {
  std::string id;
  std::string caller;
  std::string command;
  std::vector<std::string> args;  // empty when secret
  ArgumentsKept arguments = ArgumentsKept::Yes;
  std::string work_dir;  // empty: a private one
  std::string trace;     // the request's
  std::chrono::system_clock::time_point created{};
  // How much output there is to read; less than the command wrote when it was truncated.
  std::uint64_t stdout_bytes = 0;
  std::uint64_t stderr_bytes = 0;
  // The output's time to live is over, or its room was needed. The rest of the record stays.
  bool output_expired = false;
  ExecutionResult result;  // without output: see Manager::output()
};

enum class EventKind {
  Stdout,
  Stderr,
  Status,   // `status` began; the last one of an execution is its end
  Usage,    // what it used, at its end
  Dropped,  // output is missing here: it came in too many small turns of stdout and stderr
};

std::string_view to_string(EventKind kind);

struct Event {
  // Rises with every event, by the number of bytes of output and by one for every other. Hand the
  // number of the last event that was seen to Manager::events(): what comes then is exactly what
  // followed, whether the execution runs or has ended long ago. Pieces of output may be cut
  // differently then.
  std::uint64_t sequence = 0;
  EventKind kind = EventKind::Status;
  std::chrono::system_clock::time_point time{};
  std::string bytes;  // of Stdout and Stderr: the guest's, untrusted, possibly invalid UTF-8
  ExecutionStatus status = ExecutionStatus::Pending;
  std::optional<ResourceUsage> usage;
};

struct EventBatch {
  std::vector<Event> events;
  std::uint64_t last = 0;  // ask on from here
  bool more = false;       // there is more already
  bool ended = false;      // nothing comes after these
};

struct OutputPiece {
  std::string bytes;
  std::uint64_t offset = 0;  // of the first byte
  std::uint64_t total = 0;   // so far
  bool ended = false;        // the stream gets no longer
  bool truncated = false;    // the command wrote more than was kept
};

struct ExecutionFilter {
  std::optional<std::string> caller = {};      // administrators only; others see theirs in any case
  std::vector<ExecutionStatus> statuses = {};  // empty: all
  std::string backend = {};
  std::string command_contains = {};
  std::optional<std::chrono::system_clock::time_point> created_after = {};
  std::optional<std::chrono::system_clock::time_point> created_before = {};
};

struct Page {
  std::size_t size = 50;    // 1 to 1000
  std::string before = {};  // the id that the last page ended with; empty: the newest
};

struct ExecutionList {
  std::vector<ExecutionRecord> executions;  // newest first
  std::string next;                         // for Page::before; empty: this was the last page
};

}  // namespace cordon
