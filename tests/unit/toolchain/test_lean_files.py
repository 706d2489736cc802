"""A thread of Lean reads files by itself, and hands on what is no plain read: asked of Node itself."""

from __future__ import annotations

import json
import subprocess
from importlib import resources

from lean_bridge.toolchain.node import node_binary

ASK = r"""
const files = require(process.argv[1])
const memory = new Uint8Array(new SharedArrayBuffer(4096))
const words = new DataView(memory.buffer)
const leaf = (text) => ({ size: text.length, bytes: () => Buffer.from(text) })
const lib = new Map()
files.plant(lib, 'Init/Core.olean', leaf('core of Lean'))
const root = new Map([['lib', lib], ['source', new Map([['A.lean', leaf('a source')]])]])
const handedOn = []
const others = new Proxy({}, { get: (_, name) => () => { handedOn.push(name) } })
const paths = []
const at = (path) => paths.push(path) - 1
const opened = files.openFiles()
const thread = () => files.readingCalls({
  root, opened, others, text: (i) => paths[i], memory: () => memory,
  writeStat: (_, { size, mode }) => [mode, size],
})
const [one, two] = [thread(), thread()]

function read(calls, descriptor, ...sizes) {
  sizes.forEach((size, i) => {
    words.setUint32(8 * i, 100 * (i + 1), true)
    words.setUint32(8 * i + 4, size, true)
  })
  const status = calls.fd_read(descriptor, 0, sizes.length, 64)
  const text = (at, size) => Buffer.from(memory.slice(at, at + size)).toString()
  const parts = sizes.map((size, i) => text(100 * (i + 1), size))
  memory.fill(0, 100)
  return [status, words.getUint32(64, true), ...parts.map((part) => part.replaceAll('\0', ''))]
}
const open = (path, flags = 0) => one.__syscall_openat(-100, at(path), flags, 0)
const stat = (path) => one.__syscall_stat64(at(path), 8)

const file = open('/lib/Init/Core.olean', 0o2100000)
const found = {
  stat: ['/lib/Init/Core.olean', '/lib/Init', '/lib', '/lib/Other', '/lib/Init/Core.olean/x'].map(stat),
  fstat: one.__syscall_fstat64(file, 8),
  read: [read(one, file, 4, 3), read(two, file, 90), read(one, file, 5)],
  seek: [two.fd_seek(file, 5n, 0, 72), Number(words.getBigInt64(72, true)), read(one, file, 2)],
  beside: read(one, open('/source/A.lean'), 90),
  bad_seeks: [[-9n, 1], [2n ** 40n, 0], [0n, 3]].map(([to, whence]) => one.fd_seek(file, to, whence, 72)),
  closed: [two.fd_close(file), one.fd_close(file), one.__syscall_fstat64(file, 8), read(one, file, 1)[0]],
  absent: open('/lib/Other'),
}
found.here = handedOn.length
const not_plain = ['/lib/../etc/passwd', '/lib/', '/lib//Init', '/lib/./Init', '/out/x', 'lib/Init', '/']
not_plain.forEach(stat)
open('/lib/Init') // to be listed
for (const flags of [1, 2, 0o100, 0o1000, 0o2000, 0o200000]) open('/lib/Init/Core.olean', flags)
for (const descriptor of [1, 4095, 2 ** 30, -1]) one.fd_read(descriptor, 0, 1, 64)
found.handed_on = handedOn.length
let last = 0
while (last >= 0) last = open('/source/A.lean')
found.too_many = last
console.log(JSON.stringify(found))
"""


def test_reads_are_answered_where_they_are_asked_and_nothing_else_is() -> None:
    script = str(resources.files("lean_bridge.toolchain") / "files.js")
    command = [str(node_binary()), "-e", ASK, script]
    answered = subprocess.run(command, capture_output=True, check=True, timeout=60)
    directory, file, bad_descriptor = [0o40555, 1], [0o100444, 12], 8
    assert json.loads(answered.stdout) == {
        "stat": [file, directory, directory, -44, -44],
        "fstat": file,
        "read": [[0, 7, "core", " of"], [0, 5, " Lean"], [0, 0, ""]],  # one place, whichever thread reads
        "seek": [0, 5, [0, 2, "of"]],
        "beside": [0, 8, "a source"],
        "bad_seeks": [28, 28, 28],
        "closed": [0, bad_descriptor, -bad_descriptor, bad_descriptor],
        "absent": -44,
        "here": 0,
        "handed_on": 7 + 1 + 6 + 4,
        "too_many": -33,
    }
