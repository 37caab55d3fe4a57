// Which host this is, for engines and stores that several share: over a network, or by a socket
// that is passed on (`ssh -L`) and looks like one of this host's.
#pragma once

#include <string>
#include <string_view>

namespace cordon::docker {

// 16 hexadecimal digits of the machine's id and the host's name. The id is not to be shown around
// (machine-id(5)); the name, because machines that were copied have the same id. Empty where the
// id is none.
std::string host_mark(std::string_view machine_id, std::string_view host_name);

// Of this one: /etc/machine-id.
std::string own_host();

}  // namespace cordon::docker
