#include "linux/bpf_evaluator.h"

#include <gtest/gtest.h>

#include <vector>

namespace cordon::seccomp {
namespace {

using Program = std::vector<sock_filter>;

constexpr SystemCall kCall{.number = 7,
                           .architecture = 0xc000003e,
                           .instruction_pointer = 0x1111111122222222,
                           .arguments = {0xaaaaaaaabbbbbbbb, 1, 2, 3, 4, 5}};

sock_filter load(std::uint32_t offset) { return {BPF_LD | BPF_W | BPF_ABS, 0, 0, offset}; }
constexpr sock_filter kReturnA{BPF_RET | BPF_A, 0, 0, 0};

std::optional<std::uint32_t> run(const Program& program) { return evaluate(program, kCall); }

TEST(BpfEvaluator, ReadsTheCallWordByWord) {
  EXPECT_EQ(run({load(0), kReturnA}), 7U);
  EXPECT_EQ(run({load(4), kReturnA}), 0xc000003eU);
  EXPECT_EQ(run({load(8), kReturnA}), 0x22222222U);
  EXPECT_EQ(run({load(16), kReturnA}), 0xbbbbbbbbU) << "low half first: little endian";
  EXPECT_EQ(run({load(20), kReturnA}), 0xaaaaaaaaU);
  EXPECT_EQ(run({load(56), kReturnA}), 5U);
  EXPECT_EQ(run({{BPF_LD | BPF_W | BPF_LEN, 0, 0, 0}, kReturnA}), 64U);
}

TEST(BpfEvaluator, Calculates) {
  const auto with = [](std::uint16_t operation, std::uint32_t operand) {
    return run({{BPF_LD | BPF_IMM, 0, 0, 0xf0},
                {static_cast<std::uint16_t>(BPF_ALU | operation | BPF_K), 0, 0, operand},
                kReturnA});
  };
  EXPECT_EQ(with(BPF_ADD, 1), 0xf1U);
  EXPECT_EQ(with(BPF_SUB, 1), 0xefU);
  EXPECT_EQ(with(BPF_MUL, 2), 0x1e0U);
  EXPECT_EQ(with(BPF_DIV, 2), 0x78U);
  EXPECT_EQ(with(BPF_AND, 0x30), 0x30U);
  EXPECT_EQ(with(BPF_OR, 0x0f), 0xffU);
  EXPECT_EQ(with(BPF_XOR, 0xff), 0x0fU);
  EXPECT_EQ(with(BPF_LSH, 4), 0xf00U);
  EXPECT_EQ(with(BPF_RSH, 4), 0x0fU);
  EXPECT_EQ(with(BPF_NEG, 0), 0xffffff10U);
}

TEST(BpfEvaluator, MovesBetweenRegistersAndMemory) {
  EXPECT_EQ(run({{BPF_LD | BPF_IMM, 0, 0, 9},
                 {BPF_ST, 0, 0, 15},
                 {BPF_LD | BPF_IMM, 0, 0, 1},
                 {BPF_LDX | BPF_MEM, 0, 0, 15},
                 {BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0},
                 kReturnA}),
            10U);
  EXPECT_EQ(run({{BPF_LDX | BPF_IMM, 0, 0, 3}, {BPF_MISC | BPF_TXA, 0, 0, 0}, kReturnA}), 3U);
}

TEST(BpfEvaluator, Jumps) {
  const auto taken = [](std::uint16_t operation, std::uint32_t operand) {
    return run({{BPF_LD | BPF_IMM, 0, 0, 6},
                {static_cast<std::uint16_t>(BPF_JMP | operation | BPF_K), 1, 0, operand},
                {BPF_RET | BPF_K, 0, 0, 0},
                {BPF_RET | BPF_K, 0, 0, 1}});
  };
  EXPECT_EQ(taken(BPF_JEQ, 6), 1U);
  EXPECT_EQ(taken(BPF_JEQ, 7), 0U);
  EXPECT_EQ(taken(BPF_JGT, 5), 1U);
  EXPECT_EQ(taken(BPF_JGT, 6), 0U);
  EXPECT_EQ(taken(BPF_JGE, 6), 1U);
  EXPECT_EQ(taken(BPF_JGE, 7), 0U);
  EXPECT_EQ(taken(BPF_JSET, 2), 1U);
  EXPECT_EQ(taken(BPF_JSET, 9), 0U);
  EXPECT_EQ(
      run({{BPF_JMP | BPF_JA, 0, 0, 1}, {BPF_RET | BPF_K, 0, 0, 0}, {BPF_RET | BPF_K, 0, 0, 1}}),
      1U);
}

TEST(BpfEvaluator, RefusesWhatTheKernelRefuses) {
  EXPECT_EQ(run({}), std::nullopt);
  EXPECT_EQ(run({load(0)}), std::nullopt) << "runs off the end";
  EXPECT_EQ(run({load(64), kReturnA}), std::nullopt) << "past the call";
  EXPECT_EQ(run({load(2), kReturnA}), std::nullopt) << "not a whole word";
  EXPECT_EQ(run({{BPF_LD | BPF_B | BPF_ABS, 0, 0, 0}, kReturnA}), std::nullopt) << "bytes";
  EXPECT_EQ(run({{BPF_ST, 0, 0, BPF_MEMWORDS}, kReturnA}), std::nullopt) << "past the memory";
  EXPECT_EQ(run({{BPF_ALU | BPF_DIV | BPF_K, 0, 0, 0}, kReturnA}), std::nullopt);
  EXPECT_EQ(run({{BPF_ALU | BPF_LSH | BPF_K, 0, 0, 32}, kReturnA}), std::nullopt);
  EXPECT_EQ(run({{BPF_JMP | BPF_JA, 0, 0, UINT32_MAX}, kReturnA}), std::nullopt) << "no way back";
}

}  // namespace
}  // namespace cordon::seccomp
