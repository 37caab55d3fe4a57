#include "server/json_log.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <chrono>
#include <string>

#include "core/rfc3339.h"
#include "core/utf8.h"

namespace cordon::server {

void JsonLog::write(std::string_view event, std::initializer_list<LogField> fields) {
  if (!file_ && !writer_) return;
  namespace json = boost::json;
  json::object object;
  object["time"] = json::string(format_rfc3339(std::chrono::system_clock::now()));
  object["event"] = json::string(event);
  for (const auto& [name, value] : fields) {
    if (!value.empty()) object[name] = json::string(replace_invalid_utf8(value));
  }
  std::string line = json::serialize(object);
  line += '\n';
  if (writer_) return writer_->write(line);
  file_->append(line);
}

}  // namespace cordon::server
