// What Lean may ask of the machine: the imports of lean.wasm that are provided. Code that a source brings runs inside
// the wasm module and may call every import with any argument.
'use strict'

// Everything else is refused: sockets and name look-up, `system`, what browsers have, loading further code (its
// JavaScript would run outside), timers, signals, and whatever changes a file's kind, owner or mode.
const PROVIDED = new Set([
  // C++ exceptions and longjmp; `invoke_*` and `__cxa_find_matching_catch_*` besides
  '__resumeException', 'llvm_eh_typeid_for', '__cxa_begin_catch', '__cxa_end_catch', '__cxa_throw', '__cxa_rethrow',
  '__cxa_uncaught_exceptions', '__cxa_current_primary_exception', '__cxa_rethrow_primary_exception',
  '_emscripten_throw_longjmp',
  // the end
  'exit', 'proc_exit', '_abort_js', '__assert_fail',
  // the emulated environment, file system and program name
  'environ_get', 'environ_sizes_get', '_emscripten_get_progname', 'emscripten_asm_const_int',
  'fd_close', 'fd_fdstat_get', 'fd_pread', 'fd_pwrite', 'fd_read', 'fd_seek', 'fd_sync', 'fd_write',
  '__syscall_dup', '__syscall_dup3', '__syscall_faccessat', '__syscall_fadvise64', '__syscall_fallocate',
  '__syscall_fcntl64', '__syscall_fdatasync', '__syscall_fstat64', '__syscall_fstatfs64', '__syscall_ftruncate64',
  '__syscall_getcwd', '__syscall_getdents64', '__syscall_ioctl', '__syscall_lstat64', '__syscall_mkdirat',
  '__syscall_newfstatat', '__syscall_openat', '__syscall_pipe', '__syscall_poll', '__syscall_readlinkat',
  '__syscall_renameat', '__syscall_rmdir', '__syscall_stat64', '__syscall_statfs64', '__syscall_truncate64',
  '__syscall_unlinkat', '__syscall_utimensat', '_mmap_js', '_msync_js', '_munmap_js',
  // clocks, the calendar, random numbers, memory
  'clock_res_get', 'clock_time_get', 'emscripten_date_now', 'emscripten_get_now', '_gmtime_js', '_localtime_js',
  '_mktime_js', '_timegm_js', '_tzset_js', 'random_get', 'emscripten_get_heap_max', 'emscripten_resize_heap',
  // threads, all of them of this one Lean
  '__pthread_create_js', '_emscripten_init_main_thread_js', '_emscripten_notify_mailbox_postmessage',
  '_emscripten_receive_on_main_thread_js', '_emscripten_runtime_keepalive_clear', '_emscripten_thread_cleanup',
  '_emscripten_thread_exit_joinable', '_emscripten_thread_mailbox_await', '_emscripten_thread_set_strongref',
  'emscripten_check_blocking_allowed', 'emscripten_exit_with_live_runtime', 'emscripten_num_logical_cores',
  'emscripten_unwind_to_js_event_loop',
  // the address of a compiled function or constant, for Lean's interpreter
  '_dlsym_js', '_emscripten_dlsync_threads',
])
const FAMILIES = /^(invoke_[vijfd]+|__cxa_find_matching_catch_\d+)$/
const NOT_IMPLEMENTED = 52 // ENOSYS, as this libc numbers it

const isProvided = (name) => PROVIDED.has(name) || FAMILIES.test(name)

// A system call says that it is not implemented; nothing that Lean does needs any other of these.
function refusal(name) {
  if (name.startsWith('__syscall_')) return () => -NOT_IMPLEMENTED
  return () => { throw new Error(`Lean code called ${name}, which a build may not`) }
}

// Answer `dlsym` from the packed table of symbols (see wasm.py); 0 if there is no such name.
function symbolTable(packed) {
  const count = new Uint32Array(packed, 0, 1)[0]
  const offsets = new Uint32Array(packed, 4, count + 1)
  const values = new Uint32Array(packed, 4 * (count + 2), count)
  const names = new Uint8Array(packed, 4 * (2 * count + 2))
  function compare(wanted, index) {
    const end = offsets[index + 1]
    let at = offsets[index]
    for (const byte of wanted) {
      if (at === end) return 1
      if (byte !== names[at]) return byte - names[at]
      at += 1
    }
    return at === end ? 0 : -1
  }
  return (name) => {
    const wanted = Buffer.from(name)
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high) >> 1
      const order = compare(wanted, middle)
      if (order === 0) return values[middle]
      if (order > 0) low = middle + 1
      else high = middle
    }
    return 0
  }
}

module.exports = { isProvided, refusal, symbolTable }
