// A Dockerfile's instructions, as every engine reads them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"

namespace cordon::devenv {

struct Instruction {
  std::string name;       // in capitals
  std::string rest;       // continued lines joined as they are, without blanks at both ends
  std::size_t begin = 0;  // of its first line, in the text
  std::size_t end = 0;    // of its last one
};

// What one engine could read as an instruction and another one not is refused, for what is looked
// at here would not be what is built: an indented comment in a continued instruction before a line
// that looks like an instruction, a doubled escape character at the end of a line, white space that
// is none for others, here-documents.
// Errors: InvalidArgument: the above; no instruction's name; control characters.
Result<std::vector<Instruction>> instructions_of(std::string_view text);

std::unexpected<Error> refuse_dockerfile(std::string detail, std::string remedy = {});

// Without blanks (spaces, tabs, carriage returns) at both ends.
std::string_view trimmed(std::string_view text);
// What blanks part.
std::vector<std::string> words_of(std::string_view text);
std::string upper(std::string_view text);

}  // namespace cordon::devenv
