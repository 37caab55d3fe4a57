#include "lxc/program_inside.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/installed_program.h"
#include "linux/seccomp.h"
#include "lxc/attached_command.h"

namespace cordon::lxc {

namespace {

// In hexadecimal digits, as an argument can carry it.
std::string filter_digits() {
  const auto program = seccomp::filter(NestedNamespaces::Refused, seccomp::Sockets::Internet);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(program.data());
  std::string digits;
  for (std::size_t i = 0; i < program.size_bytes(); ++i) digits += fmt::format("{:02x}", bytes[i]);
  return digits;
}

std::string_view word_of(FileStep::Kind kind) {
  switch (kind) {
    case FileStep::Kind::ShowReadOnly:
      return "show-read-only";
    case FileStep::Kind::ShowWritable:
      return "show-writable";
    case FileStep::Kind::Scratch:
      return "scratch";
    case FileStep::Kind::Deny:
      return "deny";
    case FileStep::Kind::Hide:
      break;
  }
  return "hide";
}

}  // namespace

Result<std::string> find_program_inside() { return find_installed_program("cordon-instance"); }

std::vector<std::string> words_for(const Inside& inside, const Files& files,
                                   const std::vector<std::string>& environment,
                                   const ProcessSpec& spec) {
  std::vector<std::string> words = {inside.program, "run"};
  const auto add = [&](std::string_view name, std::string value) {
    words.emplace_back(name);
    words.push_back(std::move(value));
  };
  add("uid", fmt::format("{}", inside.identity.uid));
  add("gid", fmt::format("{}", inside.identity.gid));
  add("hostname", inside.hostname);
  add("directory", inside.directory);
  if (inside.largest_file) add("largest-file", fmt::format("{}", *inside.largest_file));
  add("filter", filter_digits());
  if (inside.shared_instance) words.emplace_back("shared-instance");
  if (inside.own_network) words.emplace_back("own-network");
  if (inside.restored) words.emplace_back("restored");
  for (const std::string& resolver : inside.resolvers) add("resolver", resolver);
  if (inside.attached) {
    add("lifeline", fmt::format("{}", kLifelineFd));
    add("environment", fmt::format("{}", kEnvironmentFd));
  }
  for (const std::string& variable : environment) {
    add("keep", variable.substr(0, variable.find('=')));
  }
  for (const FileStep& step : files.steps) {
    words.emplace_back(word_of(step.kind));
    if (step.kind == FileStep::Kind::Scratch) {
      words.push_back(scratch_options(files, step.path, inside.identity, inside.disk_bytes));
    } else if (step.shows()) {
      const auto source =
          std::ranges::find(inside.sources, step.path, &std::pair<std::string, std::string>::first);
      words.push_back(source != inside.sources.end() ? source->second : step.path);
    }
    words.push_back(step.path);
  }
  words.emplace_back("--");
  words.push_back(spec.command);
  words.insert(words.end(), spec.args.begin(), spec.args.end());
  return words;
}

std::vector<std::string> words_for_keeping(const Inside& inside, const Files& files) {
  std::vector<std::string> words = {inside.program, "keep", fmt::format("{}", inside.disk_bytes)};
  for (const FileStep& step : files.steps) {
    if (step.kind == FileStep::Kind::Scratch) words.push_back(step.path);
  }
  return words;
}

}  // namespace cordon::lxc
