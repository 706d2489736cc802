// A warm Lean: boots once, then elaborates one file per job.
//
//   node --wasm-lazy-compilation worker.js TOOLCHAIN < jobs > replies
//
// A job and a reply are one line of JSON each; the first line out is {"ready": true}.
//   job    {"file", "root" or null, "olean" or null, "search": [directory...], "options": [[name, value]...]}
//   reply  {"status", "seconds", "heap", "stdout": [line...], "stderr": [line...]}
// Paths are absolute. `stdout` holds Lean's messages as JSON, `stderr` what this build of Lean tells of itself,
// `heap` the bytes of wasm memory in use. This program's own standard error says why it died.
'use strict'
const fs = require('fs')
const path = require('path')
const vm = require('vm')
const threads = require('worker_threads')

process.env.LEAN_BRIDGE_EMBEDDED ??= path.resolve(process.argv[2]) // threads started by the loader inherit it
const toolchain = process.env.LEAN_BRIDGE_EMBEDDED
console.log = () => {} // the loader's own tracing; Lean prints through Module.print

let stdout = []
let stderr = []
const collect = (lines) => (text) => { lines().push(...text.split('\n')) }

function mountHost() { // every host directory keeps its name inside
  for (const name of fs.readdirSync('/')) {
    if (['dev', 'proc', 'sys'].includes(name)) continue
    try {
      if (!fs.statSync('/' + name).isDirectory()) continue
    } catch { continue } // a dangling link
    try { FS.mkdir('/' + name) } catch { } // the emulated file system starts with a few of its own
    FS.mount(NODEFS, { root: '/' + name }, '/' + name)
  }
}

function cstring(text) {
  const size = Buffer.byteLength(text) + 1
  const pointer = stackAlloc(size)
  stringToUTF8(text, pointer, size)
  return pointer
}

function argumentVector(strings) {
  const pointer = stackAlloc(4 * (strings.length + 1))
  strings.forEach((text, i) => { HEAPU32[(pointer >> 2) + i] = cstring(text) })
  HEAPU32[(pointer >> 2) + strings.length] = 0
  return pointer
}

function exitStatus(run) { // Lean ends a run by exit(), which arrives here as an exception
  try {
    return run()
  } catch (exit) {
    if (exit?.name === 'ExitStatus') return exit.status
    throw exit
  }
}

// The initialisers behind main may run only once, so it is given a file with nothing in it. With -j1 Lean keeps one
// task thread; each further thread is a Node isolate with a compiled Lean of its own, some 400 MB.
function boot() {
  FS.writeFile('/empty.lean', 'prelude\n')
  exitStatus(() => wasmExports.__main_argc_argv(3, argumentVector(['lean', '-j1', '/empty.lean'])))
}

function elaborate({ file, root, olean, search, options }) {
  const stack = stackSave()
  const began = process.hrtime.bigint()
  stdout = []
  stderr = []
  ENV.LEAN_PATH = [...search, path.join(toolchain, 'lib')].join(':')
  wasmExports._ZN4lean16init_search_pathEv()
  const shellOptions = stackAlloc(16)
  const refused = stackAlloc(16)
  wasmExports._ZN4lean16mk_shell_optionsEv(shellOptions)
  const set = (flag, value) => wasmExports._ZN4lean20process_shell_optionERNS_10object_refEiPKcRi(
    shellOptions, flag.charCodeAt(0), value === undefined ? 0 : cstring(value), refused)
  set('J') // --json
  for (const [name, value] of options) set('D', `${name}=${value}`)
  if (root) set('R', root)
  if (olean) set('o', olean)
  const status = exitStatus(() => wasmExports._ZN4lean14run_shell_mainEiPPcRKNS_10object_refE(
    1, argumentVector([file]), shellOptions))
  stackRestore(stack)
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  return { status, seconds, heap: wasmExports.sbrk(0) >>> 0, stdout, stderr }
}

function write(reply) { // a pipe takes 64 kB at a time
  const bytes = Buffer.from(JSON.stringify(reply) + '\n')
  for (let sent = 0; sent < bytes.length;) {
    try {
      sent += fs.writeSync(1, bytes, sent)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}

function* jobs() {
  const chunk = Buffer.alloc(65536)
  let pending = Buffer.alloc(0)
  for (;;) {
    const size = fs.readSync(0, chunk)
    if (size === 0) return
    pending = Buffer.concat([pending, chunk.subarray(0, size)])
    for (let end; (end = pending.indexOf(10)) >= 0; pending = pending.subarray(end + 1)) {
      yield JSON.parse(pending.subarray(0, end).toString('utf8'))
    }
  }
}

function leaveWithParent() { // this thread is blocked inside Lean, so another one watches
  new threads.Worker(`setInterval(() => {
    if (process.ppid !== ${process.ppid}) process.kill(process.pid, 'SIGKILL')
  }, 1000)`, { eval: true })
}

globalThis.Module = {
  noInitialRun: true,
  thisProgram: path.join(toolchain, 'lean.js'),
  locateFile: (name) => path.join(toolchain, name),
  print: collect(() => stdout),
  printErr: collect(() => stderr),
  quit: (_, exit) => { throw exit },
  preRun: [mountHost],
  onRuntimeInitialized() {
    if (!threads.isMainThread) return
    boot()
    write({ ready: true })
    for (const job of jobs()) write(elaborate(job))
    process.exit(0)
  },
}
process.on('unhandledRejection', (reason) => {
  const why = reason === 'unwind' // what a thread of the loader throws in order to end
    ? 'a thread of Lean ended the program, as it does when its stack overflows'
    : reason?.message ?? `uncaught exception ${reason}`
  fs.writeSync(2, why + '\n')
  process.exit(70)
})
if (threads.isMainThread) leaveWithParent()
// The loader is a script that expects CommonJS names at the top level, and starts its threads from `__filename`.
Object.assign(globalThis, { require, __filename, __dirname: toolchain, module: undefined })
vm.runInThisContext(fs.readFileSync(path.join(toolchain, 'lean.js'), 'utf8'), { filename: __filename })
