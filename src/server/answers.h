// Answers that every route gives alike.
#pragma once

#include <string>
#include <string_view>

#include "cordon/error.h"
#include "server/http_message.h"

namespace cordon::server {

// {"message", "code", "field"}; `field` is left out when it is empty.
Response refusal(int status, std::string_view code, std::string_view message,
                 std::string_view field = {});
// What a status stands for: "not_found".
std::string_view code_of_status(int status);

// An error of the manager's or of a policy. The message is the error's, but for what is nobody
// else's business: internal errors say so and no more, and go to the log instead.
Response answer_to(const Error& error);

// An error of JsonFields or of a form: its subject is the field. Of others as answer_to().
Response field_answer(const Error& error);

Response json_answer(std::string body, int status = 200);

}  // namespace cordon::server
