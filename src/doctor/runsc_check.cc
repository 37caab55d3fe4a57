#include <fmt/format.h>

#include <utility>

#include "core/try.h"
#include "doctor/programs.h"
#include "gvisor/kvm_record.h"
#include "gvisor/platform.h"
#include "gvisor/runsc.h"

namespace cordon::doctor {

namespace {

gvisor::KvmVerdict known(const gvisor::Runsc& runsc, std::optional<gvisor::Platform> stated) {
  using gvisor::KvmVerdict;
  return gvisor::known_of_kvm(gvisor::own_kvm_record(runsc), gvisor::EarlierNo::Believed)
      .value_or(KvmVerdict{.works = stated.has_value(), .why = "the next run tries it, once"});
}

Result<std::string> platform_in_words() {
  const gvisor::Runsc runsc = TRY(gvisor::find_runsc());
  const auto stated = TRY(gvisor::stated_platform({}));
  const auto choice =
      TRY(gvisor::choose_platform(runsc.platforms, stated, [&] { return known(runsc, stated); }));
  const auto name = gvisor::to_string(choice.platform);
  return choice.remark.empty()
             ? fmt::format("{}: platform {}", runsc.path, name)
             : fmt::format("{}: platform {}; {}", runsc.path, name, choice.remark);
}

}  // namespace

Check check_runsc(const Host& host) {
  Check found = check_program(host, "runsc");
  // A host that is looked at from outside has no device of ours, and nobody's settings.
  if (found.state != State::Ok || !host.root.prefix.empty()) return found;
  auto words = platform_in_words();
  if (words) return {State::Ok, *std::move(words), {}};
  Error error = std::move(words).error();
  std::string remedy = std::exchange(error.remedy, {});
  return {State::Limited, error.message(), std::move(remedy)};
}

}  // namespace cordon::doctor
