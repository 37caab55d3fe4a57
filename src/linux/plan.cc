#include "linux/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace cordon::linux_os {

const char* StepList::keep(std::string_view text) {
  if (text.empty()) return "";
  const std::size_t size = text.size() + 1;
  if (size > left_) {
    left_ = std::max(kBlock, size);
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(left_));
    block_end_ = blocks_.back().get() + left_;
  }
  char* copy = block_end_ - left_;
  left_ -= size;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = 0;
  return copy;
}

PlanStep& StepList::add(Operation operation, std::string_view path, std::string_view text,
                        std::uint64_t value) {
  PlanStep& step = steps_.emplace_back();
  step.operation = operation;
  step.path = keep(path);
  step.text = keep(text);
  step.value = value;
  return step;
}

namespace {

std::string attributes(std::uint64_t value) {
  std::string words = (value & kernel::kMountReadOnly) ? "read-only" : "read-write";
  if (value & kernel::kMountNoSuid) words += ", nosuid";
  if (value & kernel::kMountNoDev) words += ", nodev";
  if (value & kernel::kMountNoExec) words += ", noexec";
  return words;
}

}  // namespace

std::string describe(const PlanStep& step) {
  switch (step.operation) {
    case Operation::WriteFile: {
      std::string text = step.text;
      while (!text.empty() && text.back() == '\n') text.pop_back();
      return fmt::format("write \"{}\" to {}", text, step.path);
    }
    case Operation::NewRoot:
      return fmt::format("new root: tmpfs of {} bytes", step.value);
    case Operation::MakeDirectory:
      return fmt::format("make directory {} (mode {:04o})", step.path, step.value);
    case Operation::MakeFile:
      return fmt::format("make file {} (mode {:04o})", step.path, step.value);
    case Operation::MakeSymlink:
      return fmt::format("make symbolic link {} -> {}", step.path, step.text);
    case Operation::PrivateMounts:
      return "let no mount of the host come through from here on";
    case Operation::BindDevice:
      return fmt::format("mount the device {} ({})", step.path, attributes(step.value));
    case Operation::Bind:
      return fmt::format("mount {} at {} ({})", step.text, step.path, attributes(step.value));
    case Operation::Cover:
      return std::string_view(step.path) == step.text
                 ? fmt::format("make {} a mount of its own", step.path)
                 : fmt::format("cover {} with {}", step.path, step.text);
    case Operation::Seal:
      return fmt::format("make {} read-only", step.path);
    case Operation::MountProc:
      return fmt::format("mount a new proc at {}", step.path);
    case Operation::MountDevpts:
      return fmt::format("mount a new devpts at {}", step.path);
    case Operation::PivotRoot:
      return "pivot into the new root and unmount the host's";
    case Operation::SealRoot:
      return fmt::format("make {} itself read-only", *step.path ? step.path : "the root");
    case Operation::Hostname:
      return fmt::format("set the host name to {}", step.text);
  }
  return "unknown operation";
}

}  // namespace cordon::linux_os
