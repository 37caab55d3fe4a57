#include "linux/bpf_evaluator.h"

#include <array>
#include <cstring>

namespace cordon::seccomp {
namespace {

struct Machine {
  std::uint32_t a = 0;
  std::uint32_t x = 0;
  std::array<std::uint32_t, BPF_MEMWORDS> memory{};
};

// False: the kernel refuses the instruction, or ends the program (division by a register of zero).
bool calculate(Machine& machine, std::uint16_t operation, std::uint32_t operand) {
  std::uint32_t& a = machine.a;
  switch (operation) {
    case BPF_ADD:
      a += operand;
      return true;
    case BPF_SUB:
      a -= operand;
      return true;
    case BPF_MUL:
      a *= operand;
      return true;
    case BPF_OR:
      a |= operand;
      return true;
    case BPF_AND:
      a &= operand;
      return true;
    case BPF_XOR:
      a ^= operand;
      return true;
    case BPF_NEG:
      a = 0 - a;
      return true;
    case BPF_LSH:
      a = operand < 32 ? a << operand : 0;
      return operand < 32;
    case BPF_RSH:
      a = operand < 32 ? a >> operand : 0;
      return operand < 32;
    case BPF_DIV:
      a = operand != 0 ? a / operand : 0;
      return operand != 0;
    default:
      return false;
  }
}

std::optional<bool> compare(std::uint32_t a, std::uint16_t operation, std::uint32_t operand) {
  switch (operation) {
    case BPF_JEQ:
      return a == operand;
    case BPF_JGT:
      return a > operand;
    case BPF_JGE:
      return a >= operand;
    case BPF_JSET:
      return (a & operand) != 0;
    default:
      return std::nullopt;
  }
}

// One load or store; false if seccomp has no such instruction or it reaches out of bounds.
bool move(Machine& machine, const sock_filter& instruction, const SystemCall& call) {
  const std::uint32_t k = instruction.k;
  switch (instruction.code) {
    case BPF_LD | BPF_W | BPF_ABS:
      if (k % sizeof(std::uint32_t) != 0 || k >= sizeof call) return false;
      std::memcpy(&machine.a, reinterpret_cast<const char*>(&call) + k, sizeof machine.a);
      return true;
    case BPF_LD | BPF_W | BPF_LEN:
      machine.a = sizeof call;
      return true;
    case BPF_LDX | BPF_W | BPF_LEN:
      machine.x = sizeof call;
      return true;
    case BPF_LD | BPF_IMM:
      machine.a = k;
      return true;
    case BPF_LDX | BPF_IMM:
      machine.x = k;
      return true;
    case BPF_MISC | BPF_TAX:
      machine.x = machine.a;
      return true;
    case BPF_MISC | BPF_TXA:
      machine.a = machine.x;
      return true;
    default:
      break;
  }
  if (k >= machine.memory.size()) return false;
  switch (instruction.code) {
    case BPF_LD | BPF_MEM:
      machine.a = machine.memory[k];
      return true;
    case BPF_LDX | BPF_MEM:
      machine.x = machine.memory[k];
      return true;
    case BPF_ST:
      machine.memory[k] = machine.a;
      return true;
    case BPF_STX:
      machine.memory[k] = machine.x;
      return true;
    default:
      return false;
  }
}

}  // namespace

std::optional<std::uint32_t> evaluate(std::span<const sock_filter> program,
                                      const SystemCall& call) {
  Machine machine;
  // Jumps only lead forward, so this ends.
  for (std::uint64_t at = 0; at < program.size(); ++at) {
    const sock_filter& instruction = program[at];
    const std::uint16_t code = instruction.code;
    const std::uint32_t operand = BPF_SRC(code) == BPF_X ? machine.x : instruction.k;
    switch (BPF_CLASS(code)) {
      case BPF_RET:
        if (code == (BPF_RET | BPF_K)) return instruction.k;
        if (code == (BPF_RET | BPF_A)) return machine.a;
        return std::nullopt;
      case BPF_JMP: {
        if (code == (BPF_JMP | BPF_JA)) {
          at += instruction.k;
          break;
        }
        const auto taken = compare(machine.a, BPF_OP(code), operand);
        if (!taken) return std::nullopt;
        at += *taken ? instruction.jt : instruction.jf;
        break;
      }
      case BPF_ALU:
        if (!calculate(machine, BPF_OP(code), operand)) return std::nullopt;
        break;
      default:
        if (!move(machine, instruction, call)) return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace cordon::seccomp
