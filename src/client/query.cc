#include "client/query.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "core/rfc3339.h"

namespace cordon::client {

namespace {

void add(std::string& query, std::string_view name, std::string_view value) {
  query += query.empty() ? '?' : '&';
  query += name;
  query += '=';
  for (const char c : value) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_';
    if (plain) {
      query += c;
    } else {
      fmt::format_to(std::back_inserter(query), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
}

// The API takes whole seconds.
std::string whole_seconds(std::chrono::system_clock::time_point time) {
  return format_rfc3339(time).substr(0, 19) + "Z";
}

}  // namespace

std::string query_of(const ExecutionFilter& filter, const Page& page) {
  std::string query;
  std::string statuses;
  for (const ExecutionStatus status : filter.statuses) {
    if (!statuses.empty()) statuses += ',';
    statuses += to_string(status);
  }
  if (!statuses.empty()) add(query, "status", statuses);
  if (filter.caller) add(query, "caller", *filter.caller);
  if (!filter.backend.empty()) add(query, "backend", filter.backend);
  if (!filter.command_contains.empty()) add(query, "command", filter.command_contains);
  if (filter.created_after) add(query, "created_after", whole_seconds(*filter.created_after));
  if (filter.created_before) add(query, "created_before", whole_seconds(*filter.created_before));
  add(query, "limit", fmt::format("{}", page.size));
  if (!page.before.empty()) add(query, "before", page.before);
  return query;
}

boost::json::object with_details(boost::json::object record, boost::json::object result) {
  for (const char* name : {"truncated", "guarantees", "adjustments"}) {
    if (auto* const value = result.if_contains(name)) record[name] = std::move(*value);
  }
  return record;
}

}  // namespace cordon::client
