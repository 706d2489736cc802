// The files that Lean may read: trees of Maps whose leaves are { size, bytes() }, which nothing changes.
'use strict'

const ABSENT = 44 // ENOENT, as this libc numbers it
const BAD_DESCRIPTOR = 8 // EBADF
const INVALID = 28 // EINVAL
const READ_ONLY = 69 // EROFS
const TOO_MANY = 33 // EMFILE
const HARMLESS = 0o2100000 // O_CLOEXEC and O_LARGEFILE: flags that ask for no more than to read

const OPEN_FILES = 4096
const FIRST_DESCRIPTOR = 1 << 20 // above all that the loader gives

const MOST = 2 ** 31 - 1 // bytes into a file

const EPOCH = new Date(0)
const modeOf = (entry) => entry instanceof Map ? 0o40555 : 0o100444
const attributes = (entry) => ({
  dev: 1, ino: 1, mode: modeOf(entry), nlink: 1, uid: 0, gid: 0, rdev: 0, size: entry.size,
  atime: EPOCH, mtime: EPOCH, ctime: EPOCH, blksize: 4096, blocks: Math.ceil(entry.size / 4096),
})

// Put a leaf into a tree under a path such as `Init/Core.olean`.
function plant(tree, path, leaf) {
  const parts = path.split('/')
  const name = parts.pop()
  for (const part of parts) {
    if (!tree.has(part)) tree.set(part, new Map())
    tree = tree.get(part)
  }
  tree.set(name, leaf)
}

// A file system for the loader over a tree.
function fileSystem({ FS, allocate, memory }) {
  const refuse = () => { throw new FS.ErrnoError(READ_ONLY) }
  const nodeOperations = {
    getattr: (node) => attributes(node.entry),
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
    const node = FS.createNode(parent, name, modeOf(entry), 0)
    return Object.assign(node, { entry, node_ops: nodeOperations, stream_ops: streamOperations })
  }
  return { mount: ({ opts }) => createNode(null, '/', opts.root) }
}

const openFiles = () => new Int32Array(new SharedArrayBuffer(8 * OPEN_FILES))

// The calls by which Lean reads a file, answered by the thread that makes them: the elaborating thread, which has to
// answer all others, looks for them once a millisecond, and an import takes nine. An open file is its number and the
// place in it, in `opened`, which the threads of a Lean share. What is not about a file of the tree, or asks for more
// than to read, goes to `others`.
function readingCalls({ root, opened, others, text, memory, writeStat }) {
  const leaves = []
  const collect = (entry) => entry instanceof Map ? entry.forEach(collect) : leaves.push(entry)
  collect(root)
  const numbers = new Map(leaves.map((leaf, i) => [leaf, i + 1]))

  // What is at a path: null if nothing is, undefined where it is for others to say what the path means.
  function find(path) {
    const [before, ...parts] = path.split('/')
    if (before !== '' || !root.has(parts[0]) || parts.some((part) => ['', '.', '..'].includes(part))) return undefined
    return parts.reduce((entry, part) => entry instanceof Map ? entry.get(part) : undefined, root) ?? null
  }

  function open(leaf) {
    for (let at = 0; at < opened.length; at += 2) {
      if (Atomics.compareExchange(opened, at, 0, numbers.get(leaf)) !== 0) continue
      opened[at + 1] = 0
      return FIRST_DESCRIPTOR + at / 2
    }
    return -TOO_MANY
  }

  const calls = {
    __syscall_stat64(path, buffer) {
      const entry = find(text(path))
      if (entry === null) return -ABSENT
      return entry === undefined ? others.__syscall_stat64(path, buffer) : writeStat(buffer, attributes(entry))
    },
    __syscall_openat(directory, path, flags, more) {
      const entry = flags & ~HARMLESS ? undefined : find(text(path))
      if (entry === null) return -ABSENT
      return entry?.bytes ? open(entry) : others.__syscall_openat(directory, path, flags, more)
    },
  }
  function onOpened(name, failure, call) {
    calls[name] = (descriptor, ...rest) => {
      const at = 2 * (descriptor - FIRST_DESCRIPTOR)
      if (at < 0 || at >= opened.length) return others[name](descriptor, ...rest)
      const leaf = leaves[opened[at] - 1]
      return leaf === undefined ? failure : call(leaf, at, ...rest)
    }
  }
  onOpened('__syscall_fstat64', -BAD_DESCRIPTOR, (leaf, at, buffer) => writeStat(buffer, attributes(leaf)))
  onOpened('fd_close', BAD_DESCRIPTOR, (leaf, at) => Atomics.store(opened, at, 0))
  onOpened('fd_read', BAD_DESCRIPTOR, (leaf, at, vector, count, told) => {
    const words = new DataView(memory().buffer)
    let done = 0
    for (let i = 0; i < count; i++) {
      const target = words.getUint32(vector + 8 * i, true)
      const found = leaf.bytes().subarray(opened[at + 1], opened[at + 1] + words.getUint32(vector + 8 * i + 4, true))
      memory().set(found, target)
      opened[at + 1] += found.length
      done += found.length
    }
    words.setUint32(told, done, true)
    return 0
  })
  onOpened('fd_seek', BAD_DESCRIPTOR, (leaf, at, offset, whence, told) => {
    const place = Number(offset) + [0, opened[at + 1], leaf.size][whence]
    if (!(place >= 0 && place <= MOST)) return INVALID
    opened[at + 1] = place
    new DataView(memory().buffer).setBigInt64(told, BigInt(place), true)
    return 0
  })
  return calls
}

module.exports = { READ_ONLY, fileSystem, openFiles, plant, readingCalls }
