// Which rule of a native sandbox refused what a command tried.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cordon/observation.h"
#include "cordon/policy.h"
#include "native/caller.h"
#include "native/compile.h"
#include "native/rules.h"

namespace cordon::native {

struct JudgeInput {
  Policy policy;
  std::string work_dir;
  Caller caller;
  Walls walls = Walls::Full;
  std::string private_directory;  // as CompileInput
};

// Looks at the host as its caller, to tell what is refused from what is not there or not the
// caller's anyway. One thread at a time; it may be another one than the maker's.
class Judge {
 public:
  // Errors as resolve_rules().
  static Result<Judge> make(JudgeInput input);

  // Absent where the policy has nothing to do with it. `what` of the answer is left empty.
  std::optional<Refusal> judge(const Observed& attempt) const;

  // Whether a rule shows something else in a path's place: then what succeeded must be judged, too.
  bool shows_substitutes() const;

 private:
  std::optional<Refusal> judge_path(const Observed& attempt) const;
  std::optional<Refusal> judge_names(const Observed& attempt) const;
  std::optional<Refusal> judge_invisible(const Observed& attempt, const Rule* stand_in) const;
  std::optional<Refusal> judge_taken(const Observed& attempt, const Rule& rule) const;
  std::optional<Refusal> judge_granted(const Observed& attempt, const Rule& rule) const;
  std::optional<Refusal> judge_system_call(const Observed& attempt) const;
  const Rule* nearest(std::string_view path) const;
  Refusal by_rule(const Rule& rule) const;
  Remedy allow(const Observed& attempt, const Rule* instead) const;
  Remedy give_way(const Observed& attempt, const Rule& rule) const;
  static std::optional<Layer> layer_of(const Rule& rule);

  std::shared_ptr<const JudgeInput> input_;  // the rules point into it
  RuleSet rules_;
};

}  // namespace cordon::native
