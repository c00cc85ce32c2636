# SPDX-License-Identifier: BSL-1.0
# awk -f check_system.awk HEADERS…: what not every system and every C library has stands in concurrent/os and nowhere
# else. Prints each place that names it otherwise, and fails. Comments and texts may say what they like.
BEGIN {
  edge = "[^A-Za-z0-9_]"
  headers = "(linux|asm|gnu)/.*|(elf|link|features|execinfo|error|argz|stdio_ext|ucontext|malloc|sched_ext|gnu-versions)[.]h|sys/(auxv|prctl|syscall|eventfd|signalfd|timerfd|inotify|fanotify|epoll|sendfile|random|personality|fsuid|capability|ptrace|sysinfo|vfs|statfs|xattr|mount|sysmacros|memfd|pidfd|rseq)[.]h"
  # Which C library this is.
  words = "__GLIBC__|__GLIBC_MINOR__|__GLIBC_PREREQ|__GNU_LIBRARY__|__UCLIBC__|__linux__|__gnu_linux__|__FreeBSD__|__APPLE__|_WIN32"
  # Linux alone, or Linux and FreeBSD.
  words = words "|SYS_[a-z0-9_]+|__NR_[a-z0-9_]+|PR_[A-Z][A-Z_]+|MADV_[A-Z_]+|MFD_[A-Z_]+|F_SEAL_[A-Z]+|F_(ADD|GET)_SEALS|F_[SG]ETSIG|F_[SG]ETOWN_EX|O_(ASYNC|PATH|TMPFILE|DIRECT)"
  words = words "|MAP_(NORESERVE|STACK|POPULATE|GROWSDOWN|HUGETLB|LOCKED|FIXED_NOREPLACE|SYNC)|FUTEX_[A-Z_]+|EFD_[A-Z]+|SFD_[A-Z]+|TFD_[A-Z]+|EPOLL[A-Z]+|CLONE_[A-Z]+|CPU_[A-Z_]+|cpu_set_t|AT_(BASE|RANDOM|SECURE|HWCAP|HWCAP2|PHDR|PHNUM|ENTRY|EXECFN|PAGESZ|SYSINFO_EHDR)"
  words = words "|SOCK_(CLOEXEC|NONBLOCK|SEQPACKET)|MSG_(NOSIGNAL|CMSG_CLOEXEC|TRUNC|MORE|ERRQUEUE)|SO_(PEERCRED|COOKIE|PASSCRED|DOMAIN|PROTOCOL)|POLLRDHUP|ucred|sun_path|RUSAGE_THREAD|CLOCK_(BOOTTIME|MONOTONIC_RAW|MONOTONIC_COARSE|REALTIME_COARSE)|_SC_(AV)?PHYS_PAGES|P_PIDFD|__W(ALL|CLONE|NOTHREAD)|ru_maxrss|[A-Z_]+_NP"
  words = words "|syscall|prctl|pidfd_[a-z_]+|memfd_create|signalfd|eventfd|timerfd_[a-z]+|inotify_[a-z0-9_]+|epoll_[a-z0-9_]+|accept4|pipe2|dup3|gettid|tgkill|sched_[gs]etaffinity|sched_getcpu|getcpu|getrandom|getauxval|dl_iterate_phdr|dl_phdr_info|dladdr1|dlinfo|dlmopen|dlvsym|ElfW|r_debug"
  words = words "|mincore|madvise|fallocate|mremap|process_vm_(readv|writev)|process_madvise|unshare|setns|vmsplice|sendfile|copy_file_range|capget|capset|[gs]etres[ug]id|robust_list|robust_list_head|[gs]etcontext|makecontext|swapcontext|[gs]et(fs)?[ug]id_np"
  # glibc alone, or few others.
  words = words "|[a-z0-9_]+_np|program_invocation_(short_)?name|__progname|on_exit|backtrace|backtrace_symbols(_fd)?|error_t|error_at_line|qsort_r|canonicalize_file_name|get_nprocs(_conf)?|get_(av)?phys_pages|sysinfo|secure_getenv|reallocarray|memrchr|rawmemchr|mempcpy|strchrnul|strfry|fcloseall|f(flush|puts|gets|write|read)_unlocked|__f(pending|purge|setlocking)|__libc_[a-z_]+|_IO_[a-z_]+|fopencookie|mallinfo2?|malloc_trim|mallopt|gnu_[a-z_]+|euidaccess|get_current_dir_name|mkostemps?|strverscmp"
  word = "(^|" edge ")(" words ")($|" edge ")"
}
function complain(what) {
  ++problems
  printf "%s:%d: %s: not every system has that. It belongs in concurrent/os, behind a name that says what it is for\n", FILENAME, FNR, what
}
FILENAME ~ /concurrent\/os\// { next }
FILENAME ~ /concurrent\/version[.]hpp$/ { next }  # says which systems there are
/^[ \t]*#[ \t]*include/ {
  name = $0
  sub(/^[^<"]*[<"]/, "", name)
  sub(/[>"].*/, "", name)
  if (name ~ "^(" headers ")$") complain("<" name ">")
  next
}
{
  rest = $0
  code = ""
  while (match(rest, /"([^"\\]|\\.)*"|'([^'\\]|\\.)'|\/\/.*/)) {
    token = substr(rest, RSTART, RLENGTH)
    before = substr(rest, 1, RSTART - 1)
    if (token ~ /^\/\// ) {
      code = code before
      rest = ""
      break
    }
    if (token ~ /^"\/(proc|sys|dev\/shm)/) complain(token)
    if (before ~ /__asm__\($/ && token ~ /^"(__libc_|_IO_|__f(pending|purge)|_r_debug|_dl_|__init_array)/) complain(token)
    code = code before " "
    rest = substr(rest, RSTART + RLENGTH)
  }
  code = code rest
  while (match(code, word)) {
    found = substr(code, RSTART, RLENGTH)
    gsub(/^[^A-Za-z0-9_]|[^A-Za-z0-9_]$/, "", found)
    complain(found)
    code = substr(code, RSTART + RLENGTH - (RLENGTH > 1))
  }
}
END { exit problems != 0 }
