// System calls without libc: no errno, no thread-local state, no cancellation points. The
// launcher's child shares its parent's memory and thread pointer while the parent keeps running, so
// nothing it does may touch either. Results are the kernel's own: negative values are -errno.
#pragma once

#include <asm/unistd.h>

#include <cstddef>
#include <cstdint>

namespace cordon::raw {

#if defined(__x86_64__)

inline long syscall6(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

// clone3 onto a stack of its own: the child calls `entry(argument)` and must not return.
inline long clone3_call(void* args, std::size_t size, void (*entry)(void*), void* argument) {
  long result;
  register void (*r12)(void*) asm("r12") = entry;
  register void* r13 asm("r13") = argument;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r13, %%rdi\n\t"
      "and $-16, %%rsp\n\t"
      "call *%%r12\n\t"
      "ud2\n\t"
      "1:"
      : "=a"(result)
      : "a"(__NR_clone3), "D"(args), "S"(size), "r"(r12), "r"(r13)
      : "rcx", "r11", "memory");
  return result;
}

// The same with clone, whose words have an order of each architecture's own.
inline long clone_call(unsigned long flags, void* stack_end, void* parent_tid, void* child_tid,
                       void (*entry)(void*), void* argument) {
  long result;
  register void* r10 asm("r10") = child_tid;
  register long r8 asm("r8") = 0;
  register void (*r12)(void*) asm("r12") = entry;
  register void* r13 asm("r13") = argument;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r13, %%rdi\n\t"
      "and $-16, %%rsp\n\t"
      "call *%%r12\n\t"
      "ud2\n\t"
      "1:"
      : "=a"(result)
      : "a"(__NR_clone), "D"(flags), "S"(stack_end), "d"(parent_tid), "r"(r10), "r"(r8), "r"(r12),
        "r"(r13)
      : "rcx", "r11", "memory");
  return result;
}

#elif defined(__aarch64__)

inline long syscall6(long number, long a, long b, long c, long d, long e, long f) {
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  register long x5 asm("x5") = f;
  asm volatile("svc #0"
               : "+r"(x0)
               : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
               : "memory");
  return x0;
}

inline long clone3_call(void* args, std::size_t size, void (*entry)(void*), void* argument) {
  register long x8 asm("x8") = __NR_clone3;
  register long x0 asm("x0") = reinterpret_cast<long>(args);
  register long x1 asm("x1") = static_cast<long>(size);
  register void (*x20)(void*) asm("x20") = entry;
  register void* x21 asm("x21") = argument;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, xzr\n\t"
      "mov x0, x21\n\t"
      "blr x20\n\t"
      "brk #1\n\t"
      "1:"
      : "+r"(x0)
      : "r"(x8), "r"(x1), "r"(x20), "r"(x21)
      : "memory");
  return x0;
}

inline long clone_call(unsigned long flags, void* stack_end, void* parent_tid, void* child_tid,
                       void (*entry)(void*), void* argument) {
  register long x8 asm("x8") = __NR_clone;
  register long x0 asm("x0") = static_cast<long>(flags);
  register void* x1 asm("x1") = stack_end;
  register void* x2 asm("x2") = parent_tid;
  register long x3 asm("x3") = 0;
  register void* x4 asm("x4") = child_tid;
  register void (*x20)(void*) asm("x20") = entry;
  register void* x21 asm("x21") = argument;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, xzr\n\t"
      "mov x0, x21\n\t"
      "blr x20\n\t"
      "brk #1\n\t"
      "1:"
      : "+r"(x0)
      : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x20), "r"(x21)
      : "memory");
  return x0;
}

#else
#error "Cordon's launcher knows x86_64 and aarch64"
#endif

template <class T>
inline long as_word(T value) {
  if constexpr (__is_pointer(T)) {
    return reinterpret_cast<long>(value);
  } else {
    return static_cast<long>(value);
  }
}
inline long as_word(decltype(nullptr)) { return 0; }

template <class... Args>
inline long call(long number, Args... args) {
  static_assert(sizeof...(args) <= 6);
  const long words[6] = {as_word(args)...};
  return syscall6(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

}  // namespace cordon::raw
