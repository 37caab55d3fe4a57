#include <string_view>

#include "cordon/observation.h"

namespace cordon {

std::string_view to_string(Attempt attempt) {
  switch (attempt) {
    case Attempt::LookAt:
      return "look at";
    case Attempt::Read:
      return "read";
    case Attempt::List:
      return "list";
    case Attempt::Write:
      return "write";
    case Attempt::Create:
      return "create";
    case Attempt::Delete:
      return "delete";
    case Attempt::Rename:
      return "rename";
    case Attempt::Link:
      return "link";
    case Attempt::Change:
      return "change";
    case Attempt::Execute:
      return "execute";
    case Attempt::Connect:
      return "connect";
    case Attempt::Bind:
      return "bind";
    case Attempt::Send:
      return "send";
    case Attempt::SystemCall:
      return "call";
  }
  return "?";
}

}  // namespace cordon
