#include "linux/argument_program.h"

#include <bit>
#include <cstddef>
#include <optional>
#include <utility>

#include "linux/bpf_evaluator.h"

namespace cordon::seccomp {

namespace {

constexpr std::uint32_t kArguments = offsetof(SystemCall, arguments);
static_assert(std::endian::native == std::endian::little);

std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

// Bits of one argument, as one test: any of them set.
struct AnyBit {
  unsigned argument = 0;
  std::uint64_t bits = 0;
};

struct Test {
  std::uint32_t answer = 0;
  std::vector<SeccompCondition> conditions;
  std::optional<AnyBit> any;  // instead of conditions
};

// Where a comparison goes on: the next one, or the end of the rule, held or not.
enum class Go { Next, Holds, Fails };

class Writer {
 public:
  void write(const Test& test) {
    if (test.any) {
      write_any(*test.any);
    } else {
      for (const SeccompCondition& condition : test.conditions) write_condition(condition);
    }
    land(Go::Holds);
    program_.push_back({BPF_RET | BPF_K, 0, 0, test.answer});
    loaded_.reset();  // only jumps arrive behind a return
    arrived_ = false;
    land(Go::Fails);
  }

  Program finish(std::uint32_t otherwise) {
    program_.push_back({BPF_RET | BPF_K, 0, 0, otherwise});
    return std::move(program_);
  }

 private:
  struct Jump {
    std::size_t at;
    bool if_true;
    Go where;
    std::optional<std::uint32_t> loaded;
  };

  static std::uint32_t low_word(unsigned argument) { return kArguments + 8 * argument; }
  static std::uint32_t high_word(unsigned argument) { return low_word(argument) + 4; }

  void load(std::uint32_t offset) {
    if (loaded_ == offset) return;
    program_.push_back({BPF_LD | BPF_W | BPF_ABS, 0, 0, offset});
    loaded_ = offset;
  }

  void jump(std::uint16_t operation, std::uint32_t value, Go if_true, Go if_false) {
    const std::size_t at = program_.size();
    program_.push_back({static_cast<std::uint16_t>(BPF_JMP | operation | BPF_K), 0, 0, value});
    if (if_true != Go::Next) jumps_.push_back({at, true, if_true, loaded_});
    if (if_false != Go::Next) jumps_.push_back({at, false, if_false, loaded_});
    arrived_ = if_true == Go::Next || if_false == Go::Next;
  }

  // All jumps that go there lead here. A word stays loaded if all that arrive have it.
  void land(Go where) {
    for (const Jump& jump : jumps_) {
      if (jump.where != where) continue;
      const std::size_t distance = program_.size() - jump.at - 1;
      auto& instruction = program_[jump.at];
      // A rule has six conditions at most: far less than a jump spans.
      (jump.if_true ? instruction.jt : instruction.jf) = static_cast<std::uint8_t>(distance);
      if (!arrived_) {
        loaded_ = jump.loaded;
        arrived_ = true;
      } else if (loaded_ != jump.loaded) {
        loaded_.reset();
      }
    }
    std::erase_if(jumps_, [where](const Jump& jump) { return jump.where == where; });
  }

  void write_any(const AnyBit& any) {
    const bool both = low(any.bits) != 0 && high(any.bits) != 0;
    if (low(any.bits) != 0) {
      load(low_word(any.argument));
      jump(BPF_JSET, low(any.bits), Go::Holds, both ? Go::Next : Go::Fails);
    }
    if (high(any.bits) != 0) {
      load(high_word(any.argument));
      jump(BPF_JSET, high(any.bits), Go::Holds, Go::Fails);
    }
  }

  // (word & mask) == value, without spoiling what is loaded where one instruction can say it.
  void masked_word(std::uint32_t offset, std::uint32_t mask, std::uint32_t value) {
    if (mask == 0) return;
    load(offset);
    if (mask == UINT32_MAX) {
      jump(BPF_JEQ, value, Go::Next, Go::Fails);
    } else if (value == 0) {
      jump(BPF_JSET, mask, Go::Fails, Go::Next);
    } else if (value == mask && std::has_single_bit(mask)) {
      jump(BPF_JSET, mask, Go::Next, Go::Fails);
    } else {
      program_.push_back({BPF_ALU | BPF_AND | BPF_K, 0, 0, mask});
      loaded_.reset();
      jump(BPF_JEQ, value, Go::Next, Go::Fails);
    }
  }

  // The high halves decide, unless they are equal. `pass` and `miss` of a condition that is not the
  // rule's last must go on, so they are landed behind it.
  void ordered(const SeccompCondition& one, Go above, Go below, std::uint16_t on_low, Go if_true,
               Go if_false) {
    load(high_word(one.argument));
    jump(BPF_JGT, high(one.value), above, Go::Next);
    jump(BPF_JEQ, high(one.value), Go::Next, below);
    load(low_word(one.argument));
    jump(on_low, low(one.value), if_true, if_false);
  }

  void write_condition(const SeccompCondition& one) {
    using enum SeccompComparison;
    switch (one.comparison) {
      case Equal:
        masked_word(high_word(one.argument), UINT32_MAX, high(one.value));
        masked_word(low_word(one.argument), UINT32_MAX, low(one.value));
        return;
      case MaskedEqual:
        masked_word(high_word(one.argument), high(one.mask), high(one.value));
        masked_word(low_word(one.argument), low(one.mask), low(one.value));
        return;
      case NotEqual:
        load(high_word(one.argument));
        jump(BPF_JEQ, high(one.value), Go::Next, Go::Holds);
        load(low_word(one.argument));
        jump(BPF_JEQ, low(one.value), Go::Fails, Go::Holds);
        break;
      case Greater:
        ordered(one, Go::Holds, Go::Fails, BPF_JGT, Go::Holds, Go::Fails);
        break;
      case GreaterOrEqual:
        ordered(one, Go::Holds, Go::Fails, BPF_JGE, Go::Holds, Go::Fails);
        break;
      case Less:
        ordered(one, Go::Fails, Go::Holds, BPF_JGE, Go::Fails, Go::Holds);
        break;
      case LessOrEqual:
        ordered(one, Go::Fails, Go::Holds, BPF_JGT, Go::Fails, Go::Holds);
        break;
    }
    // "Holds" was this condition's: the rule's others come next.
    land(Go::Holds);
  }

  Program program_;
  std::vector<Jump> jumps_;
  std::optional<std::uint32_t> loaded_;  // which word the accumulator holds
  bool arrived_ = true;                  // the instruction before this place leads here
};

std::optional<AnyBit> single_bit(const ArgumentRule& rule) {
  if (rule.conditions.size() != 1) return std::nullopt;
  const SeccompCondition& one = rule.conditions.front();
  if (one.comparison != SeccompComparison::MaskedEqual || one.value != one.mask ||
      !std::has_single_bit(one.mask)) {
    return std::nullopt;
  }
  return AnyBit{one.argument, one.mask};
}

// Neighbours that ask for one bit each become one test for all of them.
std::vector<Test> gather(std::span<const ArgumentRule> rules) {
  std::vector<Test> tests;
  for (const ArgumentRule& rule : rules) {
    const auto bit = single_bit(rule);
    if (bit && !tests.empty() && tests.back().any && tests.back().answer == rule.answer &&
        tests.back().any->argument == bit->argument) {
      tests.back().any->bits |= bit->bits;
      continue;
    }
    tests.push_back({rule.answer, bit ? std::vector<SeccompCondition>() : rule.conditions, bit});
  }
  return tests;
}

}  // namespace

Program argument_program(std::span<const ArgumentRule> rules, std::uint32_t otherwise) {
  Writer writer;
  for (const Test& test : gather(rules)) writer.write(test);
  return writer.finish(otherwise);
}

}  // namespace cordon::seccomp
