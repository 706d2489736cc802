// Takes jobs and has each elaborated by a Lean of its own: the compiled WebAssembly module is what they share.
//
//   node --permission --allow-worker --allow-fs-read=… worker.js TOOLCHAIN DIGEST < jobs > replies
//
// DIGEST is the SHA-256 of the toolchain's manifest, which has that of every other file. Jobs and replies are a line
// of JSON each, after which come as many bytes as it says; the first line out is {"ready": true}.
//   job    {"file", "compile", "options": [[name, value]…], "source": size, "new": [[id, size]…],
//           "search": [[[path, id]…]…]}, then the source and the new files, which stay known by their ids
//   reply  {"status", "ended_by", "seconds", "stdout": [line…], "stderr": [line…], "files": [[suffix, size]…]}, then
//           the files
// Nobody but this thread reads jobs and writes replies: Lean's threads have neither of the two streams. This program's
// own standard error says why it died.
'use strict'
const crypto = require('crypto')
const fs = require('fs')
const path = require('path')
const threads = require('worker_threads')

const [toolchain, digest] = process.argv.slice(2)
const STACK_MB = 64

const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex')

function die(error) {
  const why = String(error?.message ?? error)
  const isForced = /with the reason "unwind"|^Program terminated with exit/.test(why) // how the loader ends a thread
  fs.writeSync(2, isForced ? 'code that runs in Lean ended the program by force\n' : `${why}\n`)
  process.exit(70)
}

function readManifest() { // lines of digest, size and name
  const bytes = fs.readFileSync(path.join(toolchain, 'manifest.txt'))
  if (sha256(bytes) !== digest) die(`${toolchain}: the manifest is not the one that belongs to this program`)
  const files = new Map()
  for (const line of bytes.toString('utf8').trimEnd().split('\n')) {
    const [sha256, size, name] = line.split(' ')
    files.set(name, { sha256, size: Number(size) })
  }
  return files
}

const manifest = readManifest()

function readPart(name) {
  const bytes = fs.readFileSync(path.join(toolchain, name))
  if (sha256(bytes) !== manifest.get(name)?.sha256) die(`${toolchain}: ${name} is not the file that was installed`)
  return bytes
}

function share(bytes) {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  return shared
}

// With -j1 Lean starts one thread; the loader would have two at hand.
const loader = readPart('lean.js').toString('utf8').replace('var pthreadPoolSize=2', 'var pthreadPoolSize=1')
const parts = {
  lean: new WebAssembly.Module(readPart('lean.wasm')),
  loader,
  symbols: share(readPart('symbols.bin')).buffer,
}
const library = { directory: path.join(toolchain, 'lib'), files: new Map(), read: new Map() }
for (const [name, entry] of manifest) {
  if (name.startsWith('lib/')) library.files.set(name.slice(4), entry)
}

function elaborate(job) {
  return new Promise((resolve) => {
    const thread = new threads.Worker(path.join(__dirname, 'lean_thread.js'), {
      workerData: { ...parts, job, library },
      env: {},
      resourceLimits: { stackSizeMb: STACK_MB },
    })
    thread.on('error', die)
    thread.on('message', async ({ done, files }) => {
      await thread.terminate()
      resolve({ done, files })
    })
  })
}

new threads.BroadcastChannel('library').onmessage = ({ data }) => library.read.set(...data) // as it was installed
new threads.BroadcastChannel('death').onmessage = ({ data }) => die(data) // of a thread that Lean started

async function* frames() { // each a line of JSON and a function that gives the bytes after it
  let pending = []
  let held = 0
  const stream = process.stdin[Symbol.asyncIterator]()
  async function more() {
    const { value, done } = await stream.next()
    if (done) process.exit(0) // the program that gave the jobs has gone
    pending.push(value)
    held += value.length
  }
  async function take(size) {
    while (held < size) await more()
    const all = Buffer.concat(pending)
    pending = [all.subarray(size)]
    held -= size
    return all.subarray(0, size)
  }
  for (;;) {
    let end
    while ((end = Buffer.concat(pending).indexOf(10)) < 0) await more()
    yield [JSON.parse((await take(end + 1)).toString('utf8')), take]
  }
}

function write(bytes) { // a pipe takes 64 kB at a time
  for (let sent = 0; sent < bytes.length;) {
    try {
      sent += fs.writeSync(1, bytes, sent)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}

const writeLine = (value) => write(Buffer.from(JSON.stringify(value) + '\n'))

async function main() {
  let known = new Map()
  writeLine({ ready: true })
  const orders = frames()
  let coming = orders.next()
  for (;;) {
    const [order, take] = (await coming).value
    const source = share(await take(order.source))
    for (const [id, size] of order.new) known.set(id, share(await take(size)))
    const search = order.search.map((files) => files.map(([name, id]) => [name, known.get(id)]))
    const job = { file: order.file, compile: order.compile, options: order.options, source, search }
    coming = orders.next() // looked for while Lean is at work: where the other end goes away, so does this program
    const { done, files } = await elaborate(job)
    writeLine({ ...done, files: files.map(([suffix, bytes]) => [suffix, bytes.length]) })
    for (const [, bytes] of files) write(bytes)
    known = new Map(order.search.flat().map(([, id]) => [id, known.get(id)]))
  }
}

main().catch(die)
