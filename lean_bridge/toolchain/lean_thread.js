// A thread with a Lean in it: the one that elaborates a job's file, or one that Lean starts beside it.
//
// Everything in here is new for every job: the realm, the loader, the memory, the table, the file system. Of the
// machine there is nothing but what is handed in (see policy.js). The driver, worker.js, is out of Lean's reach.
'use strict'
const crypto = require('crypto')
const fs = require('fs')
const threads = require('worker_threads')
const util = require('util')
const vm = require('vm')
const files = require('./files.js')
const policy = require('./policy.js')

const { lean, loader, symbols, job, library, isTask = false, opened = files.openFiles() } = threads.workerData
const THREADS = 16 // beside the one that elaborates; with -j1 Lean starts one
const STACK_MB = 64
const EXECUTABLE = '/bin/lean'
// The functions under way when Lean has done its work and says so, innermost first.
const OWN_END = [
  'lean_io_exit', 'lean_shell_main', '_ZN4lean14run_shell_mainEiPPcRKNS_10object_refE', 'lean_main', '__main_argc_argv',
]
const KEPT_ADDRESSES = new Set(['__cxa_throw', '__cxa_end_catch', '__cxa_rethrow', 'exit'])
const ENVIRONMENT_VARIABLE = 943522 // of the loader's snippets of JavaScript, the two that answer something
const PROGRAM_PATH = 943765

class LeanThread extends threads.Worker {
  static started = 0
  constructor() {
    if (++LeanThread.started > THREADS) throw new Error(`Lean code started more than ${THREADS} threads`)
    super(__filename, {
      name: 'em-pthread',
      workerData: { lean, loader, symbols, job, library, opened, isTask: true },
      env: {},
      resourceLimits: { stackSizeMb: STACK_MB, maxOldGenerationSizeMb: 1024 },
    })
  }
}

// What the loader gets for Node's modules. It has no other way to them, and Lean none but through the loader.
const MODULES = {
  crypto: { randomFillSync: crypto.randomFillSync },
  fs: { readSync: () => 0, writeSync: () => 0 },
  util: { inspect: util.inspect },
  worker_threads: {
    Worker: LeanThread,
    isMainThread: false,
    parentPort: threads.parentPort,
    workerData: isTask ? 'em-pthread' : 'lean',
  },
}
for (const name of ['fetch', 'WebSocket', 'EventSource', 'BroadcastChannel']) delete globalThis[name]
console.log = console.error = () => {} // the loader's own tracing; Lean prints through Module.print
const require_ = (name) => {
  if (!Object.hasOwn(MODULES, name)) throw new Error(`the loader asked for ${name}`)
  return MODULES[name]
}
Object.assign(globalThis, { require: require_, __filename: EXECUTABLE, __dirname: '/bin', module: undefined })

// Lean's own messages, its noise, and what other threads print: elaborated code runs in one of those.
const lines = { stdout: [], stderr: [], others: [] }
let proxied = 0 // calls under way that another thread handed to this one
let endedBy = 'source'
const address = policy.symbolTable(symbols)

function cstring(text) {
  const size = lengthBytesUTF8(text) + 1
  const pointer = _malloc(size)
  stringToUTF8(text, pointer, size)
  return pointer
}

const REPLACED = {
  emscripten_asm_const_int(code, signature, buffer) {
    if (code === PROGRAM_PATH) return cstring(EXECUTABLE)
    if (code !== ENVIRONMENT_VARIABLE) return 0
    const name = UTF8ToString(readEmAsmArgs(signature, buffer)[0])
    return Object.hasOwn(ENV, name) ? cstring(ENV[name]) : 0
  },
  _dlsym_js(_, symbol) {
    const name = UTF8ToString(symbol)
    const found = address(name)
    if (!found) dlSetError(`no symbol ${name}`)
    return found
  },
  _dlopen_js() {
    dlSetError('a build may load no code')
    return 0
  },
  emscripten_num_logical_cores: () => 1,
  proc_exit(status) { throw new ExitStatus(status) },
  exit(status) {
    if (isTask) return _exit(status) // tells the elaborating thread, see restrictProxied
    if (isOwnEnd()) endedBy = 'lean'
    throw new ExitStatus(status)
  },
}

// Lean ends by `exit`. Whoever else calls it has other functions between it and `run`, and no code can hide a call.
function isOwnEnd() {
  const own = OWN_END.map((name) => wasmTable.get(address(name)).name) // its place in the module
  const calls = [...new Error().stack.matchAll(/wasm-function\[(\d+)\]/g)].map(([, place]) => place)
  return calls.join() === own.join()
}

// The loader takes its imports from `wasmImports`, also where Lean names one at run time: nothing else stays there.
function restrict(info) {
  const others = { ...wasmImports }
  const text = UTF8ToString
  const reading = files.readingCalls({ root: world, opened, others, text, memory, writeStat: SYSCALLS.writeStat })
  const replaced = { ...reading, ...REPLACED }
  for (const name of Object.keys(wasmImports)) {
    if (name === 'memory') continue
    const given = replaced[name] ?? (policy.isProvided(name) ? wasmImports[name] : policy.refusal(name))
    given.sig ??= wasmImports[name].sig
    wasmImports[name] = given
  }
  for (const { module, name, kind } of WebAssembly.Module.imports(lean)) {
    if (kind === 'function') wasmImports[name] ??= policy.refusal(name)
    else if (module === 'GOT.func' && !KEPT_ADDRESSES.has(name)) info[module][name].value = 0
  }
}

// Calls that other threads hand to this one come by number, with any argument.
function restrictProxied() {
  const originals = [...proxiedFunctionTable]
  const allowed = new Set(Object.keys(wasmImports).filter(policy.isProvided).map((name) => wasmImports[name]))
  allowed.add(pthreadCreateProxied)
  proxiedFunctionTable.forEach((call, i) => {
    const given = allowed.has(call) ? call : policy.refusal(`proxied call ${i}`)
    proxiedFunctionTable[i] = (...values) => {
      proxied += 1
      try {
        return given(...values)
      } finally {
        proxied -= 1
      }
    }
  })
  for (const end of [_proc_exit, exitOnMainThread]) {
    proxiedFunctionTable[originals.indexOf(end)] = (status) => { throw new ExitStatus(status) }
  }
  for (const code of Object.keys(ASM_CONSTS)) ASM_CONSTS[code] = () => 0
}

function tree(given) {
  const root = new Map()
  for (const [path, bytes] of given) files.plant(root, path, { size: bytes.length, bytes: () => bytes })
  return root
}

function giveUp(why) { // and wait for the end: nothing else is to be said of it
  new threads.BroadcastChannel('death').postMessage(why)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

function libraryTree() { // a file is read when Lean first wants it, and is what the package says it is
  const root = new Map()
  for (const [path, { size, sha256 }] of library.files) {
    const bytes = () => {
      let found = library.read.get(path)
      if (found === undefined) {
        found = new Uint8Array(new SharedArrayBuffer(size))
        const file = fs.readFileSync(`${library.directory}/${path}`)
        if (crypto.createHash('sha256').update(file).digest('hex') !== sha256) {
          giveUp(`${library.directory}/${path}: is not the file that was installed`)
        }
        found.set(file)
        library.read.set(path, found)
        new threads.BroadcastChannel('library').postMessage([path, found])
      }
      return found
    }
    files.plant(root, path, { size, bytes })
  }
  return root
}

const memory = () => (growMemViews(), HEAPU8)
const world = new Map([ // what Lean sees, apart from the directories that it may write
  ['lib', libraryTree()],
  ['source', tree([[job.file, job.source]])],
  ['search', new Map(job.search.map((given, i) => [String(i), tree(given)]))],
  ['bin', tree([['lean', new Uint8Array(0)]])],
])

function mount() {
  const readOnly = files.fileSystem({ FS, allocate: mmapAlloc, memory })
  for (const [name, root] of world) {
    FS.mkdirTree(`/${name}`)
    FS.mount(readOnly, { root }, `/${name}`)
  }
  FS.mkdirTree('/out')
  guardOutput(FS.mount(MEMFS, {}, '/out'))
  splitOutput()
}

// Lean writes the compiled files from the elaborating thread, and no call that comes from another one may.
function guardOutput(root) {
  const guarded = (operations, names) => {
    const own = { ...operations }
    for (const name of names) {
      own[name] = (...values) => {
        if (proxied) throw new FS.ErrnoError(files.READ_ONLY)
        return operations[name](...values)
      }
    }
    return own
  }
  const create = (...values) => {
    const node = MEMFS.node_ops.mknod(...values)
    node.node_ops = guarded(node.node_ops, ['setattr'])
    node.stream_ops = guarded(node.stream_ops, ['write', 'msync'])
    return node
  }
  const operations = { ...root.node_ops, mknod: create }
  root.node_ops = guarded(operations, ['setattr', 'mknod', 'rename', 'unlink', 'rmdir', 'symlink'])
}

// Lean's messages come from the elaborating thread too; what others print is kept apart, and nothing is read.
function splitOutput() {
  const pending = {}
  for (const [terminal, name] of [[TTY.default_tty_ops, 'stdout'], [TTY.default_tty1_ops, 'stderr']]) {
    terminal.get_char = () => null
    terminal.fsync = () => {}
    terminal.put_char = (_, byte) => {
      const to = proxied ? 'others' : name
      if (byte === 10 || byte === null) lines[to].push(Buffer.from(pending[to] ?? []).toString('utf8'))
      if (byte === 10 || byte === null) pending[to] = []
      else (pending[to] ??= []).push(byte)
    }
  }
}

function run() {
  for (const name of Object.keys(ENV)) delete ENV[name]
  ENV.LEAN_PATH = [...job.search.map((_, i) => `/search/${i}`), '/lib'].join(':')
  const words = ['lean', '-j1', '--json', '-R', '/source']
  for (const [name, value] of job.options) words.push(`-D${name}=${value}`)
  if (job.compile) words.push('-o', '/out/module.olean')
  words.push(`/source/${job.file}`)
  const vector = _malloc(4 * (words.length + 1))
  words.forEach((word, i) => { HEAPU32[(vector >> 2) + i] = cstring(word) })
  HEAPU32[(vector >> 2) + words.length] = 0
  try {
    wasmExports.__main_argc_argv(words.length, vector)
    return 1 // Lean ends by `exit`
  } catch (exit) {
    if (exit?.name === 'ExitStatus') return exit.status
    throw exit
  }
}

function artefacts() {
  const found = []
  for (const name of FS.readdir('/out')) {
    const { node } = FS.lookupPath(`/out/${name}`)
    const [, suffix] = /^module(\.[a-z.]+)$/.exec(name) ?? []
    if (suffix && FS.isFile(node.mode)) found.push([suffix, new Uint8Array(node.contents.subarray(0, node.usedBytes))])
  }
  return found
}

if (isTask) { // the elaborating thread is blocked inside Lean and would wait for ever
  process.prependListener('uncaughtException', (error) => {
    const why = error === 'unwind' // what a thread of the loader throws in order to end
      ? 'a thread of Lean ended the program, as it does when its stack overflows'
      : error?.message ?? `uncaught exception ${error}`
    new threads.BroadcastChannel('death').postMessage(why)
  })
}
Error.stackTraceLimit = Infinity // see isOwnEnd
globalThis.Module = {
  noInitialRun: true,
  thisProgram: EXECUTABLE,
  quit: (_, exit) => { throw exit },
  instantiateWasm(info, use) {
    if (!isTask) restrictProxied()
    restrict(info)
    use(new WebAssembly.Instance(lean, info), lean)
    wasmTableMirror = new Array(wasmTable.length).fill(null) // else its sparse indices are looked up as keys
    return {}
  },
  ...(isTask ? {} : {
    preRun: [mount],
    onRuntimeInitialized() {
      const began = process.hrtime.bigint()
      const status = run()
      const seconds = Number(process.hrtime.bigint() - began) / 1e9
      const done = { status, ended_by: endedBy, seconds, ...lines }
      threads.parentPort.postMessage({ done, files: artefacts() })
    },
  }),
}
new vm.Script(loader, { filename: EXECUTABLE }).runInThisContext()
