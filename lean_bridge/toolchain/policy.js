// What Lean may ask of the machine: the imports of lean.wasm that are provided, and a file system that cannot be
// written. Code that a source brings runs inside the wasm module and may call every import with any argument.
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
const READ_ONLY = 69 // EROFS
const ABSENT = 44 // ENOENT
const INVALID = 28 // EINVAL

const isProvided = (name) => PROVIDED.has(name) || FAMILIES.test(name)

// A system call says that it is not implemented; nothing that Lean does needs any other of these.
function refusal(name) {
  if (name.startsWith('__syscall_')) return () => -NOT_IMPLEMENTED
  return () => { throw new Error(`Lean code called ${name}, which a build may not`) }
}

// A file system for the loader over a tree of Maps, whose leaves are { size, bytes() }. Nothing changes it.
function readOnlyFileSystem({ FS, allocate, memory }) {
  const refuse = () => { throw new FS.ErrnoError(READ_ONLY) }
  const epoch = new Date(0)
  const nodeOperations = {
    getattr: (node) => ({
      dev: 1, ino: node.id, mode: node.mode, nlink: 1, uid: 0, gid: 0, rdev: 0, size: node.entry.size,
      atime: epoch, mtime: epoch, ctime: epoch, blksize: 4096, blocks: Math.ceil(node.entry.size / 4096),
    }),
    lookup(parent, name) {
      const entry = parent.entry.get(name)
      if (entry === undefined) throw new FS.ErrnoError(ABSENT)
      return createNode(parent, name, entry)
    },
    readdir: (node) => ['.', '..', ...node.entry.keys()],
    readlink() { throw new FS.ErrnoError(INVALID) },
    setattr: refuse, mknod: refuse, rename: refuse, unlink: refuse, rmdir: refuse, symlink: refuse,
  }
  const streamOperations = {
    read(stream, buffer, offset, length, position) {
      const found = stream.node.entry.bytes().subarray(position, position + length)
      buffer.set(found, offset)
      return found.length
    },
    llseek(stream, offset, whence) {
      const position = offset + [0, stream.position, stream.node.entry.size][whence]
      if (position < 0) throw new FS.ErrnoError(INVALID)
      return position
    },
    mmap(stream, length, position) { // a copy; what is written there reaches no file
      const ptr = allocate(length)
      memory().set(stream.node.entry.bytes().subarray(position, position + length), ptr)
      return { ptr, allocated: true }
    },
    msync: refuse,
    write: refuse,
  }
  function createNode(parent, name, entry) {
    const node = FS.createNode(parent, name, entry instanceof Map ? 0o40555 : 0o100444, 0)
    return Object.assign(node, { entry, node_ops: nodeOperations, stream_ops: streamOperations })
  }
  return { mount: ({ opts }) => createNode(null, '/', opts.root) }
}

// Put a leaf into a tree of Maps under a path such as `Init/Core.olean`.
function plant(tree, path, leaf) {
  const parts = path.split('/')
  const name = parts.pop()
  for (const part of parts) {
    if (!tree.has(part)) tree.set(part, new Map())
    tree = tree.get(part)
  }
  tree.set(name, leaf)
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

module.exports = { READ_ONLY, isProvided, plant, readOnlyFileSystem, refusal, symbolTable }
