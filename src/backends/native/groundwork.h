// The part of a sandbox that most policies share: namespaces, user map, new root, /dev, /proc.
#pragma once

#include <cstdint>

#include "cordon/policy.h"
#include "linux/plan.h"
#include "native/caller.h"

namespace cordon::native {

// All of a policy that the groundwork depends on. Two sandboxes with the same outline can stand on
// the same groundwork.
struct Outline {
  uid_t outer_uid = 0;
  gid_t outer_gid = 0;
  uid_t inner_uid = 0;
  gid_t inner_gid = 0;
  NetworkMode network = NetworkMode::None;
  NestedNamespaces nested_namespaces = NestedNamespaces::Refused;
  std::uint64_t scratch_bytes = 0;  // of everything that is private to the sandbox

  bool operator==(const Outline&) const = default;
};

Outline outline_of(const Policy& policy, const Caller& caller);

linux_os::Groundwork make_groundwork(const Outline& outline);

// The area of the masks below: part of the groundwork, and of every other tree that a plan of
// make_plan() is carried out on.
void add_masks(linux_os::StepList& steps);

// Where the groundwork leaves what stands for denied and hidden places, and where a plan may make
// more: the sandbox's devpts covers these names in the end. What is mounted elsewhere stays, and
// nothing of it can be reached by name.
namespace mask {
inline constexpr std::string_view kDeniedDirectory = "/dev/pts/masks/denied";
inline constexpr std::string_view kDeniedFile = "/dev/pts/masks/denied-file";
inline constexpr std::string_view kEmptyDirectory = "/dev/pts/masks/empty";
inline constexpr std::string_view kEmptyFile = "/dev/pts/masks/empty-file";
inline constexpr std::string_view kOfRules = "/dev/pts/rules";
inline constexpr std::string_view kHidden = "/dev/pts/hidden";
}  // namespace mask

}  // namespace cordon::native
