import { isMainThread, workerData } from 'node:worker_threads'
import { createCallHandler } from './call-handler.ts'
import { controls, openChannel, turns } from './channel.ts'
import { openFilesystem } from './open-filesystem.ts'
import { serve } from './serve.ts'

const memory: unknown = workerData
if (isMainThread || !(memory instanceof SharedArrayBuffer)) throw new Error('This file is the worker of mountSync(); it is not to be imported.')
const channel = openChannel(memory)
Atomics.store(channel.control, controls.started, 1)
Atomics.notify(channel.control, controls.started)
// Whoever waits must not wait for a thread that is gone; an answer that was given before stays one.
process.once('exit', () => {
  Atomics.store(channel.control, controls.ended, 1)
  Atomics.compareExchange(channel.control, controls.turn, turns.worker, turns.nobody)
  Atomics.notify(channel.control, controls.turn)
})
// Waiting on shared memory does not keep a thread alive; the main thread's `unref` lets the process end all the same.
setInterval(() => undefined, 2 ** 30)
await serve(channel, createCallHandler(openFilesystem))
