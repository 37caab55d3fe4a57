#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "linux/cgroup.h"
#include "linux/cgroup_directory.h"
#include "linux/cgroup_files.h"
#include "linux/cgroup_reasons.h"
#include "linux/cgroup_trees.h"
#include "linux/cgroup_v1.h"
#include "linux/cgroup_v2.h"
#include "linux/cgroup_v2_site.h"

namespace cordon::cgroup {

namespace {

class Nothing final : public Hierarchy {
 public:
  explicit Nothing(Support support) : support_(std::move(support)) {}
  const Support& support() const override { return support_; }
  Result<std::unique_ptr<Cgroup>> create(std::string_view) override {
    return std::unexpected(cannot_create(support_));
  }
  void sweep() override {}

 private:
  Support support_;
};

bool counts_swap(const Site& site, bool is_root) {
  if ((site.controllers & kMemory) == 0) return false;
  const int directory = site.directory.get();
  if (!is_root) return may_access(directory, "memory.swap.max", F_OK) == 0;
  // The root of the tree has no limits, and so none of their files: a directory below it tells.
  const auto name = fmt::format("cordon-probe-{}", ::getpid());
  if (::mkdirat(directory, name.c_str(), 0755) != 0) return false;
  const bool counts = may_access(directory, (name + "/memory.swap.max").c_str(), F_OK) == 0;
  ::unlinkat(directory, name.c_str(), AT_REMOVEDIR);
  return counts;
}

// With nothing to use, `support` says why and the answer is null.
std::unique_ptr<Hierarchy> try_v2(const Tree& tree, const std::string& prefix, Support& support) {
  Obstacles obstacles{.prefix = prefix};
  support = {};
  support.mechanism = "cgroup v2";
  auto site = choose_site(tree, obstacles);
  if (site) {
    support.memory = (site->controllers & kMemory) != 0;
    support.cpu = (site->controllers & kCpu) != 0;
    support.pids = (site->controllers & kPids) != 0;
    support.io = (site->controllers & kIo) != 0;
    support.swap = counts_swap(*site, obstacles.site_is_top);
  }
  support.reason = reason_v2(support, obstacles);
  if (!site) return nullptr;
  return make_v2(std::move(*site), support);
}

bool limits_anything(const Support& support) {
  return support.memory || support.cpu || support.pids;
}

}  // namespace

std::unique_ptr<Hierarchy> detect(const Roots& roots) {
  const auto prefix = host_prefix(roots);
  const auto trees = find_trees(roots);
  const auto unified = std::ranges::find_if(trees, &Tree::unified);
  Support why;
  why.reason = reason_without_mounts();
  if (unified != trees.end()) {
    if (auto v2 = try_v2(*unified, prefix, why)) return v2;
  }
  if (std::ranges::all_of(trees, &Tree::unified)) return std::make_unique<Nothing>(std::move(why));
  auto v1 = make_v1(trees, prefix);
  if (limits_anything(v1->support())) return v1;
  return std::make_unique<Nothing>(v1->support());
}

}  // namespace cordon::cgroup
